"""Small faults in rules. In: a policy. Out: mutants, each the policy but for one fault.

A fault lies in a rule's expression, in the parts of its shape, in its table, in a definition, in
the policy's scope, in a parameter, or in what chooses and weighs (`weights.py`). One in a
definition is tried once, however many rules use it. Texts are no part of what a rule decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from zhuanjie.engine.authoring.mutation.canonical_text import DEFINED, parts, row_names
from zhuanjie.engine.authoring.mutation.mutators import Alike, alike_in, shifted, variants
from zhuanjie.engine.authoring.mutation.redefined import redefined_in
from zhuanjie.engine.authoring.mutation.weights import (
    binds,
    dates,
    rule_weights,
    starts,
    with_clause,
)
from zhuanjie.engine.expr.decisions import decisions_in, with_decisions
from zhuanjie.engine.expr.nodes import (
    Call,
    Expr,
    FieldRef,
    ListLit,
    Lit,
    definition_names,
    field_names,
    names_of,
    walk_written,
)
from zhuanjie.engine.expr.printer import as_written, to_text
from zhuanjie.engine.expr.types import Kind
from zhuanjie.engine.policy.mapped import mapped
from zhuanjie.engine.policy.model import Clause, Parameter
from zhuanjie.engine.policy.policy import Policy, TypedRule
from zhuanjie.engine.policy.table_model import Hit
from zhuanjie.engine.policy.typed_table import TypedRow
from zhuanjie.engine.policy.ways import as_number
from zhuanjie.engine.vocabulary.fields import FieldTable

SCOPE = "scope"
_PARAMS = "params."
_CLAUSES = "clauses."
EXPRESSIONS = ("when", "guard", "ask", "due", "start", "every", "limit")
_HITS: tuple[Hit, ...] = ("any", "first", "unique")
NAMES = ("done", "last", "subject", "key", "within")
MOVED = frozenset({Kind.INT, Kind.DATE, Kind.MONTH, Kind.DURATION})
"""What a definition can come to that may be one more or less."""
STEPPED = ("due", "start", "every", "limit")
"""The roles whose value a boundary hangs on as it stands, without a comparison in the text."""


class Mutant(Struct, frozen=True):
    """One fault: what it is called, where it lies, and how the text reads before and after.

    Exactly one of `changed` (the rule with the fault), `scope`, `unscoped`, `definition`, `clause`
    and `parameter` is set.
    """

    rule: str
    fault: str
    role: str
    was: str
    now: str
    changed: TypedRule | None = None
    scope: Expr | None = None
    parameter: Parameter | None = None
    definition: Expr | None = None
    in_scope: bool = False
    unscoped: bool = False
    clause: Clause | None = None

    def apply(self, policy: Policy) -> Policy:
        """The policy with the fault."""
        if self.changed is not None:
            rules = tuple(self.changed if r.id == self.rule else r for r in policy.rules)
            return replace(policy, rules=tuple(_reading(rules, self.changed)))
        if self.scope is not None or self.unscoped:
            return replace(policy, scope=self.scope)
        if self.clause is not None:
            return with_clause(self.name, policy.clauses[self.name], self.clause)(policy)
        if self.definition is not None:
            return redefined_in(policy, self.name, self.definition)
        assert self.parameter is not None
        return replace(policy, parameters={**policy.parameters, self.name: self.parameter})

    @property
    def name(self) -> str:
        """The name of the parameter, definition or clause, of a mutant of one."""
        return self.rule.removeprefix(_PARAMS).removeprefix(DEFINED).removeprefix(_CLAUSES)

    def touches(self, rule: TypedRule) -> bool:
        """Whether a rule may come out otherwise for the fault."""
        if self.changed is not None:
            return rule.id == self.rule or not given_by(self.changed).isdisjoint(
                decisions_in(*rule.expressions().values()))
        if self.definition is not None:
            return self.in_scope or self.name in rule.definitions
        if self.clause is not None:
            return self.name in rule.clauses
        return self.unscoped or self.scope is not None or self.name in rule.params


def given_by(rule: TypedRule) -> frozenset[str]:
    """The outputs of a rule's table."""
    return frozenset(output.name for output in rule.outputs)


def _reading(rules: Sequence[TypedRule], changed: TypedRule) -> Iterator[TypedRule]:
    """The rules, with what they read of a table as its other rows now give it."""
    others = {output.name: changed.output(output) for output in changed.outputs}
    for _ in rules if others else ():  # an output may be made of another
        grown = {r.id: r for r in rules if r is not changed and r.outputs and not others.keys()
                 .isdisjoint(decisions_in(*r.expressions().values()))}
        more = {o.name: _reread(r, others).output(o) for r in grown.values()
                for o in _reread(r, others).outputs if o.name not in others}
        if not more:
            break
        others |= more
    yield from (r if r is changed or not others else _reread(r, others) for r in rules)


def _reread(rule: TypedRule, others: Mapping[str, Call]) -> TypedRule:
    return mapped(rule, lambda expr: with_decisions(expr, others))


def mutants(policy: Policy) -> Iterator[Mutant]:
    """Every mutant of what a policy's own pack writes; what it builds on has cases of its own."""
    own = policy.chain[-1].manifest
    for rule in policy.rules:
        if rule.pack == own.id:
            yield from _distinct(rule, policy.vocabulary.fields)
            for fault, key, was, now, weighed in rule_weights(policy, rule):
                yield Mutant(rule.id, fault, key, was, now, changed=weighed)
    for name in own.definitions:
        yield from _of_definition(policy, name)
    # A row without a condition leaves the finding to the rule's own clause.
    carried = {r.clause for r in policy.rules} | {
        row.clause for r in policy.rules for row in r.rows
        if row.when is not None or r.hit != "any"}
    for name in (c for c in own.clauses if c in carried):
        for was, now, clause in binds(policy, name):
            yield Mutant(f"{_CLAUSES}{name}", "binds", "binds", was, now, clause=clause)
    if own.scope is not None and policy.scope is not None:
        alike = alike_in(field_names(policy.scope), policy.vocabulary.fields)
        seen = {to_text(policy.scope)}
        yield Mutant(SCOPE, "unconditional", "when", as_written(policy.scope), "true",
                     unscoped=True)
        for fault, scope in variants(policy.scope, alike):
            if (text := to_text(scope)) not in seen:
                seen.add(text)
                yield Mutant(SCOPE, fault, "when", as_written(policy.scope), as_written(scope),
                             scope=scope)
    read = frozenset[str]().union(*(r.params for r in policy.rules))
    for name, parameter in own.parameters.items():
        if name in policy.overrides or name not in read:
            continue
        for value, changed, other in _parameter(parameter):
            yield Mutant(f"{_PARAMS}{name}", "parameter", "value", str(value), str(changed),
                         parameter=other)
        for was, now, other in starts(parameter):
            yield Mutant(f"{_PARAMS}{name}", "from", "from", was, now, parameter=other)


def dated_faults(policy: Policy, names: Iterable[str]) -> Iterator[Mutant]:
    """Faults in the dates by which the pack that judges is chosen, of some clauses."""
    for name in names:
        for was, now, clause in dates(policy, name):
            yield Mutant(f"{_CLAUSES}{name}", "dated-by", "dated_by", was, now, clause=clause)


def _of_definition(policy: Policy, name: str) -> Iterator[Mutant]:
    """The mutants of a definition that is used, each meaning once."""
    expr = policy.definitions[name].expr
    in_scope = name in definition_names(policy.scope)
    users = [r for r in policy.rules if name in r.definitions]
    if not in_scope and not users:
        return
    read = field_names(expr).union(*(r.fields for r in users))
    found = list(variants(expr, alike_in(read, policy.vocabulary.fields)))
    if expr.type.kind in MOVED:
        found = [*(("boundary", shifted(expr, by)) for by in (1, -1)), *found]
    seen = {to_text(expr)}
    for fault, changed in found:
        if (text := to_text(changed)) not in seen:
            seen.add(text)
            yield Mutant(f"{DEFINED}{name}", fault, "is", as_written(expr), as_written(changed),
                         definition=changed, in_scope=in_scope)


def _parameter(parameter: Parameter) -> Iterator[tuple[int | date, int | date, Parameter]]:
    """Each value of a parameter, one (or a day) more or less, and the parameter with it."""
    def moved_by(value: int | date, by: int) -> int | date:
        return parameter.valued(as_number(value) + by)

    for by in (1, -1):
        if parameter.value is not None:
            changed = moved_by(parameter.value, by)
            yield parameter.value, changed, parameter.model_copy(update={"value": changed})
        for at, held in enumerate(parameter.values):
            moved = held.model_copy(update={"value": moved_by(held.value, by)})
            others = (*parameter.values[:at], moved, *parameter.values[at + 1:])
            yield held.value, moved.value, parameter.model_copy(update={"values": others})


def _distinct(rule: TypedRule, fields: FieldTable) -> Iterator[Mutant]:
    """The mutants of a rule, each meaning once."""
    seen = {_signature(rule)}
    for fault, role, changed in _faults(rule, fields):
        mark = _signature(changed)
        if mark not in seen:
            seen.add(mark)
            now = "" if fault == "row" else _text(changed, role)
            yield Mutant(rule.id, fault, role, _text(rule, role), now, changed=changed)


def _faults(rule: TypedRule, fields: FieldTable) -> Iterator[tuple[str, str, TypedRule]]:
    alike = alike_in(rule.fields, fields)
    for role in EXPRESSIONS:
        expr = getattr(rule, role)
        if expr is None:
            continue
        found = list(variants(expr, alike))
        if role in STEPPED:
            found = [*(("boundary", shifted(expr, by)) for by in (1, -1)), *found]
        for fault, changed in found:
            yield fault, role, _with(rule, {role: changed})
    for role in ("when", "guard"):
        if getattr(rule, role) is not None:
            yield "unconditional", role, _with(rule, {role: None})
    yield from _names(rule, alike)
    yield from _rows(rule, alike)


def _names(rule: TypedRule, alike: Alike) -> Iterator[tuple[str, str, TypedRule]]:
    """Faults in the fields that a shape names."""
    for role in NAMES:
        name = getattr(rule, role)
        if isinstance(name, FieldRef) and rule.shape != "reconcile":
            for other in alike(name):
                yield "field", role, _with(rule, {role: other})
    if rule.within is not None:
        yield "dropped", "within", _with(rule, {"within": None})
    if rule.due is not None and isinstance(rule.done, FieldRef):
        for name in {n.name: n for n in walk_written(rule.due)
                     if isinstance(n, FieldRef) and not n.named}.values():
            if name.type.kind is Kind.DATE and name.name != rule.done.name:
                turned = _put(rule.due, name.name, rule.done)
                yield "swapped", "due", _with(rule, {"due": turned, "done": name})


def _rows(rule: TypedRule, alike: Alike) -> Iterator[tuple[str, str, TypedRule]]:
    """Faults in a decision table.

    Rows that decide otherwise, a row gone or in another's place, a value gone or one more, a row's
    condition.
    """
    rows = rule.rows
    for hit in _HITS if len(rows) > 1 else ():
        if hit != rule.hit:
            yield "hit", "hit", _with(rule, {"hit": hit})
    for at in range(len(rows) - 1 if rule.hit == "first" else 0):
        swapped = (*rows[:at], rows[at + 1], rows[at], *rows[at + 2:])
        yield "order", "hit", _with(rule, {"rows": swapped})
    values = rule.subject.type.values if rule.subject is not None else None
    for at, (role, row) in enumerate(zip(row_names(rule), rows, strict=True)):

        def put(*new: TypedRow, at: int = at) -> TypedRule:
            return _with(rule, {"rows": (*rows[:at], *new, *rows[at + 1:])})

        if len(rows) > 1:
            yield "row", role, put()
        if len(row.allow) > 1:
            for value in row.allow:
                less = tuple(v for v in row.allow if v != value)
                yield "listed", role, put(replace(row, allow=less))
        for value in sorted((values or frozenset()) - set(row.allow)):
            yield "listed", role, put(replace(row, allow=(*row.allow, value)))
        if row.when is not None:
            yield "unconditional", role, put(replace(row, when=None))
            for fault, changed in variants(row.when, alike):
                yield fault, role, put(replace(row, when=changed))
        for n, (name, given) in enumerate(row.sets):
            for fault, instead in _other_values(rule, name, given, alike):
                yield fault, role, put(replace(
                    row, sets=(*row.sets[:n], (name, instead), *row.sets[n + 1:])))
    for n, output in enumerate(rule.outputs):
        for fault, instead in _other_values(rule, output.name, output.default, alike):
            outputs = (*rule.outputs[:n], replace(output, default=instead), *rule.outputs[n + 1:])
            yield fault, f"default {output.name}", _with(rule, {"outputs": outputs})


def _other_values(rule: TypedRule, name: str, value: Expr,
                  alike: Alike) -> Iterator[tuple[str, Expr]]:
    """What a row may give by a slip instead of a value."""
    type_ = next(o.type for o in rule.outputs if o.name == name)
    if isinstance(value, Lit) and isinstance(value.value, bool):
        yield "value", replace(value, value=not value.value)
    elif isinstance(value, Lit) and isinstance(value.value, str):
        others = (v for v in sorted(type_.values or ()) if v != value.value)
        yield from (("value", replace(value, value=v)) for v in others)
    else:
        if value.type.kind is not Kind.BOOL:
            yield from (("boundary", shifted(value, by)) for by in (1, -1))
        yield from variants(value, alike)


def _with(rule: TypedRule, parts: Mapping[str, Any]) -> TypedRule:
    return replace(rule, **parts)


def _put(expr: Expr, name: str, new: FieldRef) -> Expr:
    """The expression with one field in another's place."""
    if names_of(expr):
        return expr
    if isinstance(expr, FieldRef):
        return replace(new, at=expr.at) if expr.name == name else expr
    if isinstance(expr, Call):
        return replace(expr, args=tuple(_put(a, name, new) for a in expr.args))
    if isinstance(expr, ListLit):
        return replace(expr, items=tuple(_put(i, name, new) for i in expr.items))
    return expr


def _signature(rule: TypedRule) -> tuple[tuple[str, str], ...]:
    return tuple(parts(rule).items())


def _text(rule: TypedRule, role: str) -> str:
    found = parts(rule, as_written)
    if role == "due" and "done" in found:
        return f"{found['due']}; done: {found['done']}"
    return found.get(role, "")
