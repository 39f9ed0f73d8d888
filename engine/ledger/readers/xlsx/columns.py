"""Cells as columns. In: the filled cells of a sheet. Out: a column each, by what its cells hold.

A column whose cells are all of one kind has that kind's own type. In any other, texts stand as they
are, and so does what means the same as its text does; the rest is marked, so that every reader of
texts finds it odd, and is told apart by `RawColumns`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

import polars as pl

from zhuanjie.engine.ledger.cells.shown import ShownDate
from zhuanjie.engine.ledger.cells.text import EXACT
from zhuanjie.engine.ledger.readers.sheet_extras import DAY_ZERO
from zhuanjie.engine.ledger.readers.xlsx.long_cells import (
    COLUMN,
    DAY,
    FORM,
    ISO,
    KIND,
    LOGICAL,
    NUMBER,
    ROW,
    SHOWN,
    SPAN,
    TEXT,
    TEXTUAL,
    iso,
)

MARK = "#\ufffe"
"""What a marked cell begins with: no text in XML has the second character."""
_NUMBER = "number"
_LAST_DAY = date(9999, 12, 31)
_LEAP = 60
"""Excel counts a 29 February 1900; days before it are one off."""
_DAY_MS = 86_400_000


class Columns:
    """The columns of a sheet."""

    def __init__(self, cells: pl.DataFrame, day_zero: date) -> None:
        self.day_zero = day_zero
        self.height = 0
        """Rows down to the last filled one."""
        self.width = 0
        """Columns up to the last filled one."""
        self.count = len(cells)
        """Filled cells."""
        cells = cells.drop(FORM)
        if cells[TEXT].str.starts_with(MARK).any():  # which no text of XML does
            cells = cells.with_columns(pl.col(TEXT).str.replace_all(MARK[1], "\ufffd"))
        if len(cells):
            self.height = int(cells[ROW].max()) + 1  # type: ignore[arg-type]  # numbers
            self.width = int(cells[COLUMN].max()) + 1  # type: ignore[arg-type]  # as above
        if (cells[KIND] != TEXTUAL).any():
            cells = cells.with_columns(
                pl.when(pl.col(KIND).is_in([NUMBER, DAY])).then(TEXT).cast(pl.Float64).alias(
                    _NUMBER))
        else:
            cells = cells.with_columns(pl.lit(None, dtype=pl.Float64).alias(_NUMBER))
        order = cells.group_by(COLUMN).agg(
            (pl.col(ROW).cast(pl.Int64).diff().fill_null(1) > 0).all().alias("kept"))
        if not order["kept"].all():
            # Out of order, or twice: the last cell of a place is the one that stands there.
            cells = cells.unique([COLUMN, ROW], keep="last").sort(COLUMN, ROW)
        self._cells = cells

    def _tell(self, cells: pl.DataFrame) -> dict[int, dict[str, Any]]:
        """By column, what all its cells are."""
        number = pl.col(_NUMBER)
        least = 1 if self.day_zero != DAY_ZERO else _LEAP + 1
        most = (_LAST_DAY - self.day_zero).days + 1
        told = cells.group_by(COLUMN).agg(
            pl.col(KIND).min().alias("least"), pl.col(KIND).max().alias("most"),
            (number == number.floor()).all().alias("whole"),
            (number.abs() < EXACT).all().alias("exact"),
            (number.is_not_nan() & (number >= least) & (number < most)).all().alias("days"))
        return {int(column["column"]): column for column in told.iter_rows(named=True)}

    def rows(self, first: int, end: int) -> list[list[object]]:
        """The cells of whole rows, each from the first column; blanks are empty texts."""
        out: list[list[object]] = [[""] * self.width for _ in range(first, end)]
        some = self._cells.filter(pl.col(ROW).is_between(first, end, closed="left"))
        for row, column, text, kind in some.select(ROW, COLUMN, TEXT, KIND).iter_rows():
            out[row - first][column] = self.value(kind, text)
        return out

    def with_numbers(self, first: int, end: int) -> frozenset[int]:
        """The columns that have a number from row to row."""
        return frozenset(self._cells.filter(pl.col(ROW).is_between(
            first, end, closed="left") & (pl.col(KIND) == NUMBER))[COLUMN].unique())

    def holds(self, words: Iterable[str], first: int) -> bool:
        """Whether some cell from a row on is one of some words, blanks around it aside."""
        known = pl.lit(pl.Series(list(words), dtype=pl.String)).implode()
        return bool(self._cells.select((
            (pl.col(ROW) >= first) & pl.col(TEXT).str.strip_chars().is_in(known)).any()).item())

    def frame(self, counts: Sequence[bool], first: int,
              end: int) -> tuple[pl.DataFrame, frozenset[int]]:
        """As many first columns as `counts` has items, each true where numbers in the column may be
        days; from row to row. And in which of them cells are marked."""
        height = max(0, end - first)
        cells = self._cells.filter(pl.col(ROW).is_between(first, end, closed="left"))
        told = self._tell(cells)
        marked = frozenset(at for at in told if at < len(counts) and self._is_mixed(told[at]))
        if marked:
            mixed = pl.col(COLUMN).is_in(list(marked))
            counted = pl.col(COLUMN).is_in([at for at in marked if counts[at]])
            cells = pl.concat([cells.filter(~mixed),
                               cells.filter(mixed).with_columns(self._marked(counted))])
        parts = cells.partition_by(COLUMN, as_dict=True, include_key=False)
        nothing = pl.repeat(None, height, dtype=pl.Null, eager=True)
        places = pl.repeat(None, height, dtype=pl.UInt32, eager=True)
        numbers = pl.int_range(height, dtype=pl.UInt32, eager=True)
        columns = []
        for at in range(len(counts)):
            part = parts.get((at,))
            if part is None:
                columns.append(pl.lit(nothing).alias(str(at)))
                continue
            values = pl.lit(part[TEXT]) if at in marked else self._values(told[at], part)
            if len(part) != height:
                there = places.clone().scatter(part[ROW] - first, numbers.head(len(part)))
                values = values.gather(pl.lit(there))
            columns.append(values.alias(str(at)))
        return pl.select(*columns), marked

    def _is_mixed(self, told: Mapping[str, Any]) -> bool:
        """Whether a column's cells are not all of one kind with a type of its own."""
        kind = told["least"]
        return kind != told["most"] or kind not in (TEXTUAL, LOGICAL, NUMBER, DAY) or (
            kind == DAY and not told["days"])

    def _values(self, told: Mapping[str, Any], part: pl.DataFrame) -> pl.Expr:
        """The filled cells of a column that is not mixed."""
        texts, numbers, kind = pl.lit(part[TEXT]), pl.lit(part[_NUMBER]), told["least"]
        if kind == TEXTUAL:
            return texts
        if kind == LOGICAL:
            return ~texts.is_in(["0", "false"])
        if kind == NUMBER:
            return numbers.cast(pl.Int64) if told["whole"] and told["exact"] else numbers
        return self._days(numbers, whole=told["whole"])

    def _days(self, numbers: pl.Expr, *, whole: bool) -> pl.Expr:
        """Day numbers as days, or as moments."""
        if whole:
            zero = (self.day_zero - date(1970, 1, 1)).days
            return (numbers.cast(pl.Int32) + zero).cast(pl.Date)
        zero = (self.day_zero - date(1970, 1, 1)).days * _DAY_MS
        return ((numbers * _DAY_MS).round(0).cast(pl.Int64) + zero).cast(pl.Datetime("ms"))

    def value(self, kind: int, text: str) -> object:
        """What a cell holds."""
        if kind == TEXTUAL:
            return text
        if kind == LOGICAL:
            return text not in ("0", "false")
        if kind == SHOWN:
            return ShownDate(text)
        if kind == ISO:
            return iso(text) or text
        number = float(text)
        if kind == NUMBER:
            return number
        try:
            if kind == SPAN:
                return timedelta(milliseconds=round(number * _DAY_MS))
            return self._day(number)
        except (OverflowError, ValueError):  # beyond the calendar, or no number
            return number

    def _day(self, number: float) -> object:
        whole = round(abs(number) * _DAY_MS) if number < 1 else round(number * _DAY_MS)
        days, rest = divmod(whole, _DAY_MS)
        moment = (datetime.min + timedelta(milliseconds=rest)).time()
        if number < 1:
            return moment
        if self.day_zero == DAY_ZERO and number < _LEAP:
            days += 1
        day = self.day_zero + timedelta(days=days)
        if number == int(number):
            return day
        return datetime.combine(day, moment) if isinstance(moment, time) else day

    def _marked(self, counted: pl.Expr) -> pl.Expr:
        """Cells of several kinds as texts, some of them marked; `counted` as for `frame`."""
        kind, number = pl.col(KIND), pl.col(_NUMBER)
        whole = number == number.floor()
        least = _LEAP + 1 if self.day_zero == DAY_ZERO else 1
        is_day = (kind == DAY) & whole & (number >= least) & (
            number <= (_LAST_DAY - self.day_zero).days)
        is_count = (kind == NUMBER) & whole & (number.abs() < EXACT) & ~counted
        return (
            pl.when(kind == TEXTUAL).then(TEXT)
            .when(is_day).then(self._days(pl.when(is_day).then(number), whole=True).cast(pl.String))
            .when(is_count).then(pl.when(is_count).then(number).cast(pl.Int64).cast(pl.String))
            .otherwise(pl.lit(MARK) + kind.cast(pl.String) + pl.col(TEXT)).alias(TEXT)
        )

    def raw(self, cells: Mapping[int, pl.Series],
            marked: frozenset[int]) -> dict[int, pl.Series | Sequence[object]]:
        """Columns of `frame`, or parts of them, with what was marked as what it is."""
        out: dict[int, pl.Series | Sequence[object]] = dict(cells)
        for at in marked & cells.keys():
            out[at] = [self._unmarked(text) for text in cells[at]]
        return out

    def _unmarked(self, text: str | None) -> object:
        if text is None or not text.startswith(MARK):
            return text
        at = len(MARK)
        return self.value(int(text[at]), text[at + 1:])
