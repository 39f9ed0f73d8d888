"""What must be so of single cells wherever a condition holds. In: conditions. Out: boxes.

A box is read off a condition without the solver: which cells are filled or blank, and between
which bounds or among which values they lie. It says less than the condition, never more: each
test only ever adds what the condition itself demands, an `AnyOf` keeps what all of its parts
demand, and what is not understood demands nothing. So two conditions whose boxes share no record
cannot both hold; boxes that do share one prove nothing, and the solver is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from msgspec import Struct

from zhuanjie.engine.expr.operators import TURNED
from zhuanjie.engine.lowering.conditions import (
    AllOf,
    Among,
    AnyOf,
    Arith,
    Canonical,
    ColumnRef,
    Compare,
    Cond,
    Const,
    Filled,
    Shift,
    Size,
    Term,
    TextTest,
    Value,
)

Key = tuple[str, str]
"""A cell, or with a way to compare texts the form of its text that is compared."""
Constant = bool | int | str


class Demand(Struct, frozen=True):
    """What is demanded of a cell: filled, blank or either; bounds; values. None demands nothing."""

    there: bool | None = None
    low: int | None = None
    high: int | None = None
    among: frozenset[Constant] | None = None

    @property
    def possible(self) -> bool:
        """Whether a cell can be so."""
        if self.there is False:
            return self.low is None and self.high is None and self.among is None
        return (self.among is None or bool(self.among)) and not (
            self.low is not None and self.high is not None and self.low > self.high)

    def both(self, other: Demand) -> Demand | None:
        """What both demand; None where no cell can be so."""
        if None not in (self.there, other.there) and self.there is not other.there:
            return None
        there = self.there if self.there is not None else other.there
        lows = [b for b in (self.low, other.low) if b is not None]
        highs = [b for b in (self.high, other.high) if b is not None]
        among = (other.among if self.among is None else self.among if other.among is None
                 else self.among & other.among)
        cell = Demand(there, max(lows, default=None), min(highs, default=None), among)
        return cell if cell.possible else None

    def either(self, other: Demand) -> Demand:
        """What each of them demands."""
        low = (None if self.low is None or other.low is None else min(self.low, other.low))
        high = (None if self.high is None or other.high is None else max(self.high, other.high))
        among = (None if self.among is None or other.among is None
                 else self.among | other.among)
        there = self.there if self.there is other.there else None
        return Demand(there, low, high, among)


Box = Mapping[Key, Demand]
_FILLED: Final = Demand(True)
_BLANK: Final = Demand(False)
_ANYTHING: Final[Box] = {}


def box_of(cond: Cond) -> Box | None:
    """What must be so where `cond` holds; None where it never does."""
    match cond:
        case Const(value=held):
            return _ANYTHING if held else None
        case AllOf(parts=parts):
            return meet(map(box_of, parts))
        case AnyOf(parts=parts):
            return join(map(box_of, parts))
        case Filled(name=name, blank=blank):
            return {(name, ""): _BLANK if blank else _FILLED}
        case Compare(op=op, left=left, right=right):
            return meet((_known(left), _known(right), _bound(op, left, right)))
        case Among(term=term, values=values, outside=outside):
            return meet((_known(term), _ANYTHING if outside else _one_of(term, values)))
        case TextTest(text=text, other=other):
            return meet((_known(text), _known(other)))
        case _:
            return _ANYTHING


def meet(boxes: Iterable[Box | None]) -> Box | None:
    """What holds where all of them do."""
    out: dict[Key, Demand] = {}
    for box in boxes:
        if box is None:
            return None
        for key, cell in box.items():
            held = out[key].both(cell) if key in out else cell
            if held is None:
                return None
            out[key] = held
    return out


def join(boxes: Iterable[Box | None]) -> Box | None:
    """What holds where one of them does."""
    out: Box | None = None
    for box in boxes:
        if box is None:
            continue
        out = box if out is None else {
            key: cell.either(box[key]) for key, cell in out.items() if key in box}
    return out


def _known(term: Term) -> Box:
    """The cells without which a term has no value."""
    return {(name, ""): _FILLED for name in _read(term)}


def _read(term: Term) -> Iterator[str]:
    match term:
        case ColumnRef(name=name):
            yield name
        case Arith(left=left, right=right):
            yield from _read(left)
            yield from _read(right)
        case Shift(date=date, months=months):
            yield from _read(date)
            yield from _read(months)
        case Size(text=text) | Canonical(text=text):
            yield from _read(text)
        case _:
            return  # a choice may do without any one of them


def _bound(op: str, left: Term, right: Term) -> Box:
    if isinstance(left, Value):
        op, left, right = TURNED[op], right, left
    if not isinstance(right, Value) or right.value is None:
        return _ANYTHING
    number: Any = right.value
    if op == "==":
        return _one_of(left, (number,))
    key = _key(left)
    if key is None or isinstance(number, bool | str):
        return _ANYTHING
    match op:
        case "<" | "<=":
            return {key: Demand(True, None, number - (op == "<"))}
        case ">" | ">=":
            return {key: Demand(True, number + (op == ">"))}
        case _:
            return _ANYTHING


def _one_of(term: Term, values: Iterable[Any]) -> Box:
    key, given = _key(term), frozenset(values)
    if key is None or None in given:
        return _ANYTHING
    numbers = [v for v in given if not isinstance(v, bool | str)]
    if len(numbers) < len(given) or not given:
        return {key: Demand(True, among=given)}
    return {key: Demand(True, min(numbers), max(numbers), given)}


def _key(term: Term) -> Key | None:
    match term:
        case ColumnRef(name=name):
            return name, ""
        case Canonical(text=ColumnRef(name=name), how=how):
            return name, str(how)
        case _:
            return None
