"""Rules for a solver. In: typed rules and parameters. Out: formulas for how a rule comes out.

Every rule is lowered as for any engine, but with the as-of day left open and each parameter as the
days make it. A `unique` rule is asked of a ledger that holds the same record once or twice: if two
rules on the same key differ on any ledger, they differ on such a one. Of an `at_most` rule the same
holds of as many copies as it takes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from functools import cached_property

import z3
from msgspec import Struct

from zhuanjie.engine.backends.smt.encode import (
    AS_OF,
    COPIES,
    MANY,
    Encoder,
    Formula,
    Uses,
    every,
    present,
    some,
)
from zhuanjie.engine.core.dates import to_day
from zhuanjie.engine.core.results import ALL_OUTCOMES, DUE_OUTCOMES, Outcome
from zhuanjie.engine.expr.nodes import Expr, FieldRef
from zhuanjie.engine.expr.types import Kind
from zhuanjie.engine.lowering.conditions import (
    TRUE,
    Compare,
    Cond,
    Term,
    Value,
    all_of,
    compare,
    pick,
)
from zhuanjie.engine.lowering.kleene import Kleene
from zhuanjie.engine.lowering.rules import UNIQUE_ALL, UNIQUE_SURE, LoweredRule, lower
from zhuanjie.engine.policy.policy import Policy, TypedRule
from zhuanjie.engine.vocabulary.fields import FieldTable

_DECIDING = tuple(o for o in Outcome if o in ALL_OUTCOMES and o is not Outcome.UNDETERMINED)
"""Rules that agree on these agree on the one that is left."""


class Parameters(Struct, frozen=True):
    """Parameter values by the day they start, in order; the first holds before its day too."""

    steps: Mapping[str, tuple[tuple[int, int], ...]]

    @classmethod
    def of(cls, policy: Policy, names: Iterable[str] | None = None) -> Parameters:
        """Every value that the parameters of a policy, or those of some names, ever take."""
        steps: dict[str, tuple[tuple[int, int], ...]] = {}
        wanted = policy.parameters if names is None else sorted(names)
        for name in wanted:
            parameter = policy.parameters[name]
            if name in policy.overrides or parameter.fixed is not None:
                steps[name] = ((0, policy.overrides.get(name, parameter.fixed or 0)),)
            else:
                steps[name] = tuple((to_day(v.start or date.min), number) for v, number in zip(
                    parameter.values, parameter.numbers, strict=True))
        return cls(steps)

    @classmethod
    def fixed(cls, values: Mapping[str, int]) -> Parameters:
        """Values that are the same on every day."""
        return cls({name: ((0, number),) for name, number in values.items()})

    def on(self, day: int) -> dict[str, int]:
        """The values that hold on a day."""
        return {name: next((v for start, v in reversed(steps) if start <= day), steps[0][1])
                for name, steps in self.steps.items()}

    def terms(self) -> dict[str, Term]:
        """The values as terms over the as-of day."""
        return {name: _stepped(steps) for name, steps in self.steps.items()}


def _stepped(steps: tuple[tuple[int, int], ...]) -> Term:
    arms: list[tuple[Cond, Term]] = []
    for at, (start, number) in enumerate(steps):
        since = compare(">=", AS_OF, Value(start, Kind.DATE)) if at else TRUE
        until = (compare("<", AS_OF, Value(steps[at + 1][0], Kind.DATE))
                 if at + 1 < len(steps) else TRUE)
        arms.append((all_of((since, until)), Value(number, Kind.INT)))
    return pick(arms, Kind.INT)


def kleene_of(params: Parameters) -> Kleene:
    """Lowers expressions for every day at once."""
    return Kleene(AS_OF, params.terms())


class SymbolicRule:
    """A rule, lowered for every day at once, and its outcomes as formulas."""

    def __init__(self, rule: TypedRule, params: Parameters, fields: FieldTable,
                 kleene: Kleene | None = None) -> None:
        """`kleene` is that of `params`, where many rules share it."""
        self.rule, self.fields = rule, fields
        self.kleene = kleene or kleene_of(params)
        self.lowered: LoweredRule = lower(rule, self.kleene, order=())
        self._outcomes: dict[Outcome, Formula] = {}

    @cached_property
    def encoder(self) -> Encoder:
        """Encodes conditions of this rule."""
        return Encoder(self.fields, self._counts() if self.rule.counts_keys else None)

    def _counts(self) -> dict[str, Formula]:
        """How many records share the key, where the ledger holds copies of this one."""
        rule = self.rule
        assert isinstance(rule.key, FieldRef)
        plain = Encoder(self.fields)
        keyed = Formula(present(rule.key.name), Uses(
            fields={rule.key.name: self.fields[rule.key.name]},
            columns={COPIES} if rule.limit is None else {COPIES, MANY}))
        out = {}
        for column, cond in ((UNIQUE_SURE, self.applying), (UNIQUE_ALL, self._maybe())):
            counted = every((plain.formula(cond), keyed))
            number = z3.If(counted.expr, z3.Int(COPIES), 0)
            out[column.format(rule=rule.id)] = Formula(number, counted.uses)
        return out

    @cached_property
    def applying(self) -> Cond:
        """That the rule definitely applies, as a condition."""
        return TRUE if self.rule.when is None else self.kleene.must_be_true(self.rule.when)

    def _maybe(self) -> Cond:
        return TRUE if self.rule.when is None else self.kleene.may_be_true(self.rule.when)

    @cached_property
    def applies(self) -> Formula:
        """The rule definitely applies."""
        return self.encoder.formula(self.applying)

    def outcome(self, outcome: Outcome) -> Formula:
        """The rule comes out so."""
        if outcome not in self._outcomes:
            cond = getattr(self.lowered, str(outcome))
            self._outcomes[outcome] = self.encoder.formula(cond)
        return self._outcomes[outcome]

    @property
    def violation(self) -> Formula:
        """The rule is violated."""
        return self.outcome(Outcome.VIOLATION)

    @property
    def complied(self) -> Formula:
        """The rule is satisfied, or does not apply."""
        return self.outcome(Outcome.SATISFIED) | self.outcome(Outcome.NOT_APPLICABLE)

    def sure(self, expr: Expr) -> Formula:
        """A condition definitely holds."""
        return self.encoder.formula(self.kleene.must_be_true(expr))

    def compares(self, op: str, left: Term, right: Term) -> Formula:
        """Two terms are known and compare so."""
        return self.encoder.formula(compare(op, left, right))


def same_lowering(a: SymbolicRule, b: SymbolicRule) -> bool:
    """Whether two rules are the same conditions, letter by letter."""
    left, right = a.lowered, b.lowered
    names = ("not_applicable", "satisfied", "violation", "pending", "undetermined", "due", "clause")
    return (all(getattr(left, n) == getattr(right, n) for n in names)
            and (a.rule.key, a.rule.within) == (b.rule.key, b.rule.within))


def differ(a: SymbolicRule, b: SymbolicRule, *, fully: bool = True) -> Formula:
    """The two come out differently: another outcome or, `fully`, another due day or clause."""
    parts = [_xor(a.outcome(o), b.outcome(o)) for o in _DECIDING
             if getattr(a.lowered, str(o)) != getattr(b.lowered, str(o))]
    if not fully:
        return some(parts)
    if a.lowered.due != b.lowered.due:
        parts.append(some(every((a.outcome(o), b.outcome(o))) for o in DUE_OUTCOMES) & _apart(a, b))
    clauses = {**dict(a.lowered.clause), **dict(b.lowered.clause)}
    if a.lowered.clause != b.lowered.clause:
        there = ~a.outcome(Outcome.NOT_APPLICABLE)
        parts += [there & _xor(_clause(a, c), _clause(b, c)) for c in clauses]
    return some(parts)


def _apart(a: SymbolicRule, b: SymbolicRule) -> Formula:
    """The due days are not the same; none is another than any."""
    due_a, due_b = a.lowered.due, b.lowered.due
    if due_a is None or due_b is None:
        return Formula(z3.BoolVal(due_a is not due_b), Uses())
    return a.encoder.formula(Compare("!=", due_a, due_b))


def _clause(rule: SymbolicRule, clause: str) -> Formula:
    conds = [c for name, c in rule.lowered.clause if name == clause]
    return some(rule.encoder.formula(c) for c in conds)


def _xor(a: Formula, b: Formula) -> Formula:
    both = every((a, b))
    return Formula(z3.Xor(a.expr, b.expr), both.uses)
