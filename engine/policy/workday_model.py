"""Tables of working days. In: plain data from YAML. Out: frozen, validated models, a calendar."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Annotated

from pydantic import Field, model_validator

from zhuanjie.engine.core.dates import from_day, to_day
from zhuanjie.engine.core.models import Strict, Text
from zhuanjie.engine.core.workdays import WorkCalendar, is_weekend

Year = Annotated[int, Field(ge=1900, le=2999)]


class DayRange(Strict):
    """Days from `from` to `to`, both included."""

    start: date = Field(alias="from")
    end: date = Field(alias="to")

    @model_validator(mode="after")
    def _order(self) -> DayRange:
        if self.end < self.start:
            raise ValueError("period.order")
        return self


class WorkingYear(Strict):
    """A year of which it is known on which days there is work: Monday to Friday, but as said here.

    `off` are days without work (weekends among them change nothing), `worked` are Saturdays and
    Sundays with.
    """

    off: tuple[date | DayRange, ...] = ()
    worked: tuple[date | DayRange, ...] = ()
    source: Text | None = Field(default=None, description="the paper that says so")

    @model_validator(mode="after")
    def _days(self) -> WorkingYear:
        off, worked = set(days_in(self.off)), set(days_in(self.worked))
        if not all(map(is_weekend, worked)):
            raise ValueError("workdays.weekday")
        if off & worked:
            raise ValueError("workdays.both")
        return self


def days_in(listed: Iterable[date | DayRange]) -> Iterator[int]:
    """The days of a list of days and ranges."""
    for item in listed:
        # What was kept is of another class: whatever is no day is a range.
        low, high = (item, item) if isinstance(item, date) else (item.start, item.end)
        yield from range(to_day(low), to_day(high) + 1)


def check_years(years: Mapping[int, WorkingYear]) -> Mapping[int, WorkingYear]:
    """The same years; raises ValueError for days of another year than theirs."""
    if any(from_day(day).year != year for year, table in years.items()
           for day in days_in((*table.off, *table.worked))):
        raise ValueError("workdays.year")
    return years


def calendar_of(years: Mapping[int, WorkingYear]) -> WorkCalendar | None:
    """The calendar that tables of years make, if there are any."""
    if not years:
        return None
    runs: list[tuple[int, int]] = []
    for year in sorted(years):
        if runs and runs[-1][1] == year - 1:
            runs[-1] = runs[-1][0], year
        else:
            runs.append((year, year))
    off = {d for table in years.values() for d in days_in(table.off) if not is_weekend(d)}
    worked = {d for table in years.values() for d in days_in(table.worked)}
    return WorkCalendar(tuple(runs), tuple(sorted(off)), tuple(sorted(worked)))


def calendar_in(packs: Iterable[Mapping[int, WorkingYear]]) -> WorkCalendar | None:
    """The calendar of packs that build on each other: of each year the last table counts."""
    return calendar_of({year: table for years in packs for year, table in years.items()})
