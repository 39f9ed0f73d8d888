"""Rows of a decision table. In: a prover. Out: rows that are dead, overlap, or are hidden."""

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
from zhuanjie.engine.backends.smt.encode import LITERALS, Formula, Uses, every, present, some, value
from zhuanjie.engine.backends.smt.rules import SymbolicRule
from zhuanjie.engine.core.results import Outcome, Severity
from zhuanjie.engine.expr.nodes import Call, Expr, FieldRef
from zhuanjie.engine.expr.printer import to_text
from zhuanjie.engine.expr.types import BOOL
from zhuanjie.engine.policy.typed_table import TypedRow
from zhuanjie.engine.vocabulary.fields import Field

_ALWAYS = Formula(z3.BoolVal(True), Uses())


def kinds_of(rule: SymbolicRule) -> tuple[str, ...]:
    """The values that the rows of a table allow, in the order of the field's list."""
    if not isinstance(rule.rule.subject, FieldRef):
        return ()
    allowed = dict.fromkeys(v for row in rule.rule.rows for v in row.allow)
    listed = rule.fields[rule.rule.subject.name].values
    return tuple(sorted(allowed, key=list(listed).index)) if listed else tuple(allowed)


class RowsCheck:
    """The rows of one decision table under examination."""

    def __init__(self, prover: Prover, rule: SymbolicRule, out: Verification) -> None:
        self.prover, self.rule, self.out = prover, rule, out
        self.id, self.hit = rule.rule.id, rule.rule.hit
        subject = rule.rule.subject
        self.subject: Field | None = (
            rule.fields[subject.name] if isinstance(subject, FieldRef) else None)
        self.kinds = kinds_of(rule)

    def idle(self) -> bool:
        """Whether the table never applies."""
        return self.prover.find([self.rule.applies], lambda s: s.applies(self.rule.rule)).none

    def about(self) -> dict[str, Any]:
        """What the table decides on, and what a record is."""
        subject = {} if self.subject is None else {"subject": FieldInWords(self.subject)}
        return {**subject, "record": self.prover.policy.vocabulary.record}

    def named(self, kinds: Iterable[str]) -> ValuesInWords:
        """Values of the subject in words."""
        return ValuesInWords(self.subject, tuple(kinds))

    def given(self, kind: str, formula: Formula) -> Formula:
        """The formula with the value `kind` in the record's place."""
        assert self.subject is not None
        name, uses = self.subject.name, Uses(literals={kind})
        uses.add(formula.uses)
        put = z3.substitute(formula.expr, (present(name), z3.BoolVal(True)),
                            (value(self.subject), z3.IntVal(LITERALS.number(kind))))
        return Formula(put, uses)

    def put(self, scenario: Scenario, kind: str) -> Scenario:
        """The scenario with the value `kind`."""
        assert self.subject is not None
        return scenario.put(self.subject.name, kind)

    def rows(self) -> None:
        """Rows that never hold or add nothing to the others, and pairs that hold together."""
        rows = [r for r in self.rule.rule.rows if self._alive(r)]
        if self.hit == "first":
            self._masked(rows)
            return
        typed = self.rule.rule
        hidden = self._hidden(rows) if self.hit == "any" and not typed.outputs else []
        clear = True
        for a, b in combinations(
                [r for r in rows if self.hit == "unique" or self._when(r) is not None], 2):
            if a in hidden or b in hidden or (
                    self.hit == "any" and typed.subject is None and not self._apart(a, b)):
                continue
            found = self.prover.smallest([self._where([a, b])], self._holding([a, b]))
            clauses = (a.clause, b.clause)
            if found.none or self.out.unsure("overlap", [self.id], found, clauses):
                clear = clear and found.none
                continue
            clear = False
            code = ("overlap-unique" if self.hit == "unique"
                    else "overlap-outputs" if (apart := self._apart(a, b)) else "")
            self.out.report("overlap", [self.id], code, severity=Severity.ERROR if code else None,
                            shown=found.scenario, clauses=clauses,
                            first=a.clause, second=b.clause, allow=self._gives(a),
                            also=self._gives(b), **self.about(),
                            **({"names": apart} if code == "overlap-outputs" else {}))
        if clear and not hidden:
            self.out.prove("overlap", [self.id])

    def _apart(self, a: TypedRow, b: TypedRow) -> tuple[str, ...]:
        """The outputs that two rows give different values."""
        first, second = dict(a.sets), dict(b.sets)
        return tuple(o.name for o in self.rule.rule.outputs
                     if to_text(first.get(o.name, o.default)) != to_text(
                         second.get(o.name, o.default)))

    def _gives(self, row: TypedRow) -> object:
        """What a row allows, or else gives."""
        if self.subject is not None:
            return self.named(row.allow)
        return tuple(f"{name}: {to_text(value)}" for name, value in row.sets)

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
        return some([here, *(self.given(k, here) for k in self._choices())])

    def _holding(self, rows: Sequence[TypedRow], without: Sequence[TypedRow] = (),
                 failing: Sequence[TypedRow] = ()) -> Shown:
        def here(s: Scenario) -> bool:
            held = [[self._value(s, r) for r in some] for some in (rows, without, failing)]
            return (s.outcome(self.rule.rule) is not Outcome.NOT_APPLICABLE
                    and all(v is True for v in held[0]) and True not in held[1]
                    and all(v is False for v in held[2]))

        return lambda s: here(s) or any(here(self.put(s, k)) for k in self._choices())

    def _choices(self) -> Iterable[str]:
        return (self.subject.values if self.subject else ()) or self.kinds

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
