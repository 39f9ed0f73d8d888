"""Two-valued conditions: what rules are lowered to. In: nothing. Out: node classes and builders.

A `Cond` is definitely true or it is not; there is no negation and no unknown. A `Term` is a value
that may be missing; a comparison with a missing term is simply not true. The builders fold what is
constant, so that engines meet neither `true` operands nor arithmetic on two constants.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from zhuanjie.engine.core import workdays
from zhuanjie.engine.core.calendar import day_part
from zhuanjie.engine.core.dates import add_months
from zhuanjie.engine.core.division import DIVIDE
from zhuanjie.engine.core.workdays import WorkCalendar
from zhuanjie.engine.expr.types import Kind
from zhuanjie.engine.vocabulary import comparison
from zhuanjie.engine.vocabulary.comparison import Comparison

Constant = bool | int | str | None


class Value(Struct, frozen=True):
    """A constant; dates are day numbers, durations days, periods months. None is missing."""

    value: Constant
    kind: Kind


class ColumnRef(Struct, frozen=True):
    """The value of a field, missing where the cell is blank."""

    name: str
    kind: Kind


class Arith(Struct, frozen=True):
    """`+`, `-` or `*` on whole numbers, days or months; missing when an operand is."""

    op: str
    left: Term
    right: Term
    kind: Kind


class Divide(Struct, frozen=True):
    """`/` or `%` on whole numbers as CEL has them; missing when an operand is, or divides by 0."""

    op: str
    left: Term
    right: Term
    kind: Kind = Kind.INT


class DayPart(Struct, frozen=True):
    """What is read off a day; see `core.calendar`."""

    part: str
    day: Term
    kind: Kind = Kind.INT


class Shift(Struct, frozen=True):
    """A date moved by calendar months, clamped to the end of a shorter month."""

    date: Term
    months: Term
    kind: Kind = Kind.DATE


class WorkShift(Struct, frozen=True):
    """A date moved by so many working days (never 0), before it where below zero; see `known`."""

    date: Term
    days: int
    calendar: WorkCalendar
    kind: Kind = Kind.DATE


class Size(Struct, frozen=True):
    """The length of a text in characters."""

    text: Term
    kind: Kind = Kind.INT


class Canonical(Struct, frozen=True):
    """A text in the form in which an office compares it; see `vocabulary.comparison`."""

    text: Term
    how: Comparison
    kind: Kind = Kind.STRING


class Pick(Struct, frozen=True):
    """The term of the first arm whose condition holds; missing where none does.

    The arms' conditions exclude one another.
    """

    arms: tuple[tuple[Cond, Term], ...]
    kind: Kind


Term = Value | ColumnRef | Arith | Divide | DayPart | Shift | WorkShift | Size | Canonical | Pick


class Const(Struct, frozen=True):
    """Always, or never."""

    value: bool


class AllOf(Struct, frozen=True):
    """Every part holds."""

    parts: tuple[Cond, ...]


class AnyOf(Struct, frozen=True):
    """Some part holds."""

    parts: tuple[Cond, ...]


class Filled(Struct, frozen=True):
    """A field's cell is filled (or, with `blank`, is not)."""

    name: str
    blank: bool = False


class Compare(Struct, frozen=True):
    """`==`, `!=`, `<`, `<=`, `>` or `>=`; not true when a side is missing."""

    op: str
    left: Term
    right: Term


class Among(Struct, frozen=True):
    """A term is one of the constants (or, with `outside`, is known and is none of them)."""

    term: Term
    values: tuple[Constant, ...]
    outside: bool = False


class TextTest(Struct, frozen=True):
    """`startsWith`, `endsWith`, `contains` or `matches` (or, with `fails`, its opposite).

    Not true when a side is missing. A `matches` pattern is a constant of `check.regex.portable`.
    """

    op: str
    text: Term
    other: Term
    fails: bool = False


Cond = Const | AllOf | AnyOf | Filled | Compare | Among | TextTest

TRUE, FALSE = Const(True), Const(False)


def all_of(parts: Iterable[Cond]) -> Cond:
    """The conjunction, flattened; constants and repeated parts fold away."""
    return _join(parts, AllOf, neutral=TRUE, absorbing=FALSE)


def any_of(parts: Iterable[Cond]) -> Cond:
    """The disjunction, flattened; constants and repeated parts fold away."""
    return _join(parts, AnyOf, neutral=FALSE, absorbing=TRUE)


def _join(parts: Iterable[Cond], kind: type[AllOf] | type[AnyOf], neutral: Const,
          absorbing: Const) -> Cond:
    # Compared, not hashed: unlike trees differ at once, while a hash walks all of both.
    flat: list[Cond] = []
    cells: set[Filled] = set()
    for part in parts:
        for p in part.parts if isinstance(part, kind) else (part,):
            if p == absorbing:
                return absorbing
            if p == neutral or p in flat:
                continue
            if isinstance(p, Filled):
                if Filled(p.name, not p.blank) in cells:
                    return absorbing
                cells.add(p)
            flat.append(p)
    return kind(tuple(flat)) if len(flat) > 1 else flat[0] if flat else neutral


def filled(name: str, blank: bool = False) -> Cond:
    """The cell of `name` is filled (or blank)."""
    return Filled(name, blank)


def missing(kind: Kind) -> Value:
    """A term that is never known."""
    return Value(None, kind)


def is_missing(term: Term) -> bool:
    """Whether the term is the constant that is never known."""
    return isinstance(term, Value) and term.value is None


_COMPARE = {
    "==": lambda a, b: a == b, "!=": lambda a, b: a != b, "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b, ">": lambda a, b: a > b, ">=": lambda a, b: a >= b,
}
_ARITH = {"+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b}


def compare(op: str, left: Term, right: Term) -> Cond:
    """The comparison, folded where both sides are constants or one is never known."""
    if is_missing(left) or is_missing(right):
        return FALSE
    if isinstance(left, Value) and isinstance(right, Value):
        return Const(_COMPARE[op](left.value, right.value))
    return Compare(op, left, right)


def arith(op: str, left: Term, right: Term, kind: Kind) -> Term:
    """The arithmetic, folded where both sides are constants or one is never known."""
    if is_missing(left) or is_missing(right):
        return missing(kind)
    if isinstance(left, Value) and isinstance(right, Value):
        return Value(_ARITH[op](left.value, right.value), kind)
    # (x + 90) + 30 is x + 120: one addition less for every record.
    if op == "+" and isinstance(right, Value) and isinstance(left, Arith) and left.op == "+":
        if isinstance(left.right, Value):
            return Arith("+", left.left, Value(_ARITH["+"](left.right.value, right.value),
                                               right.kind), kind)
    return Arith(op, left, right, kind)


def divide(op: str, left: Term, right: Term) -> Term:
    """The division, folded where both sides are constants or it never has a value."""
    if is_missing(left) or is_missing(right) or (isinstance(right, Value) and right.value == 0):
        return missing(Kind.INT)
    if isinstance(left, Value) and isinstance(right, Value):
        return Value(DIVIDE[op](_int(left), _int(right)), Kind.INT)
    return Divide(op, left, right)


def part_of(part: str, day: Term) -> Term:
    """What is read off a day, folded where that is a constant."""
    if isinstance(day, Value):
        return Value(None if day.value is None else day_part(part, _int(day)), Kind.INT)
    return DayPart(part, day)


def among(term: Term, values: tuple[Constant, ...], outside: bool = False) -> Cond:
    """Whether a term is one of some constants, folded where it is one itself or never known."""
    if isinstance(term, Value):
        return Const(term.value is not None and (term.value in values) is not outside)
    return Among(term, values, outside)


def shift(date: Term, months: Term) -> Term:
    """A date moved by months, folded where both are constants or one is never known."""
    if is_missing(date) or is_missing(months):
        return missing(Kind.DATE)
    if isinstance(date, Value) and isinstance(months, Value):
        return Value(add_months(_int(date), _int(months)), Kind.DATE)
    return Shift(date, months)


def work_shift(date: Term, days: int, calendar: WorkCalendar) -> Term:
    """A date moved by working days, folded where it is a constant or moved by none."""
    if not days or is_missing(date):
        return date
    if isinstance(date, Value):
        return Value(workdays.moved(calendar, _int(date), days), Kind.DATE)
    return WorkShift(date, days, calendar)


def pick(arms: Iterable[tuple[Cond, Term]], kind: Kind) -> Term:
    """The choice, without arms that can never be taken."""
    kept = tuple((c, t) for c, t in arms if c != FALSE and not is_missing(t))
    if not kept:
        return missing(kind)
    return kept[0][1] if kept[0][0] == TRUE else Pick(kept, kind)


def canonical(term: Term, how: Comparison) -> Term:
    """A text as it is compared, folded where it is a constant; what is no text stays."""
    match term:
        case Value(value=str() as text, kind=kind):
            return Value(comparison.canonical(text, how), kind)
        case ColumnRef(kind=Kind.STRING) if how != "text":
            return Canonical(term, how)
        case _:
            return term


def known(term: Term) -> Cond:
    """When the term has a value."""
    match term:
        case Value(value=value):
            return Const(value is not None)
        case ColumnRef(name=name):
            return filled(name)
        case Arith(left=left, right=right):
            return all_of((known(left), known(right)))
        case Divide(left=left, right=right):
            return all_of((known(left), known(right), compare("!=", right, Value(0, Kind.INT))))
        case DayPart(day=day):
            return known(day)
        case Shift(date=date, months=months):
            return all_of((known(date), known(months)))
        case WorkShift(date=date, days=days, calendar=calendar):
            return all_of((known(date), any_of(
                all_of((compare(">=", date, Value(first, Kind.DATE)),
                        compare("<=", date, Value(last, Kind.DATE))))
                for first, last in workdays.known_for(calendar, days))))
        case Size(text=text) | Canonical(text=text):
            return known(text)
        case Pick(arms=arms):
            return any_of(all_of((c, known(t))) for c, t in arms)


def _int(value: Value) -> int:
    if not isinstance(value.value, int):
        raise TypeError(value)
    return value.value
