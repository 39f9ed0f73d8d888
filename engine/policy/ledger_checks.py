"""The parts of rules on the whole ledger. In: a rule as written. Out: its parts, typed.

A number that such a rule asks for is the same for every record: it reads parameters and nothing
else, and lies in bounds within which the rule can be kept and can be broken.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from zhuanjie.engine.core.diagnostics import Diagnostic
from zhuanjie.engine.core.yaml_source import Key, YamlSource
from zhuanjie.engine.expr.nodes import AsOf, Expr, FieldRef, walk
from zhuanjie.engine.expr.types import Kind
from zhuanjie.engine.policy.model import Rule

Trail = tuple[Key, ...]


class PartChecker(Protocol):
    """What types the parts of rules and gathers what is wrong with them."""

    problems: list[Diagnostic]

    def cel(self, source: YamlSource, trail: Sequence[Key], text: str, want: Kind) -> Expr | None:
        """An expression of the kind wanted; None where it is wrong."""
        ...

    def field(self, name: str, source: YamlSource, trail: Sequence[Key],
              want: Kind | None) -> Expr | None:
        """A field of the vocabulary, of the kind wanted."""
        ...


def ledger_parts(rule: Rule, checker: PartChecker, source: YamlSource,
                 here: Trail) -> dict[str, Expr | None]:
    """The parts of a rule's shape, if it is one of these; what is wrong is told to the checker."""
    if rule.reconcile:
        return {"key": checker.field(rule.reconcile.field, source,
                                     (*here, "reconcile", "field"), Kind.STRING)}
    if rule.share:
        trail = (*here, "share")
        return {
            "ask": checker.cel(source, (*trail, "ask"), rule.share.ask, Kind.BOOL),
            "limit": _number(rule.share.at_least, checker, source, (*trail, "at_least"), 1, 100),
            "within": None if rule.share.by is None else checker.field(
                rule.share.by, source, (*trail, "by"), None)}
    shared = rule.shared
    if shared is None:
        return {}
    trail = (*here, rule.shape)
    parts = {"key": checker.field(shared.field, source, (*trail, "field"), None)}
    if shared.within is not None:
        within = checker.field(shared.within, source, (*trail, "within"), None)
        if isinstance(within, FieldRef) and within == parts["key"]:
            checker.problems.append(Diagnostic(
                "pack.within-itself", {"name": within.name}, source.place((*trail, "within"))))
        parts["within"] = within
    if rule.at_most:
        parts["limit"] = _number(rule.at_most.count, checker, source, (*trail, "count"), 1, None)
    return parts


def _number(text: str, checker: PartChecker, source: YamlSource, trail: Trail, low: int,
            high: int | None) -> Expr | None:
    """A number that is the same for every record, between two bounds."""
    expr = checker.cel(source, trail, text, Kind.INT)
    if expr is None:
        return None
    code = None
    if any(isinstance(node, FieldRef | AsOf) for node in walk(expr)):
        code = "pack.number-of-records"
    elif expr.type.low < low or (high is not None and expr.type.high > high):
        code = "pack.number-low" if high is None else "pack.number-range"
    if code is not None:
        checker.problems.append(Diagnostic(code, {
            "text": text, "low": low, "high": high, "least": expr.type.low,
            "most": expr.type.high}, source.place(trail)))
    return expr
