"""Faults of decision tables. In: a prover. Out: gaps, rows that are dead, overlap or are hidden."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import Any

from zhuanjie.engine.authoring.verification.findings import (
    FieldInWords,
    ValuesInWords,
    Verification,
)
from zhuanjie.engine.authoring.verification.prover import Prover, Scenario, Shown
from zhuanjie.engine.backends.smt import z3
from zhuanjie.engine.backends.smt.encode import (
    LITERALS,
    Formula,
    Uses,
    every,
    field_is,
    present,
    some,
    value,
)
from zhuanjie.engine.backends.smt.rules import SymbolicRule
from zhuanjie.engine.core.results import Outcome, Severity
from zhuanjie.engine.expr.nodes import Call, Expr, FieldRef
from zhuanjie.engine.expr.types import BOOL
from zhuanjie.engine.policy.policy import TypedRow

_ALWAYS = Formula(z3.BoolVal(True), Uses())


def verify_tables(prover: Prover, out: Verification) -> None:
    """Every decision table."""
    for rule in prover.rules:
        if rule.rule.shape == "table":
            table = TableCheck(prover, rule, out)
            if table.idle():
                continue  # said of the rule as a whole
            table.gaps()
            table.rows()


def kinds_of(rule: SymbolicRule) -> tuple[str, ...]:
    """The values that the rows of a table allow, in the order of the field's list."""
    assert isinstance(rule.rule.subject, FieldRef)
    allowed = dict.fromkeys(v for row in rule.rule.rows for v in row.allow)
    listed = rule.fields[rule.rule.subject.name].values
    return tuple(sorted(allowed, key=list(listed).index)) if listed else tuple(allowed)


class TableCheck:
    """One decision table under examination."""

    def __init__(self, prover: Prover, rule: SymbolicRule, out: Verification) -> None:
        assert isinstance(rule.rule.subject, FieldRef)
        self.prover, self.rule, self.out = prover, rule, out
        self.id, self.hit = rule.rule.id, rule.rule.hit
        self.subject = rule.fields[rule.rule.subject.name]
        self.kinds = kinds_of(rule)

    def idle(self) -> bool:
        """Whether the table never applies."""
        return self.prover.find([self.rule.applies], lambda s: s.applies(self.rule.rule)).none

    def gaps(self) -> None:
        """A situation of which every value is refused, or all but those for special cases.

        Other rules on the subject refuse it too, where they ask for what nobody can change.
        """
        special, forbidding = self._special(), self._forbidding()
        for rules in ([], forbidding) if forbidding else ([],):
            for left_out in (frozenset[str](), special) if special else (frozenset[str](),):
                if self._gap(left_out, rules):
                    return
        self.out.prove("gap", [self.id], **self._about())

    def _gap(self, left_out: frozenset[str], forbidding: Sequence[SymbolicRule]) -> bool:
        """Say what is left without a value beyond those left out; whether anything is."""
        kinds = [k for k in self.kinds if k not in left_out]
        refusing = [self.rule, *forbidding]
        refused = [some(self._with(k, r.violation) for r in refusing) for k in kinds]

        def shown(s: Scenario) -> bool:
            return all(any(self._put(s, k).violates(r.rule) for r in refusing) for k in kinds)

        found = self.prover.smallest([*refused, self._open()], shown)
        if found.none:
            return False
        if not self.out.unsure("gap", [self.id], found):
            assert found.scenario is not None
            allowed = [s for k in kinds if not (s := self._put(found.scenario, k)).violates(
                self.rule.rule)]
            by = tuple(r.rule.id for r in forbidding if any(s.violates(r.rule) for s in allowed))
            code = f"gap{'-across' if by else ''}{'-special' if left_out else ''}"
            self.out.report(
                "gap", [self.id, *by], code, shown=found.scenario, by=by,
                severity=Severity.WARNING if left_out else Severity.ERROR,
                **self._about(), special=self._named(k for k in self.kinds if k in left_out))
        return True

    def _about(self) -> dict[str, Any]:
        """What the table decides on, and what a record is."""
        return {"subject": FieldInWords(self.subject),
                "record": self.prover.policy.vocabulary.record}

    def _named(self, kinds: Iterable[str]) -> ValuesInWords:
        return ValuesInWords(self.subject, tuple(kinds))

    def _with(self, kind: str, formula: Formula) -> Formula:
        """The formula with the value `kind` in the record's place."""
        name, uses = self.subject.name, Uses(literals={kind})
        uses.add(formula.uses)
        put = z3.substitute(formula.expr, (present(name), z3.BoolVal(True)),
                            (value(self.subject), z3.IntVal(LITERALS.number(kind))))
        return Formula(put, uses)

    def _put(self, scenario: Scenario, kind: str) -> Scenario:
        return scenario.put(self.subject.name, kind)

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
            put = {k: self._with(k, rule.violation) for k in self.kinds}
            apart = some(put[a] & ~put[b] for a in self.kinds for b in self.kinds if a != b)

            def shown(s: Scenario, rule: SymbolicRule = rule) -> bool:
                return len({self._put(s, k).violates(rule.rule) for k in self.kinds}) > 1

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

    def rows(self) -> None:
        """Rows that never hold or add nothing to the others, and pairs that hold together."""
        rows = [r for r in self.rule.rule.rows if self._alive(r)]
        if self.hit == "first":
            self._masked(rows)
            return
        hidden = self._hidden(rows) if self.hit == "any" else []
        clear = True
        for a, b in combinations(
                [r for r in rows if self.hit == "unique" or self._when(r) is not None], 2):
            if a in hidden or b in hidden:
                continue
            found = self.prover.smallest([self._where([a, b])], self._holding([a, b]))
            clauses = (a.clause, b.clause)
            if found.none or self.out.unsure("overlap", [self.id], found, clauses):
                clear = clear and found.none
                continue
            clear = False
            unique = self.hit == "unique"
            self.out.report("overlap", [self.id], "overlap-unique" if unique else "",
                            severity=Severity.ERROR if unique else None,
                            shown=found.scenario, clauses=clauses,
                            first=a.clause, second=b.clause, allow=self._named(a.allow),
                            also=self._named(b.allow), **self._about())
        if clear and not hidden:
            self.out.prove("overlap", [self.id])

    def _masked(self, rows: Sequence[TypedRow]) -> None:
        """Rows that are never the first that holds."""
        clear = True
        for at, row in enumerate(rows[1:], 1):
            before = rows[:at]
            found = self.prover.find(
                [self._where([row], failing=before)], self._holding([row], failing=before))
            if found.none:
                clear = False
                by = tuple(r.clause for r in before)
                self.out.report("overlap", [self.id], "masked", clauses=(row.clause, *by),
                                first=row.clause, by=by)
            elif self.out.unsure("overlap", [self.id], found, [row.clause]):
                clear = False
        if clear:
            self.out.prove("overlap", [self.id], "masked")

    def _alive(self, row: TypedRow) -> bool:
        """Whether a row ever holds; it is said where it does not."""
        if self._when(row) is None:
            return True
        found = self.prover.find([self._where([row])], self._holding([row]))
        if found.none:
            self.out.report("dead", [self.id], "dead-row", clauses=[row.clause], clause=row.clause)
        else:
            self.out.unsure("dead", [self.id], found, [row.clause])
        return not found.none

    def _hidden(self, rows: Sequence[TypedRow]) -> list[TypedRow]:
        """Rows all of whose values other rows allow wherever they hold; later ones first."""
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
        return bool(others) and self.prover.find(
            [self._where([row], others)], self._holding([row], others)).none

    def _where(self, rows: Sequence[TypedRow], without: Sequence[TypedRow] = (),
               failing: Sequence[TypedRow] = ()) -> Formula:
        """The table is asked, for some value at least, and of its rows just these hold.

        Those `failing` definitely do not.
        """
        here = every([~self.rule.outcome(Outcome.NOT_APPLICABLE), *map(self._holds, rows),
                      *(~self._holds(r) for r in without), *map(self._fails, failing)])
        return some([here, *(self._with(k, here) for k in self._choices())])

    def _holding(self, rows: Sequence[TypedRow], without: Sequence[TypedRow] = (),
                 failing: Sequence[TypedRow] = ()) -> Shown:
        def here(s: Scenario) -> bool:
            held = [[self._value(s, r) for r in some] for some in (rows, without, failing)]
            return (s.outcome(self.rule.rule) is not Outcome.NOT_APPLICABLE
                    and all(v is True for v in held[0]) and True not in held[1]
                    and all(v is False for v in held[2]))

        return lambda s: here(s) or any(here(self._put(s, k)) for k in self._choices())

    def _choices(self) -> Iterable[str]:
        return self.subject.values or self.kinds

    def _holds(self, row: TypedRow) -> Formula:
        when = self._when(row)
        return _ALWAYS if when is None else self.rule.sure(when)

    def _fails(self, row: TypedRow) -> Formula:
        when = self._when(row)
        return ~_ALWAYS if when is None else self.rule.sure(Call("!", (when,), BOOL))

    def _when(self, row: TypedRow) -> Expr | None:
        return self.rule.rule.holds(row)

    def _value(self, scenario: Scenario, row: TypedRow) -> Any:
        when = self._when(row)
        return True if when is None else scenario.value(when)
