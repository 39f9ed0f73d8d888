"""What can be read off a day, and days put together. In: day numbers, whole numbers. Out: the same.

The words are CEL's, and so is how they count: the month, the day of the month of `getDayOfMonth`,
the day of the week (Sunday) and the day of the year from 0, the day of the month of `getDate`
from 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Final

from zhuanjie.engine.core.dates import from_day, to_day

READ: Final[Mapping[str, Callable[[date], int]]] = {
    "getFullYear": lambda day: day.year,
    "getMonth": lambda day: day.month - 1,
    "getDate": lambda day: day.day,
    "getDayOfMonth": lambda day: day.day - 1,
    "getDayOfWeek": lambda day: day.isoweekday() % 7,
    "getDayOfYear": lambda day: day.timetuple().tm_yday - 1,
}
MONTH_PARTS: Final = frozenset({"getFullYear", "getMonth"})
"""What a month has, whatever its day."""


def day_part(part: str, day: int) -> int:
    """A part of the day with a number."""
    return READ[part](from_day(day))


def day_of(year: int, month: int, day: int) -> int | None:
    """The number of the day of a year, month and day of the month; None where there is none."""
    try:
        return to_day(date(year, month, day))
    except (ValueError, OverflowError):
        return None
