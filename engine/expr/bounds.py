"""Bounds of what functions give. In: the types of operands. Out: a least and a greatest value."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Sequence
from datetime import UTC, date, datetime

from zhuanjie.engine.core.calendar import day_part
from zhuanjie.engine.core.dates import to_day
from zhuanjie.engine.core.division import quotient
from zhuanjie.engine.expr.types import INT64, Kind, Type

_PARTS = {"getMonth": (0, 11), "getDate": (1, 31), "getDayOfMonth": (0, 30),
          "getDayOfWeek": (0, 6), "getDayOfYear": (0, 365)}
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII)


def quotient_bounds(number: Type, by: Type) -> tuple[int, int]:
    """Of a quotient, wherever there is one."""
    divisors = {by.low, by.high} | {n for n in (-1, 1) if by.low <= n <= by.high}
    corners = [quotient(n, d) for n in (number.low, number.high) for d in divisors - {0}]
    return (min(corners), max(corners)) if corners else (0, 0)


def remainder_bounds(number: Type, by: Type) -> tuple[int, int]:
    """Of a remainder, wherever there is one.

    Of the least number there is, -1 leaves none: CEL divides, and its quotient has no 64 bits.
    """
    if number.low <= INT64[0] and by.low <= -1 <= by.high:
        return INT64[0], INT64[1] + 1
    most = max(abs(by.low), abs(by.high)) - 1
    return (max(number.low, -most) if number.low < 0 else 0,
            min(number.high, most) if number.high > 0 else 0)


def part_bounds(part: str, day: Type) -> tuple[int, int]:
    """Of a part of a day."""
    if part == "getFullYear":
        return day_part(part, day.low), day_part(part, day.high)
    if day.low == day.high and day.kind is Kind.DATE:
        return day_part(part, day.low), day_part(part, day.low)
    return _PARTS[part]


def worked_bounds(start: Type, count: Type) -> tuple[int, int]:
    """Of a day that is moved by working days; one that is moved by none stays where it is."""
    assert count.calendar is not None
    low, high = count.calendar.bounds()
    if count.low <= 0 <= count.high:
        return min(low, start.low), max(high, start.high)
    return low, high


def date_bounds(parts: Sequence[Type]) -> tuple[int, int]:
    """Of the day of a year, month and day of the month, wherever there is one."""
    (year, last_year), (month, last_month), (day, last_day) = (
        (min(max(p.low, least), most), max(min(p.high, most), least))
        for p, (least, most) in zip(parts, ((1, 9999), (1, 12), (1, 31)), strict=True))
    return _clamped(year, month, day), _clamped(last_year, last_month, last_day)


def _clamped(year: int, month: int, day: int) -> int:
    return to_day(date(year, month, min(day, monthrange(year, month)[1])))


def midnight(text: str) -> tuple[str, int]:
    """The day of a point in time that is written as CEL wants it, at midnight UTC.

    The first is what is wrong with it: `timestamp` or `timestamp-time`; empty where nothing is.
    """
    if _TIME.fullmatch(text) is None:
        return "timestamp", 0
    try:
        time = datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC)
    except (ValueError, OverflowError):
        return "timestamp", 0
    fraction = text.partition(".")[2].rstrip("Z").partition("+")[0].partition("-")[0]
    if (time.hour, time.minute, time.second) != (0, 0, 0) or fraction.strip("0"):
        return "timestamp-time", to_day(time.date())
    return "", to_day(time.date())
