"""Faults of decision tables. In: a prover. Out: gaps, rows that are dead, overlap or are hidden."""

from __future__ import annotations

from collections.abc import Sequence

from zhuanjie.engine.authoring.verification.findings import (
    Verification,
)
from zhuanjie.engine.authoring.verification.prover import Prover, Scenario
from zhuanjie.engine.authoring.verification.table_rows import RowsCheck
from zhuanjie.engine.backends.smt import z3
from zhuanjie.engine.backends.smt.encode import (
    Formula,
    Uses,
    field_is,
    present,
    some,
)
from zhuanjie.engine.backends.smt.rules import SymbolicRule
from zhuanjie.engine.core.results import Severity
from zhuanjie.engine.expr.nodes import FieldRef
from zhuanjie.engine.vocabulary.fields import Field


def verify_tables(prover: Prover, out: Verification) -> None:
    """Every decision table."""
    for rule in prover.rules:
        if rule.rule.shape == "table":
            decides = rule.rule.subject is not None
            table = (SubjectCheck if decides else RowsCheck)(prover, rule, out)
            if table.idle():
                continue  # said of the rule as a whole
            if isinstance(table, SubjectCheck):
                table.gaps()
            table.rows()


class SubjectCheck(RowsCheck):
    """A decision table whose rows allow values, under examination."""

    def __init__(self, prover: Prover, rule: SymbolicRule, out: Verification) -> None:
        super().__init__(prover, rule, out)
        assert isinstance(rule.rule.subject, FieldRef)
        self.subject: Field = rule.fields[rule.rule.subject.name]

    def gaps(self) -> None:
        """A situation of which every value is refused, or all but those for special cases.

        Other rules on the subject refuse it too, where they ask for what nobody can change.
        """
        special, forbidding = self._special(), self._forbidding()
        for rules in ([], forbidding) if forbidding else ([],):
            for left_out in (frozenset[str](), special) if special else (frozenset[str](),):
                if self._gap(left_out, rules):
                    return
        self.out.prove("gap", [self.id], **self.about())

    def _gap(self, left_out: frozenset[str], forbidding: Sequence[SymbolicRule]) -> bool:
        """Say what is left without a value beyond those left out; whether anything is."""
        kinds = [k for k in self.kinds if k not in left_out]
        refusing = [self.rule, *forbidding]
        refused = [some(self.given(k, r.violation) for r in refusing) for k in kinds]

        def shown(s: Scenario) -> bool:
            return all(any(self.put(s, k).violates(r.rule) for r in refusing) for k in kinds)

        found = self.prover.smallest([*refused, self._open()], shown)
        if found.none:
            return False
        if not self.out.unsure("gap", [self.id], found):
            assert found.scenario is not None
            allowed = [s for k in kinds if not (s := self.put(found.scenario, k)).violates(
                self.rule.rule)]
            by = tuple(r.rule.id for r in forbidding if any(s.violates(r.rule) for s in allowed))
            code = f"gap{'-across' if by else ''}{'-special' if left_out else ''}"
            if code == "gap" and self.subject.changes == "fact":
                code = "gap-fact"  # nobody chooses what is so
            self.out.report(
                "gap", [self.id, *by], code, shown=found.scenario, by=by,
                severity=Severity.WARNING if left_out else Severity.ERROR,
                **self.about(), special=self.named(k for k in self.kinds if k in left_out))
        return True

    def _open(self) -> Formula:
        """The subject is not decided yet."""
        return Formula(z3.Not(present(self.subject.name)), Uses(
            fields={self.subject.name: self.subject}))

    def _forbidding(self) -> list[SymbolicRule]:
        """Rules that forbid some values, and not others, for what is so and stays so."""
        name, found = self.subject.name, []
        group = name.split(".")[0]
        for rule in self.prover.rules:
            read = rule.rule.fields - {name}
            if (rule.rule.shape != "require" or rule.rule.severity is not Severity.ERROR
                    or name not in rule.rule.fields
                    or any(self.rule.fields[f].changes != "fact" or f.split(".")[0] == group
                           for f in read)):
                continue
            put = {k: self.given(k, rule.violation) for k in self.kinds}
            apart = some(put[a] & ~put[b] for a in self.kinds for b in self.kinds if a != b)

            def shown(s: Scenario, rule: SymbolicRule = rule) -> bool:
                return len({self.put(s, k).violates(rule.rule) for k in self.kinds}) > 1

            if not self.prover.find([apart], shown).none:
                found.append(rule)
        return found

    def _special(self) -> frozenset[str]:
        """Values for special cases, which leave a record no ordinary one.

        They are always allowed by the table itself, and only there, but other rules set conditions
        for them.
        """
        rows = [(row, self.rule.rule.holds(row)) for row in self.rule.rule.rows]
        ordinary = {k for row, when in rows if when is not None for k in row.allow}
        always = {k for row, when in rows if when is None for k in row.allow} - ordinary
        if not ordinary:
            return frozenset()
        return frozenset(k for k in always if any(self._binds(r, k) for r in self.prover.rules))

    def _binds(self, rule: SymbolicRule, kind: str) -> bool:
        """Whether a rule asks something of records with `kind`, and of no others."""
        typed, name = rule.rule, self.subject.name
        if typed.shape != "require" or name not in typed.fields:
            return False
        here = field_is(self.subject, kind)
        others = self.prover.find(
            [rule.applies, ~here],
            lambda s: s.applies(typed) and s.setting.record.get(name) != kind)
        return others.none and not self.prover.find(
            [rule.applies], lambda s: s.applies(typed)).none
