"""Cells to values inside a query. In: a column's type and field. Out: its value, and its doubt.

What `read_cell` would make of a cell is written as an expression for the forms that nearly all
cells have; any other cell is in doubt, and its row is read again by `read_cell` itself. So a cell
means the same here, and only the speed differs.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from operator import or_
from typing import Any

import polars as pl
from msgspec import Struct

from zhuanjie.engine.core.unicode import BLANKS
from zhuanjie.engine.ledger.cells.dates import FIRST_DATE, LAST_DATE
from zhuanjie.engine.ledger.cells.parser import dtype_of, spellings
from zhuanjie.engine.ledger.cells.text_column import is_blank, is_odd, needs_reading
from zhuanjie.engine.vocabulary.fields import Field

_DATES = (("-", "%Y-%m-%d", "-1"), ("/", "%Y/%m/%d", "/1"), (".", "%Y.%m.%d", ".1"),
          ("年", "%Y年%m月%d日", "1日"))
"""What shows the form of a column's dates, the form, and how a month's first day ends in it."""
_MONTH_LENGTH = len("2007-06")


class ColumnReader(Struct, frozen=True):
    """A column as a query reads it.

    `needs_fallback`, asked of the value, is true where that may not be what `read_cell` gives; None
    where it always is. So a value that was read already need not be read again to be doubted.
    `untrimmed`, where there is one, is a text with whatever blanks are behind it: far faster to
    read.
    """

    value: pl.Expr
    needs_fallback: Callable[[pl.Expr], pl.Expr] | None
    untrimmed: ColumnReader | None = None


def column_reader(
    field: Field, cell: pl.Expr, dtype: pl.DataType, sample: pl.Series
) -> ColumnReader:
    """How a query reads the cells of `field` from a column of `dtype`; `sample` shows a few."""
    if isinstance(dtype, pl.Null):
        return ColumnReader(pl.lit(None, dtype=dtype_of(field)), None)
    if isinstance(dtype, (pl.Categorical, pl.Enum)):
        cell, dtype = cell.cast(pl.String), pl.String()
    if isinstance(dtype, pl.String):
        sample = sample.cast(pl.String).drop_nulls()
        blank = pl.select(is_blank(field, pl.lit(sample))).to_series() if len(sample) else (
            pl.Series([], dtype=pl.Boolean))
        if field.type == "string":
            return _text(field, cell, sample, bool(blank.any()))
        if blank.any():
            cell, sample = pl.when(~is_blank(field, cell)).then(cell), sample.filter(~blank)
        return _TEXT[field.type](field, cell, sample)
    if field.type in ("date", "month") and isinstance(dtype, (pl.Date, pl.Datetime)):
        day = cell if isinstance(dtype, pl.Date) else cell.cast(pl.Date)
        return ColumnReader(day if field.type == "date" else day.dt.month_start(), _beyond)
    if field.type == "bool" and isinstance(dtype, pl.Boolean):
        return ColumnReader(cell, None)
    if field.type == "int" and dtype.is_integer():
        return _counted(field, cell, cell.cast(pl.Int64, strict=False))
    if field.type == "string" and dtype.is_integer():
        return ColumnReader(cell.cast(pl.String), None)
    return ColumnReader(pl.lit(None, dtype=dtype_of(field)), lambda _: cell.is_not_null())


def is_native(field: Field, dtype: pl.DataType) -> bool:
    """Whether a column has the type of its field, so that hardly a cell can fail to be read."""
    if isinstance(dtype, (pl.Categorical, pl.Enum)):
        dtype = pl.String()
    if isinstance(dtype, pl.Null) or (field.type == "int" and dtype.is_integer()):
        return True
    return dtype == dtype_of(field) and field.type != "enum"


def _beyond(value: pl.Expr) -> pl.Expr:
    """Whether a date is outside those that a cell may hold."""
    return (value < FIRST_DATE) | (value > LAST_DATE)


def _unread(value: pl.Expr, cell: pl.Expr) -> pl.Expr:
    return value.is_null() & cell.is_not_null()


def _counted(field: Field, cell: pl.Expr, value: pl.Expr) -> ColumnReader:
    def needs_fallback(value: pl.Expr) -> pl.Expr:
        inside = value.is_between(field.low, field.high).fill_null(value=False)
        return cell.is_not_null() & ~inside

    return ColumnReader(value, needs_fallback)


def _text(field: Field, cell: pl.Expr, sample: pl.Series, has_blanks: bool) -> ColumnReader:
    text = cell.str.strip_chars(BLANKS)
    if has_blanks or (sample.str.strip_chars(BLANKS) != sample).any():
        return ColumnReader(pl.when(~is_blank(field, text)).then(text),
                            lambda value: is_odd(field, value))
    return ColumnReader(text, lambda value: needs_reading(field, value),
                        untrimmed=ColumnReader(cell, lambda value: needs_reading(field, value)))


def _choice(field: Field, cell: pl.Expr, sample: pl.Series) -> ColumnReader:
    own = list(field.values)
    if sample.drop_nulls().is_in(own).all():
        return ColumnReader(cell, lambda value: ~reduce(or_, (value == known for known in own)))
    return _spelled(field, cell)


def _spelled(field: Field, cell: pl.Expr, *_: Any) -> ColumnReader:
    forms = spellings(field)
    value = cell.replace_strict(list(forms), list(forms.values()), default=None,
                                return_dtype=dtype_of(field))
    return ColumnReader(value, lambda value: _unread(value, cell))


def _number(field: Field, cell: pl.Expr, _: pl.Series) -> ColumnReader:
    return _counted(field, cell, cell.cast(pl.Int64, strict=False))


def _date(_: Field, cell: pl.Expr, sample: pl.Series) -> ColumnReader:
    form, _end = _form(sample)
    return _dated(cell, None if form is None else cell.str.to_date(form, strict=False))


def _month(_: Field, cell: pl.Expr, sample: pl.Series) -> ColumnReader:
    """A month is read as its first day; of a whole date the month is taken."""
    form, end = _form(sample)
    if form is None:
        return _dated(cell, None)
    short = cell.str.ends_with("月") if "月" in form else cell.str.len_chars() <= _MONTH_LENGTH
    day = pl.when(short).then(cell + end).otherwise(cell).str.to_date(form, strict=False)
    return _dated(cell, day.dt.month_start())


def _form(sample: pl.Series) -> tuple[str | None, str]:
    """The form of a column's dates, and what makes a month of that form the first of its days."""
    texts = sample.drop_nulls()
    first = str(texts[0]) if len(texts) else "-"
    return next(((form, end) for mark, form, end in _DATES if mark in first), (None, ""))


def _dated(cell: pl.Expr, day: pl.Expr | None) -> ColumnReader:
    if day is None:
        return ColumnReader(pl.lit(None, dtype=pl.Date), lambda _: cell.is_not_null())
    # What else the format lets pass: signs, years of more digits, a time of day.
    usual = (cell.str.starts_with("1") | cell.str.starts_with("2")) & (cell.str.len_chars() <= 11)
    return ColumnReader(
        pl.when(usual).then(day),
        lambda value: _beyond(value).fill_null(value=False) | _unread(value, cell))


_TEXT: dict[str, Callable[[Field, pl.Expr, pl.Series], ColumnReader]] = {
    "enum": _choice, "bool": _spelled, "int": _number, "date": _date,
    "month": _month,
}
