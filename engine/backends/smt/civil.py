"""Parts of days, and divisions, for a solver. In: z3 terms. Out: z3 terms, and facts about years.

Of each day that something is read off, the year is a number of its own, of which it is known when
it begins and ends; all else is counted from there. Nothing is approximated.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import accumulate
from typing import Any

import z3

from zhuanjie.engine.core.dates import to_day

_LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30)
_STARTS = tuple(accumulate(_LENGTHS))
"""Days of a common year before each month but the first."""
_FIRST = to_day(date(1, 1, 1))
_SUNDAY = to_day(date(1969, 12, 28))


def divided(op: str, number: Any, by: Any) -> Any:
    """`/` or `%` on whole numbers, cut off toward zero."""
    # z3 rounds so that what is left over is never below zero.
    if z3.is_int_value(by):
        size = abs(by.as_long())
        if not size:
            return z3.IntVal(0)
        if op == "%":
            return z3.If(number >= 0, number % size, -(-number % size))
        whole = z3.If(number >= 0, number / size, -(-number / size))
        return whole if by.as_long() > 0 else -whole
    size = z3.If(by >= 0, by, -by)
    if op == "%":
        return z3.If(number >= 0, number % size, -(-number % size))
    whole = z3.If(number >= 0, number / size, -(-number / size))
    return z3.If(by >= 0, whole, -whole)


def calendar_of(day: Any) -> Iterator[Any]:
    """What is so of the year of a day."""
    year = _year(day)
    yield z3.And(_new_year(year) <= day, day < _new_year(year + 1))


def read_off(part: str, day: Any) -> Any:
    """A part of a day, of which `calendar_of` must be known."""
    year = _year(day)
    if part == "getFullYear":
        return year
    if part == "getDayOfWeek":
        return (day - _SUNDAY) % 7
    into = day - _new_year(year)
    if part == "getDayOfYear":
        return into
    leap = z3.If(_is_leap(year), 1, 0)
    starts = [start + (leap if at else 0) for at, start in enumerate(_STARTS)]
    if part == "getMonth":
        return z3.Sum([z3.If(into >= start, 1, 0) for start in starts])
    of_month = into
    for start in starts:
        of_month = z3.If(into >= start, into - start, of_month)
    return of_month + (1 if part == "getDate" else 0)


def _year(day: Any) -> Any:
    return z3.Int(f"{day.sexpr()} year")


def _new_year(year: Any) -> Any:
    past = year - 1
    return _FIRST + 365 * past + past / 4 - past / 100 + past / 400


def _is_leap(year: Any) -> Any:
    return z3.And(year % 4 == 0, z3.Or(year % 100 != 0, year % 400 == 0))
