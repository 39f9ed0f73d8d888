"""Dates as cells hold them. In: a raw cell. Out: a date or month, or a CellError saying why."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from zhuanjie.engine.core.dates import Month
from zhuanjie.engine.core.patterns import late
from zhuanjie.engine.ledger.cells.date_text import SERIALS, month_part, read_text
from zhuanjie.engine.ledger.cells.shown import ShownDate
from zhuanjie.engine.ledger.cells.text import CellError, as_text

FIRST_DATE, LAST_DATE = date(1900, 1, 1), date(2999, 12, 31)
"""Dates outside are refused, so that arithmetic on them can never leave the calendar."""

_LOST_ZERO = late(r"\d{4}\.1", re.ASCII)
_DAY_EXAMPLE, _MONTH_EXAMPLE = "2007-06-20", "2007-06"


def read_date(raw: object, day_zero: date | None) -> date:
    """The day a cell names; `day_zero` is what a spreadsheet's plain numbers count from."""
    if isinstance(raw, datetime):
        raw = raw.date()
    if not isinstance(raw, date):
        raw = _day(raw, day_zero)
    return _within(raw)


def read_month(raw: object, day_zero: date | None) -> Month:
    """The month a cell names, or that the day lies in which it names; `day_zero` as above."""
    if isinstance(raw, datetime):
        raw = raw.date()
    if not isinstance(raw, date):
        try:
            raw = _first_day(raw, day_zero)
        except CellError:
            if isinstance(raw, ShownDate):
                raise CellError("records.cell.month-shown") from None
            raise
    return Month.of(_within(raw))


def _within(day: date) -> date:
    if not FIRST_DATE <= day <= LAST_DATE:
        raise CellError("records.cell.date-range", low=FIRST_DATE, high=LAST_DATE)
    return day


def _counted(raw: object, day_zero: date | None) -> date | None:
    """The day of a spreadsheet's plain number; None for anything else."""
    if day_zero and isinstance(raw, (int, float)) and not isinstance(raw, bool) and (
            SERIALS[0] <= raw <= SERIALS[1]):
        return day_zero + timedelta(days=int(raw))
    return None


def _day(raw: object, day_zero: date | None) -> date:
    if isinstance(raw, ShownDate):
        raise CellError("records.cell.date-shown")
    if isinstance(raw, (bool, time, timedelta)):
        raise CellError("records.cell.date")
    if (counted := _counted(raw, day_zero)) is not None:
        return counted
    text = as_text(raw)
    if len(text) == 10 and text[4] == text[7] == "-":  # nearly every date, and the rest is slow
        with suppress(ValueError):
            return date.fromisoformat(text)
    year, month, day = read_text(text, _DAY_EXAMPLE)
    if not month or not day:  # a nought is what some systems write for a day unknown
        raise CellError("records.cell.date-no-day")
    try:
        return date(year, month, day)
    except ValueError:
        raise CellError("records.cell.date-none") from None


def _first_day(raw: object, day_zero: date | None) -> date:
    """The first day of the month that is not yet a date."""
    if isinstance(raw, (bool, time, timedelta)):
        raise CellError("records.cell.month")
    if (counted := _counted(raw, day_zero)) is not None:
        return counted
    text = as_text(raw)
    if isinstance(raw, (float, Decimal)) and _LOST_ZERO.fullmatch(text):
        raise CellError("records.cell.month-unclear")
    try:
        year, month, day = read_text(month_part(text), _MONTH_EXAMPLE)
    except CellError as error:
        if error.code in ("records.cell.date", "records.cell.date-unclear"):
            raise CellError("records.cell.month") from None
        raise
    if not month:
        raise CellError("records.cell.month")
    try:
        return date(year, month, day or 1)
    except ValueError:
        code = "records.cell.month" if day is None else "records.cell.date-none"
        raise CellError(code) from None
