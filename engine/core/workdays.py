"""Working days of a table of years. In: a calendar, day numbers. Out: day numbers, or None.

Monday to Friday are worked but for the days off, Saturday and Sunday are not but for those that are
worked. Of years that the table does not have nothing is known.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from datetime import date
from functools import lru_cache

from msgspec import Struct

from zhuanjie.engine.core.dates import to_day

Stretch = tuple[int, int]
"""A first and a last day."""


class WorkCalendar(Struct, frozen=True):
    """Runs of years that are known, each from a first to a last; weekdays off, weekends worked."""

    years: tuple[tuple[int, int], ...]
    off: tuple[int, ...]
    worked: tuple[int, ...]

    def bounds(self) -> Stretch:
        """The first and the last day of which anything is known."""
        (first, _), (_, last) = self.years[0], self.years[-1]
        return _whole(first, last)


def is_weekend(day: int) -> bool:
    """Whether a day is a Saturday or a Sunday."""
    return (day + 3) % 7 > 4  # day 0 is a Thursday


def moved(calendar: WorkCalendar, day: int, count: int) -> int | None:
    """The working day that is the `count`th after `day`, or before it where that is below zero.

    `day` itself does not count; by none it stays where it is. None where a day that has to be
    looked at lies in a year that is not known.
    """
    if not count:
        return day
    for (first, last), days in _runs(calendar):
        if count > 0 and first - 1 <= day <= last:
            at = bisect_right(days, day) + count - 1
            return days[at] if at < len(days) else None
        if count < 0 and first <= day <= last + 1:
            at = bisect_left(days, day) + count
            return days[at] if at >= 0 else None
    return None


@lru_cache(maxsize=64)
def known_for(calendar: WorkCalendar, count: int) -> tuple[Stretch, ...]:
    """The days that `moved` moves by a count other than 0."""
    found = []
    for (first, last), days in _runs(calendar):
        if abs(count) <= len(days):
            found.append((first - 1, days[-count] - 1) if count > 0 else (days[-count - 1] + 1,
                                                                          last + 1))
    return tuple(found)


@lru_cache(maxsize=64)
def steps(calendar: WorkCalendar, count: int) -> tuple[int, tuple[int | None, ...]]:
    """By how many days each day is moved, from the first that is; None in between where none is."""
    known = known_for(calendar, count)
    if not known:
        return 0, ()
    first, last = known[0][0], known[-1][1]
    there = ((day, moved(calendar, day, count)) for day in range(first, last + 1))
    return first, tuple(None if to is None else to - day for day, to in there)


@lru_cache(maxsize=64)
def alike(calendar: WorkCalendar, count: int) -> dict[int, tuple[Stretch, ...]]:
    """By how many days days are moved: for each such number the stretches of those that are."""
    found: dict[int, list[Stretch]] = {}
    first, moves = steps(calendar, count)
    for day, by in enumerate(moves, first):
        if by is None:
            continue
        there = found.setdefault(by, [])
        if there and there[-1][1] == day - 1:
            there[-1] = there[-1][0], day
        else:
            there.append((day, day))
    return {by: tuple(stretches) for by, stretches in found.items()}


@lru_cache(maxsize=16)
def told_apart(one: WorkCalendar, other: WorkCalendar, count: int) -> tuple[Stretch, ...]:
    """The stretches of days that two calendars move to different days."""
    first, moves = steps(one, count)
    found: list[Stretch] = []
    for day, by in enumerate(moves, first):
        there = moved(other, day, count)
        if by is None or there is None or there == day + by:
            continue
        if found and found[-1][1] == day - 1:
            found[-1] = found[-1][0], day
        else:
            found.append((day, day))
    return tuple(found)


def same_target(calendar: WorkCalendar, day: int, count: int) -> Stretch:
    """The days around `day` that are moved to the same day as it."""
    low = high = day
    there = moved(calendar, day, count)
    while moved(calendar, low - 1, count) == there:
        low -= 1
    while moved(calendar, high + 1, count) == there:
        high += 1
    return low, high


@lru_cache(maxsize=16)
def _runs(calendar: WorkCalendar) -> tuple[tuple[Stretch, tuple[int, ...]], ...]:
    """Each run of years with its working days, in order."""
    return tuple((_whole(*run), tuple(_days(calendar, *_whole(*run)))) for run in calendar.years)


def _days(calendar: WorkCalendar, first: int, last: int) -> Iterator[int]:
    off, worked = frozenset(calendar.off), frozenset(calendar.worked)
    return (day for day in range(first, last + 1)
            if (day in worked if is_weekend(day) else day not in off))


def _whole(first: int, last: int) -> Stretch:
    return to_day(date(first, 1, 1)), to_day(date(last, 12, 31))
