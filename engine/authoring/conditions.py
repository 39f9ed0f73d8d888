"""What a condition came to, ready for words. In: a traced expression, phrases. Out: a tree.

Chains of `&&` and `||` are taken apart into what they join, choices into the branch that was taken;
what is compared is one sentence, with the fields that it reads.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from zhuanjie.engine.auditing.explain import Trace, TracePart
from zhuanjie.engine.authoring.phrases import Phrases
from zhuanjie.engine.core.results import Scalar
from zhuanjie.engine.expr.decisions import DECIDE
from zhuanjie.engine.expr.nodes import (
    AsOf,
    Call,
    Expr,
    FieldRef,
    Lit,
    Name,
    Param,
    field_names,
    names_of,
    unnamed,
    walk,
)
from zhuanjie.engine.expr.operators import DAY_PARTS
from zhuanjie.engine.expr.types import Kind

Junction = Literal["", "all", "any", "not-all", "not-any"]


class Condition(Struct, frozen=True):
    """A sentence with what it came to, or what joins several (`junction`).

    `value` is None where unknown. `statement` is whether it holds or not, `field` names the field
    that is all of it, `plain` says that it is its own value. `reads` are the fields that it rests
    on, `reads_day` whether it does on the as-of day. `reckoned` are the sides of a comparison that
    are reckoned from others, with their values. `parts` are what a junction joins; else the
    conditions by which choices within were made.
    """

    words: str
    value: Scalar | None
    decisive: bool = True
    junction: Junction = ""
    statement: bool = True
    field: str = ""
    plain: bool = False
    reads: tuple[str, ...] = ()
    reads_day: bool = False
    reckoned: tuple[tuple[str, Scalar | None], ...] = ()
    parts: tuple[Condition, ...] = ()


def sentence(trace: Trace, phrases: Phrases) -> str:
    """An expression in words, each choice that was made replaced by what was chosen."""
    return phrases.condition(_taken(trace))


def condition_of(part: TracePart, phrases: Phrases) -> Condition:
    """One expression of a rule as a tree to be put into words."""
    trace = part.trace
    if part.label == "every" and isinstance(trace.expr, (Lit, Param)):
        days = phrases.condition(Call("days", (trace.expr,)))
        return Condition(days, trace.value, statement=False, plain=True)
    return _condition(trace, phrases, decisive=True)


def _condition(trace: Trace, phrases: Phrases, *, decisive: bool) -> Condition:
    if names_of(trace.expr) and trace.expr.type.kind is Kind.BOOL:
        said = _condition(replace(trace, expr=unnamed(trace.expr)), phrases, decisive=decisive)
        return Condition(phrases.condition(trace.expr), trace.value, decisive, parts=(said,))
    inner, junction = _junction(trace)
    if inner is not None:
        parts = tuple(_condition(child, phrases, decisive=decides)
                      for child, decides in _joined(inner, decisive))
        return Condition("", trace.value, decisive, junction, parts=parts)
    expr = _taken(trace)
    named = bool(names_of(expr))
    return Condition(
        phrases.defined(expr) if named else phrases.condition(expr), trace.value, decisive,
        statement=expr.type.kind is Kind.BOOL,
        field=trace.expr.name if isinstance(trace.expr, FieldRef) and not named else "",
        plain=isinstance(trace.expr, (Lit, Param)) and not named,
        reads=tuple(field_names(expr)), reads_day=any(isinstance(n, AsOf) for n in walk(expr)),
        reckoned=tuple((phrases.defined(_taken(each)), each.value)
                       for each in _reckoned(trace, sides=expr.type.kind is Kind.BOOL)),
        parts=tuple(_reasons(trace, phrases, decisive=decisive)),
    )


def _reasons(trace: Trace, phrases: Phrases, *, decisive: bool) -> Iterator[Condition]:
    """Why choices went as they did: what was asked, and what it came to."""
    children = trace.children
    if _op(trace) == DECIDE:
        # Rows that decide, or may: each by what it asks.
        yield from (_condition(child, phrases, decisive=decisive) for child in children
                    if child.decisive and child.expr.type.kind is Kind.BOOL
                    and not isinstance(child.expr, Lit))
        return
    if _op(trace) == "?:":
        yield _condition(children[0], phrases, decisive=decisive)
        children = children[1:]
    for child in children:
        yield from _reasons(child, phrases, decisive=decisive)


def _op(trace: Trace) -> str:
    return trace.expr.op if isinstance(trace.expr, Call) else ""


def _junction(trace: Trace) -> tuple[Trace | None, Junction]:
    """The junction that a condition is, or is the opposite of."""
    negated = False
    while _op(trace) == "!" and not names_of(trace.expr):
        trace, negated = trace.children[0], not negated
    if names_of(trace.expr):
        return None, ""
    match _op(trace), negated:
        case "&&", False:
            return trace, "all"
        case "&&", True:
            return trace, "not-all"
        case "||", False:
            return trace, "any"
        case "||", True:
            return trace, "not-any"
    return None, ""


def _joined(trace: Trace, decisive: bool) -> Iterator[tuple[Trace, bool]]:
    """What a chain of one junction joins, and whether each decided the whole."""
    for child in trace.children:
        if _op(child) == _op(trace) and not names_of(child.expr):
            yield from _joined(child, decisive and child.decisive)
        else:
            yield child, decisive and child.decisive


def _reckoned(trace: Trace, *, sides: bool) -> Iterator[Trace]:
    """What is worth saying with its value: sides of a comparison, and definitions used within."""
    for child in trace.children:
        named = bool(names_of(child.expr))
        if _is_reckoned(child.expr) and (named or sides):
            yield child
        if not named or child.expr.type.kind is not Kind.BOOL:
            yield from _reckoned(child, sides=False)


def _is_reckoned(expr: Expr) -> bool:
    """Whether a side of a comparison is reckoned from others: its value is worth saying."""
    if names_of(expr):
        return expr.type.kind not in (Kind.BOOL, Kind.LIST)
    return isinstance(expr, Call) and expr.type.kind in (Kind.DATE, Kind.MONTH, Kind.INT) and (
        expr.op in ("+", "-", "*", "/", "%", "?:", "date", DECIDE, *DAY_PARTS))


def _taken(trace: Trace) -> Expr:
    """The expression, with each choice that was made replaced by what was chosen."""
    taken = _chosen(trace)
    return taken if isinstance(taken, Name) else replace(taken, named=names_of(trace.expr))


def _chosen(trace: Trace) -> Expr:
    expr, children = trace.expr, trace.children
    if not isinstance(expr, Call) or not children:
        return expr
    if expr.op == DECIDE:
        return expr
    if expr.op == "?:" and len(children) < len(expr.args):
        return _taken(children[1])
    return replace(expr, args=tuple(map(_taken, children)))
