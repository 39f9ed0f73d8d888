"""Calendar arithmetic on day numbers. In and out: days since 1970-01-01, as plain integers.

Every engine counts dates as day numbers, so that one comparison means the same in all of them.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta

EPOCH = date(1970, 1, 1)
EPOCH_ORDINAL = EPOCH.toordinal()
FIRST_DAY = date.min.toordinal() - EPOCH_ORDINAL
LAST_DAY = date.max.toordinal() - EPOCH_ORDINAL


class Month(date):
    """A year and a month, whose day is not known: held as the month's first day.

    Written as `2007-06`. It is a date, so that it is counted and stored as one.
    """

    @classmethod
    def of(cls, day: date) -> Month:
        """The month that a day lies in."""
        return cls(day.year, day.month, 1)

    def isoformat(self) -> str:
        """Year and month, as ISO 8601 writes them."""
        return super().isoformat()[:7]

    __str__ = isoformat


def to_day(value: date) -> int:
    """The day number of a date."""
    return value.toordinal() - EPOCH_ORDINAL


def from_day(day: int) -> date:
    """The date of a day number; raises OverflowError outside the years 1 to 9999."""
    return EPOCH + timedelta(days=day)


def add_months(day: int, months: int) -> int:
    """`day` moved by calendar months, clamped to the last day of a shorter month.

    31 January + 1 month is 28 or 29 February. Raises ValueError outside the years 1 to 9999.
    """
    start = from_day(day)
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        raise ValueError(year)
    month += 1
    return to_day(date(year, month, min(start.day, monthrange(year, month)[1])))
