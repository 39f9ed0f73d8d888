"""Lowered conditions to z3. In: conditions and terms. Out: formulas, and what they speak of.

A field is a pair: whether its cell is filled, and its value. Whole numbers, days and texts are
integers: a text is the number of its name in `LITERALS`, or any other number for a text that no
rule spells out. Tests of texts are predicates on those numbers; `query` sees to it that real texts
pass them. Where an office compares texts otherwise than to the letter, cells are taken to be
written in the form in which they are compared: what is proved holds of such cells.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from operator import add, eq, ge, gt, le, lt, mul, ne, sub
from typing import Any

import z3
from msgspec import Struct, field

from zhuanjie.engine.backends.smt.civil import divided, read_off
from zhuanjie.engine.backends.smt.working import WorkMove
from zhuanjie.engine.expr.types import Kind
from zhuanjie.engine.lowering.conditions import (
    TRUE,
    AllOf,
    Among,
    AnyOf,
    Arith,
    Canonical,
    ColumnRef,
    Compare,
    Cond,
    Const,
    DayPart,
    Divide,
    Filled,
    Pick,
    Shift,
    Size,
    Term,
    TextTest,
    Value,
    WorkShift,
    all_of,
    pick,
    shift,
)
from zhuanjie.engine.regex.witness import Test
from zhuanjie.engine.vocabulary.fields import Field, FieldTable

AS_OF = ColumnRef("as_of", Kind.DATE)
"""The as-of day, left open."""
COPIES = "#copies"
MANY = "#many"
"""Of a ledger with copies: there may be more than two."""
"""Column that counts how many records like this one the ledger has."""

_COMPARE = {"==": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge}
_ARITH = {"+": add, "-": sub, "*": mul}
_PLAIN_KINDS = {"bool": Kind.BOOL, "int": Kind.INT, "date": Kind.DATE, "month": Kind.DATE}


class Literals:
    """Numbers for the texts that rules spell out, the same for the whole process."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def number(self, text: str) -> int:
        """The number that stands for `text`."""
        return self._numbers.setdefault(text, len(self._numbers))


LITERALS = Literals()


class Moved(Struct, frozen=True):
    """A day moved by calendar months: `out` is to be `base` moved by `months`.

    Constant numbers of months are a tuple: one move after the other.
    """

    base: Any
    months: Any
    out: Any


class Uses(Struct):
    """What formulas speak of: fields, texts spelt out, tests, lengths, moves, days, other columns.

    The days are those that something is read off, by their formulas.
    """

    fields: dict[str, Field] = field(default_factory=dict)
    literals: set[str] = field(default_factory=set)
    tests: set[Test] = field(default_factory=set)
    sizes: bool = False
    moved: dict[str, Moved] = field(default_factory=dict)
    dates: dict[str, Any] = field(default_factory=dict)
    worked: dict[str, WorkMove] = field(default_factory=dict)
    columns: set[str] = field(default_factory=set)

    def add(self, other: Uses) -> None:
        """Take in what `other` speaks of."""
        for name, found in other.fields.items():
            # Of two versions of a field the one with more values speaks for both.
            known = self.fields.get(name)
            if known is None or len(found.values) > len(known.values):
                self.fields[name] = found
        self.literals |= other.literals
        self.tests |= other.tests
        self.sizes = self.sizes or other.sizes
        self.moved.update(other.moved)
        self.dates.update(other.dates)
        self.worked.update(other.worked)
        self.columns |= other.columns


class Formula(Struct, frozen=True):
    """A z3 condition and what it speaks of; `&`, `|` and `~` join formulas."""

    expr: Any
    uses: Uses

    def __and__(self, other: Formula) -> Formula:
        return every((self, other))

    def __or__(self, other: Formula) -> Formula:
        return some((self, other))

    def __invert__(self) -> Formula:
        return Formula(z3.Not(self.expr), self.uses)


def every(parts: Iterable[Formula]) -> Formula:
    """All of the formulas hold."""
    return _joined(z3.And, list(parts))


def some(parts: Iterable[Formula]) -> Formula:
    """One of the formulas holds at least."""
    return _joined(z3.Or, list(parts))


def _joined(how: Any, parts: list[Formula]) -> Formula:
    uses = Uses()
    for part in parts:
        uses.add(part.uses)
    return Formula(how([p.expr for p in parts]), uses)


def kind_of(found: Field) -> Kind:
    """The kind of a field's value; an enum is a text."""
    return _PLAIN_KINDS.get(found.type, Kind.STRING)


def present(name: str) -> Any:
    """The z3 condition that the cell of field `name` is filled."""
    return z3.Bool(f"has {name}")


def value(found: Field) -> Any:
    """The z3 value of a field, of no meaning where the cell is blank."""
    return z3.Bool(found.name) if kind_of(found) is Kind.BOOL else z3.Int(found.name)


def test_of(test: Test, text: Any) -> Any:
    """The z3 condition that the text numbered `text` passes `test`."""
    return z3.Function(f"{test.op} {test.other}", z3.IntSort(), z3.BoolSort())(text)


def size_of(text: Any) -> Any:
    """The z3 length of the text numbered `text`."""
    return z3.Function("size", z3.IntSort(), z3.IntSort())(text)


def field_is(found: Field, chosen: str) -> Formula:
    """The field is filled, with the text `chosen`."""
    uses = Uses(fields={found.name: found}, literals={chosen, *found.values})
    return Formula(z3.And(present(found.name), value(found) == LITERALS.number(chosen)), uses)


def filled(chosen: Iterable[Field]) -> Formula:
    """The cells of all these fields are filled."""
    named = {found.name: found for found in chosen}
    return Formula(z3.And([present(n) for n in named]), Uses(fields=named))


class Encoder:
    """Encodes conditions. `columns` gives formulas' values for columns that are no fields."""

    def __init__(self, fields: FieldTable, columns: Mapping[str, Formula] | None = None) -> None:
        self.fields = fields
        self.columns = columns or {}
        self.uses = Uses()

    def formula(self, cond: Cond) -> Formula:
        """The condition as a formula."""
        self.uses = Uses()
        expr = self._condition(cond)
        return Formula(expr, self.uses)

    def _condition(self, cond: Cond) -> Any:
        match cond:
            case Const(value=held):
                return z3.BoolVal(held)
            case AllOf(parts=parts):
                return z3.And([self._condition(p) for p in parts])
            case AnyOf(parts=parts):
                return z3.Or([self._condition(p) for p in parts])
            case Filled(name=name, blank=blank):
                there = self._filled(name)
                return z3.Not(there) if blank else there
            case Compare(op=op, left=left, right=right):
                (a, has_a), (b, has_b) = self._term(left), self._term(right)
                return z3.And([has_a, has_b, _COMPARE[op](a, b)])
            case Among(term=term, values=values, outside=outside):
                there, known = self._term(term)
                found = z3.Or([there == self._constant(v) for v in values])
                return z3.And(known, z3.Not(found) if outside else found)
            case TextTest():
                return self._text_test(cond)

    def _text_test(self, cond: TextTest) -> Any:
        text, known = self._term(cond.text)
        if isinstance(cond.other, Value):
            test = Test(cond.op, str(cond.other.value))
            self.uses.tests.add(test)
            held = test_of(test, text)
        else:
            # A text against a text: left open, so that only a replay can tell whether it holds.
            other, also = self._term(cond.other)
            known = z3.And(known, also)
            held = z3.Function(cond.op, z3.IntSort(), z3.IntSort(), z3.BoolSort())(text, other)
        return z3.And(known, z3.Not(held) if cond.fails else held)

    def _filled(self, name: str) -> Any:
        if name in self.columns or name == AS_OF.name:
            return z3.BoolVal(True)
        self._use(name)
        return present(name)

    def _use(self, name: str) -> None:
        found = self.fields[name]
        self.uses.fields[name] = found
        self.uses.literals.update(found.values if kind_of(found) is Kind.STRING else ())

    def _constant(self, constant: Any) -> Any:
        if isinstance(constant, str):
            self.uses.literals.add(constant)
            return z3.IntVal(LITERALS.number(constant))
        return z3.BoolVal(constant) if isinstance(constant, bool) else z3.IntVal(constant)

    def _term(self, term: Term) -> tuple[Any, Any]:
        """The value, and when there is one."""
        match term:
            case Value(value=None):
                return z3.IntVal(0), z3.BoolVal(False)
            case Value(value=constant):
                return self._constant(constant), z3.BoolVal(True)
            case ColumnRef(name=name) if name in self.columns:
                self.uses.add(self.columns[name].uses)
                return self.columns[name].expr, z3.BoolVal(True)
            case ColumnRef(name=name):
                known = self._filled(name)
                return (z3.Int(name) if name == AS_OF.name else value(self.fields[name])), known
            case Arith(op=op, left=left, right=right):
                (a, has_a), (b, has_b) = self._term(left), self._term(right)
                return _ARITH[op](a, b), z3.And(has_a, has_b)
            case Divide(op=op, left=left, right=right):
                (a, has_a), (b, has_b) = self._term(left), self._term(right)
                return divided(op, a, b), z3.And(has_a, has_b, b != 0)
            case DayPart(part=part, day=inner):
                day, known = self._term(inner)
                self.uses.dates[day.sexpr()] = day
                return read_off(part, day), known
            case WorkShift(date=date, days=days, calendar=calendar):
                base, known = self._term(date)
                move = WorkMove.of(base, days, calendar)
                self.uses.worked[move.out.sexpr()] = move
                return move.out, z3.And(known, move.known())
            case Shift(date=date, months=months):
                return self._shift(date, months)
            case Canonical(text=text):
                return self._term(text)
            case Size(text=text):
                inner, known = self._term(text)
                self.uses.sizes = True
                return size_of(inner), known
            case Pick(arms=arms):
                return self._pick(arms)

    def _pick(self, arms: tuple[tuple[Cond, Term], ...]) -> tuple[Any, Any]:
        picked: Any = None
        known = []
        for cond, term in reversed(arms):
            (there, has), when = self._term(term), self._condition(cond)
            picked = there if picked is None else z3.If(when, there, picked)
            known.append(z3.And(when, has))
        return picked, z3.Or(known)

    def _shift(self, date: Term, months: Term) -> tuple[Any, Any]:
        cases = _cases(months)
        if cases is not None and len(cases) > 1:
            # A parameter that changed over the years: one move for each of its values.
            return self._term(pick(((c, shift(date, n)) for c, n in cases), Kind.DATE))
        base, known = self._term(date)
        number, counted = self._term(months)
        if cases:
            number = (cases[0][1].value,)
            inner = self.uses.moved.get(base.sexpr())
            if inner is not None and isinstance(inner.months, tuple):
                base, number = inner.base, (*inner.months, *number)
        name = f"{base.sexpr()} + {number if cases else number.sexpr()} months"
        out = z3.Int(name)
        self.uses.moved[out.sexpr()] = Moved(base, number, out)
        return out, z3.And(known, counted)


def _cases(term: Term) -> list[tuple[Cond, Value]] | None:
    """The constants a term may be, each with its condition; None where it reads the record."""
    match term:
        case Value():
            return [(TRUE, term)]
        case Pick(arms=arms):
            out = []
            for cond, inner in arms:
                found = _cases(inner)
                if found is None:
                    return None
                out += [(all_of((cond, c)), v) for c, v in found]
            return out
        case Arith(op=op, left=left, right=right, kind=kind):
            a, b = _cases(left), _cases(right)
            if a is None or b is None:
                return None
            return [(all_of((c, d)), Value(_ARITH[op](v.value, w.value), kind))
                    for c, v in a for d, w in b]
        case _:
            return None
