"""A day put together of its parts. In: terms for a year, a month, a day. Out: a term, conditions.

The count of days is plain arithmetic (years begin in March here, so that the leap day comes last),
which every engine does alike. Bounds that are known of the parts save what need not be asked.
"""

from __future__ import annotations

from collections.abc import Sequence

from zhuanjie.engine.expr.types import Kind, Type
from zhuanjie.engine.lowering.conditions import (
    Cond,
    Term,
    Value,
    all_of,
    among,
    any_of,
    arith,
    compare,
    divide,
    known,
    pick,
)

_LONG, _SHORT = (1, 3, 5, 7, 8, 10, 12), (2, 4, 6, 9, 11)
_RANGES = ((1, 9999), (1, 12), (1, 31))
_BEFORE = 719_468
"""Days from 1 March of the year 0 to the day that days are counted from."""


def civil_day(parts: Sequence[Term], types: Sequence[Type]) -> Term:
    """The day of a year, month and day of the month; missing where there is none."""
    year, month, day = parts
    # How many months since March; 10 and 11 belong to the next year.
    since = _rest(_sum(month, 9), 12)
    years = arith("-", year, _whole(since, 10), Kind.INT)
    days = [_whole(years, 4), arith("-", _number(0), _whole(years, 100), Kind.INT),
            _whole(years, 400), _whole(_sum(_times(since, 306), 5), 10), day]
    total: Term = _times(years, 365)
    for part in days:
        total = arith("+", total, part, Kind.DATE)
    total = arith("-", total, _number(_BEFORE + 1), Kind.DATE)
    return pick([(is_day(parts, types), total)], Kind.DATE)


def is_day(parts: Sequence[Term], types: Sequence[Type]) -> Cond:
    """When there is such a day."""
    (year, month, day), (_, _, days) = parts, types
    inside = [compare(op, part, _number(end))
              for part, type_, (least, most) in zip(parts, types, _RANGES, strict=True)
              for op, end, sure in ((">=", least, type_.low >= least),
                                    ("<=", most, type_.high <= most)) if not sure]
    if days.high <= 28:
        return all_of(inside)
    leap = all_of((compare("==", _rest(year, 4), _number(0)), any_of((
        compare("!=", _rest(year, 100), _number(0)), compare("==", _rest(year, 400), _number(0))))))
    return all_of((*inside, any_of((
        compare("<=", day, _number(28)),
        all_of((compare("<=", day, _number(29)), any_of((
            compare("!=", month, _number(2)), leap)))),
        all_of((compare("<=", day, _number(30)), compare("!=", month, _number(2)))),
        among(month, _LONG),
    ))))


def is_no_day(parts: Sequence[Term], types: Sequence[Type]) -> Cond:
    """When all three are known, and there is no such day."""
    (year, month, day), (_, _, days) = parts, types
    outside = [compare(op, part, _number(end))
               for part, type_, (least, most) in zip(parts, types, _RANGES, strict=True)
               for op, end, sure in (("<", least, type_.low >= least),
                                     (">", most, type_.high <= most)) if not sure]
    if days.high > 28:
        common = any_of((
            compare("!=", _rest(year, 4), _number(0)),
            all_of((compare("==", _rest(year, 100), _number(0)),
                    compare("!=", _rest(year, 400), _number(0))))))
        february = compare("==", month, _number(2))
        outside += [
            all_of((compare(">", day, _number(30)), among(month, _SHORT))),
            all_of((compare(">", day, _number(29)), february)),
            all_of((compare(">", day, _number(28)), february, common)),
        ]
    return all_of((any_of(outside), *(known(part) for part in parts)))


def _number(value: int) -> Value:
    return Value(value, Kind.INT)


def _sum(term: Term, by: int) -> Term:
    return arith("+", term, _number(by), Kind.INT)


def _times(term: Term, by: int) -> Term:
    return arith("*", term, _number(by), Kind.INT)


def _whole(term: Term, by: int) -> Term:
    return divide("/", term, _number(by))


def _rest(term: Term, by: int) -> Term:
    return divide("%", term, _number(by))
