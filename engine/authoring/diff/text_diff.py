"""What two packs say differently. In: two policies. Out: what was added, removed, changed.

Expressions are compared as they are understood: line breaks, parentheses and the order of YAML
keys make no difference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from zhuanjie.engine.authoring.diff.pairing import pair_rules
from zhuanjie.engine.authoring.mutation.canonical_text import parts, row_names
from zhuanjie.engine.core.models import Text
from zhuanjie.engine.expr.nodes import Expr
from zhuanjie.engine.expr.printer import as_written, to_text
from zhuanjie.engine.policy.policy import Policy, TypedRule
from zhuanjie.engine.policy.typed_definition import TypedDefinition

Kind = Literal["pack", "scope", "parameter", "definition", "clause", "moment", "rule"]
Change = Literal["added", "removed", "changed"]
_EXPRESSIONS = {"when": "when", "guard": "table.when", "ask": "require.ask", "due": "deadline.due",
                "start": "recurring.start", "every": "recurring.every",
                "limit": "at_most.count"}
_OF_SHARES = {"when": "when", "ask": "share.ask", "limit": "share.at_least"}


class TextEdit(Struct, frozen=True):
    """One difference: of what, called what, in which key, from what to what.

    `reason` is the one an overlay gives for what it replaces or withdraws.
    """

    kind: Kind
    name: str
    change: Change
    key: str = ""
    was: Any = None
    now: Any = None
    reason: Text | None = None


def text_diff(old: Policy, new: Policy) -> list[TextEdit]:
    """Every difference of wording, in the order of the newer pack."""
    given = set(old.changes)
    reasons: dict[tuple[Kind, str], Text | None] = {
        ("rule" if c.kind == "row" else c.kind, c.name): c.reason
        for c in new.changes if c not in given}
    return [replace(e, reason=reasons.get((e.kind, e.name))) for e in _edits(old, new)]


def _edits(old: Policy, new: Policy) -> list[TextEdit]:
    return [
        *_compare("pack", {old.id: _identity(old)}, {old.id: _identity(new)}),
        *_compare("scope", _scope(old), _scope(new)),
        *_compare("parameter", {n: _dump(p) for n, p in old.parameters.items()},
                  {n: _dump(p) for n, p in new.parameters.items()}),
        *_compare("definition", {n: _defined(d) for n, d in old.definitions.items()},
                  {n: _defined(d) for n, d in new.definitions.items()}),
        *_compare("clause", {n: _dump(c) for n, c in old.clauses.items()},
                  {n: _dump(c) for n, c in new.clauses.items()}),
        *_compare("moment", {n: _dump(m) for n, m in old.moments.items()},
                  {n: _dump(m) for n, m in new.moments.items()}),
        *_rules(old, new),
    ]


def _rules(old: Policy, new: Policy) -> Iterator[TextEdit]:
    """The rules; one that has a new id stands beside what it was."""
    renamed = {was.id: now.id for was, now in pair_rules(old, new) if was and now}
    known = {r.id for r in new.rules}
    was = {r.id if r.id in known else renamed.get(r.id, r.id): r for r in old.rules}
    before = {name: rule_keys(r) for name, r in was.items()}
    after = {r.id: rule_keys(r) for r in new.rules}
    for rule in new.rules:
        if rule.id in was:  # what a definition says is told once, where it is defined
            old_parts, new_parts = (_expression_keys(r, to_text) for r in (was[rule.id], rule))
            before[rule.id] |= {k: after[rule.id][k] for k, text in new_parts.items()
                                if old_parts.get(k) == text}
    yield from _compare("rule", before, after)


def changed_rules(old: Policy, new: Policy) -> set[str]:
    """The rules of `new` that decide otherwise than in `old` by their text, or are not in it.

    A parameter that a rule reads counts as part of it.
    """
    before = {r.id: _deciding(r, old) for r in old.rules}
    return {r.id for r in new.rules if before.get(r.id) != _deciding(r, new)}


def _deciding(rule: TypedRule, policy: Policy) -> tuple[Any, ...]:
    values = {n: _dump(policy.parameters[n]).get("value") or _dump(policy.parameters[n]).get(
        "values") for n in sorted(rule.params)}
    return rule.shape, rule.clause, parts(rule), values, policy.scope and to_text(policy.scope)


def rule_keys(rule: TypedRule) -> dict[str, Any]:
    """A rule's keys and values, its expressions as they are understood, rows by their clause."""
    # What a rule replaces, and why, is told as the reason of the difference.
    flat = dict(_flat("", rule.rule.model_dump(mode="json", by_alias=True, exclude_none=True,
                                               exclude={"replaces"})))
    flat = {k: v for k, v in flat.items() if not k.startswith(("table.rows", "table.inputs"))}
    if rule.hit == "any":
        flat.pop("table.hit", None)
    if rule.hit == "first":
        flat["table.order"] = row_names(rule)
    flat.update(_expression_keys(rule, as_written))
    for name, row in zip(row_names(rule), rule.rows, strict=True):
        here = f"table.{name}"
        if rule.subject is not None:
            flat[f"{here}.allow"] = sorted(row.allow)
        flat.update(_flat(f"{here}.title", row.title.model_dump()))
    return flat


def _expression_keys(rule: TypedRule, text: Callable[[Expr], str]) -> dict[str, Any]:
    """A rule's expressions by the keys that they stand under."""
    keys = _OF_SHARES if rule.shape == "share" else _EXPRESSIONS
    found: dict[str, Any] = {key: text(expr) for role, key in keys.items()
                             if (expr := getattr(rule, role)) is not None}
    for name, row in zip(row_names(rule), rule.rows, strict=True):
        found[f"table.{name}.when"] = text(row.when) if row.when else None
        found.update({f"table.{name}.set.{key}": text(value) for key, value in row.sets})
    return found


def _compare(kind: Kind, old: Mapping[str, Mapping[str, Any]],
             new: Mapping[str, Mapping[str, Any]]) -> Iterator[TextEdit]:
    for name, keys in new.items():
        if name not in old:
            yield TextEdit(kind, name, "added", now=dict(keys))
            continue
        was = old[name]
        for key in dict.fromkeys([*was, *keys]):
            if was.get(key) != keys.get(key):
                yield TextEdit(kind, name, "changed", key, was.get(key), keys.get(key))
    for name, keys in old.items():
        if name not in new:
            yield TextEdit(kind, name, "removed", was=dict(keys))


_INHERITED = ("fields", "parties", "working_days")
"""What a pack has from those that it builds on, where it does not say otherwise."""


def _identity(policy: Policy) -> dict[str, Any]:
    """What a pack is, with what it inherits: an overlay that is silent of it changes nothing."""
    *bases, dumped = (pack.manifest.model_dump(
        mode="json", by_alias=True, exclude_none=True, exclude={
            "scope", "moments", "parameters", "definitions", "clauses", "withdraws"})
        for pack in policy.chain)
    for base in reversed(bases):
        for key in _INHERITED:
            if key in base:
                dumped[key] = _laid_over(base[key], dumped.get(key, {}))
    dumped["required_columns"] = list(policy.required_columns)
    dumped["waivers"] = policy.waiver_limits.model_dump(exclude_none=True)
    for table in dumped.get("working_days", {}).values():
        for key in ("off", "worked"):
            table[key] = [day if isinstance(day, str) else f"{day['from']}/{day['to']}"
                          for day in table[key]]
    return dict(_flat("", dumped))


def _laid_over(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with what `over` says otherwise, key by key."""
    return {**base, **{key: _laid_over(base[key], value) if isinstance(value, Mapping)
                       and isinstance(base.get(key), Mapping) else value
                       for key, value in over.items()}}


def _scope(policy: Policy) -> dict[str, dict[str, Any]]:
    if policy.scope is None or policy.scope_rule is None:
        return {}
    return {"scope": {"when": to_text(policy.scope),
                      **dict(_flat("title", policy.scope_rule.title.model_dump()))}}


def _defined(definition: TypedDefinition) -> dict[str, Any]:
    """A definition's keys and values, its expression as it is understood."""
    dumped = definition.definition.model_dump(mode="json", by_alias=True, exclude_none=True,
                                              exclude={"replaces"})
    return {**dict(_flat("", dumped)), "is": as_written(definition.expr)}


def _dump(model: Any) -> dict[str, Any]:
    return dict(_flat("", model.model_dump(mode="json", by_alias=True, exclude_none=True)))


def _flat(prefix: str, data: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in data.items():
        name = f"{prefix}.{key}" if prefix else key
        if isinstance(value, Mapping):
            yield from _flat(name, value)
        elif value != []:  # which is what a key that is left out says
            yield name, value
