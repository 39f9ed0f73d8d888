"""Dates as people write them. In: a raw cell. Out: a date or month, or a CellError saying why."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from zhuanjie.engine.core.dates import Month
from zhuanjie.engine.core.unicode import squeeze
from zhuanjie.engine.ledger.cells.text import CellError, as_text, narrow

FIRST_DATE, LAST_DATE = date(1900, 1, 1), date(2999, 12, 31)
"""Dates outside are refused, so that arithmetic on them can never leave the calendar."""

SERIALS = (20_000, 80_000)
"""Numbers read as a spreadsheet's count of days: 1954 to 2119."""

# A time of day may follow and is left out; one with a zone only at midnight UTC, since any other
# may belong to the day before or after.
_TIME = r"(?:[T ]\s*(?:00:00(?::00(?:\.0+)?)?Z?|\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?))?"
_DATED = re.compile(rf"(.*?){_TIME}", re.ASCII | re.DOTALL)
_DATE = re.compile(
    r"(\d{4})(?:(?:[-/.])(\d{1,2})[-/.](\d{1,2})|年(\d{1,2})月(\d{1,2})[日号]?|(\d\d)(\d\d))",
    re.ASCII,
)
_MONTH = re.compile(
    r"(\d{4})[-/.](\d{1,2})|(\d{4})年(\d{1,2})月?|([12]\d{3})(\d\d)", re.ASCII)
_LOST_ZERO = re.compile(r"\d{4}\.1", re.ASCII)
_NO_DAY = re.compile(r"[12]\d{3}(?:年|[-/.]?\d{1,2}[-/.]?|年\d{1,2}月?)?", re.ASCII)
_UNCLEAR = re.compile(
    r"\d{1,2}[-/.年]\d{1,2}[-/.月]\d{1,4}日?|(?:\d{1,2}[-/.月])?\d{1,2}[日号]?|\d{5,7}", re.ASCII
)


def read_date(raw: object, day_zero: date | None) -> date:
    """The day a cell names; `day_zero` is what a spreadsheet's plain numbers count from."""
    if isinstance(raw, datetime):
        raw = raw.date()
    if not isinstance(raw, date):
        raw = _parse(raw, day_zero)
    if not FIRST_DATE <= raw <= LAST_DATE:
        raise CellError("records.cell.date-range", low=FIRST_DATE, high=LAST_DATE)
    return raw


def read_month(raw: object, day_zero: date | None) -> Month:
    """The month a cell names, or that the day lies in which it names; `day_zero` as above."""
    if not isinstance(raw, date):
        text = squeeze(narrow(as_text(raw)))
        if isinstance(raw, (float, Decimal)) and _LOST_ZERO.fullmatch(text):
            raise CellError("records.cell.month-unclear")
        if found := _MONTH.fullmatch(text):
            year, month = (int(part) for part in found.groups() if part)
            if not year or not 1 <= month <= 12:
                raise CellError("records.cell.month")
            raw = date(year, month, 1)
    try:
        return Month.of(read_date(raw, day_zero))
    except CellError as error:
        if error.code in ("records.cell.date-range", "records.cell.date-none"):
            raise
        raise CellError("records.cell.month") from None


def _parse(raw: object, day_zero: date | None) -> date:
    if isinstance(raw, (bool, time, timedelta)):
        raise CellError("records.cell.date")
    if day_zero and isinstance(raw, (int, float)) and SERIALS[0] <= raw <= SERIALS[1]:
        return day_zero + timedelta(days=int(raw))
    text = as_text(raw)
    if len(text) == 10 and text[4] == text[7] == "-":  # nearly every date, and the rest is slow
        with suppress(ValueError):
            return date.fromisoformat(text)
    text = narrow(text)
    dated = _DATED.fullmatch(text)
    text = squeeze(dated[1] if dated else text)
    if found := _DATE.fullmatch(text):
        year, month, day = (int(part) for part in found.groups() if part)
        try:
            return date(year, month, day)
        except ValueError:
            raise CellError("records.cell.date-none") from None
    if _NO_DAY.fullmatch(text):
        raise CellError("records.cell.date-no-day")
    raise CellError(
        "records.cell.date-unclear" if _UNCLEAR.fullmatch(text) else "records.cell.date"
    )
