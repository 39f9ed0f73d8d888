"""Faults of decision tables. In: a prover. Out: gaps, rows that overlap, rows that are hidden."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations

import z3

from zhuanjie.engine.author.findings import Values, Verification
from zhuanjie.engine.author.prover import Prover, Scenario, Shown
from zhuanjie.engine.backends.smt.encode import (
    LITERALS,
    Formula,
    Uses,
    field_is,
    present,
    value,
)
from zhuanjie.engine.backends.smt.rules import SymbolicRule
from zhuanjie.engine.checking.policy import TypedRow
from zhuanjie.engine.ir.nodes import Field
from zhuanjie.engine.model.fields import fields
from zhuanjie.engine.results import Severity

_ALWAYS = Formula(z3.BoolVal(True), Uses())


def verify_tables(prover: Prover, out: Verification) -> None:
    """Every decision table."""
    for rule in prover.rules:
        if rule.rule.shape == "table":
            table = Table(prover, rule, out)
            table.gaps()
            table.overlaps()


def kinds_of(rule: SymbolicRule) -> tuple[str, ...]:
    """The values that the rows of a table allow, in the order of the field's list."""
    assert isinstance(rule.rule.subject, Field)
    allowed = dict.fromkeys(v for row in rule.rule.rows for v in row.allow)
    listed = fields()[rule.rule.subject.name].values
    return tuple(sorted(allowed, key=list(listed).index)) if listed else tuple(allowed)


class Table:
    """One decision table under examination."""

    def __init__(self, prover: Prover, rule: SymbolicRule, out: Verification) -> None:
        assert isinstance(rule.rule.subject, Field)
        self.prover, self.rule, self.out = prover, rule, out
        self.id = rule.rule.id
        self.subject = fields()[rule.rule.subject.name]
        self.kinds = kinds_of(rule)

    def gaps(self) -> None:
        """A situation of which every destination is refused, or all but those for special cases."""
        special = self._special()
        for left_out, severity, code in (
            (frozenset[str](), Severity.ERROR, "gap"),
            (special, Severity.WARNING, "gap-special"),
        ):
            if code == "gap-special" and not special:
                continue
            kinds = [k for k in self.kinds if k not in left_out]
            found = self.prover.smallest([*(self._refused(k) for k in kinds), self._open()],
                                         self._refusing(kinds))
            if found.none:
                continue
            if not self.out.unsure("gap", [self.id], found):
                self.out.report("gap", [self.id], code, shown=found.scenario, severity=severity,
                                special=self._named(k for k in self.kinds if k in left_out))
            return
        self.out.prove("gap", [self.id])

    def _named(self, kinds: Iterable[str]) -> Values:
        return Values(self.subject.name, tuple(kinds))

    def _refused(self, kind: str) -> Formula:
        """The table's violation with the destination `kind` in the record's place."""
        name, whole = self.subject.name, self.rule.violation
        uses = Uses(literals={kind})
        uses.add(whole.uses)
        put = z3.substitute(whole.expr, (present(name), z3.BoolVal(True)),
                            (value(name), z3.IntVal(LITERALS.number(kind))))
        return Formula(put, uses)

    def _open(self) -> Formula:
        """The destination is not chosen yet."""
        return Formula(z3.Not(present(self.subject.name)), Uses(fields={self.subject.name}))

    def _refusing(self, kinds: Sequence[str]) -> Shown:
        return lambda s: all(s.put(self.subject.name, k).violates(self.rule.rule) for k in kinds)

    def _special(self) -> frozenset[str]:
        """Destinations for special cases, which leave a member no ordinary one.

        They are always allowed by the table itself, and only there, but other rules set conditions
        for them.
        """
        rows = self.rule.rule.rows
        ordinary = {k for row in rows if row.when is not None for k in row.allow}
        always = {k for row in rows if row.when is None for k in row.allow} - ordinary
        if not ordinary:
            return frozenset()
        return frozenset(k for k in always if any(self._binds(r, k) for r in self.prover.rules))

    def _binds(self, rule: SymbolicRule, kind: str) -> bool:
        """Whether a rule asks something of those who go to `kind`, and of nobody else."""
        typed, name = rule.rule, self.subject.name
        if typed.shape != "require" or name not in typed.fields:
            return False
        here = field_is(self.subject, kind)
        others = self.prover.find(
            [rule.applies, ~here],
            lambda s: s.applies(typed) and s.setting.record.get(name) != kind)
        return others.none and not self.prover.find(
            [rule.applies], lambda s: s.applies(typed)).none

    def overlaps(self) -> None:
        """Rows that add nothing to the others, and pairs of rows that hold together."""
        rows = list(self.rule.rule.rows)
        alive = [r for r in rows if not self._dead(r)]
        hidden = self._hidden(alive)
        clear = True
        for a, b in combinations([r for r in alive if r.when is not None], 2):
            if a in hidden or b in hidden:
                continue
            found = self.prover.smallest([self._holds(a), self._holds(b)], _both(a, b))
            clauses = (a.clause, b.clause)
            if found.none or self.out.unsure("overlap", [self.id], found, clauses):
                clear = clear and found.none
                continue
            clear = False
            self.out.report("overlap", [self.id], shown=found.scenario, clauses=clauses,
                            first=a.clause, second=b.clause, allow=self._named(a.allow),
                            also=self._named(b.allow))
        if clear and not hidden:
            self.out.prove("overlap", [self.id])

    def _dead(self, row: TypedRow) -> bool:
        return self.prover.find([self._holds(row)], lambda s: _true(s, row)).none

    def _hidden(self, rows: Sequence[TypedRow]) -> list[TypedRow]:
        """Rows all of whose destinations other rows allow wherever they hold; later ones first."""
        hidden: list[TypedRow] = []
        for row in reversed(rows):
            others = [r for r in rows if r is not row and r not in hidden]
            if all(self._covered(row, [r for r in others if kind in r.allow])
                   for kind in row.allow):
                hidden.append(row)
                by = tuple(r.clause for r in others if set(r.allow) & set(row.allow))
                self.out.report("overlap", [self.id], "hidden", clauses=(row.clause, *by),
                                first=row.clause, by=by)
        return hidden

    def _covered(self, row: TypedRow, others: Sequence[TypedRow]) -> bool:
        if not others:
            return False
        found = self.prover.find(
            [self._holds(row), *(~self._holds(r) for r in others)],
            lambda s: _true(s, row) and not any(_true(s, r) for r in others))
        return found.none

    def _holds(self, row: TypedRow) -> Formula:
        return _ALWAYS if row.when is None else self.rule.sure(row.when)


def _both(a: TypedRow, b: TypedRow) -> Shown:
    return lambda s: _true(s, a) and _true(s, b)


def _true(scenario: Scenario, row: TypedRow) -> bool:
    return row.when is None or scenario.value(row.when) is True

