"""A sheet of a workbook as a table. In: its cells. Out: a ledger's table, typed where it is.

Cells that are texts, days or numbers throughout a column stay columns, so that a ledger of any size
is read as a query; only cells that need judgement become objects.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path

import polars as pl

from zhuanjie.engine.core.diagnostics import Diagnostic, Place
from zhuanjie.engine.core.errors import InputError, fail
from zhuanjie.engine.core.limits import limits
from zhuanjie.engine.core.location import column_letter
from zhuanjie.engine.core.own_sheets import OWN_SHEET
from zhuanjie.engine.ledger.further_tables import heading_words
from zhuanjie.engine.ledger.header import SEARCHED, find_header
from zhuanjie.engine.ledger.headings import HeadingMap
from zhuanjie.engine.ledger.readers.base import Cells, Chunk
from zhuanjie.engine.ledger.readers.laid_out import Row
from zhuanjie.engine.ledger.readers.merged import sources_down, spread
from zhuanjie.engine.ledger.readers.oversize import refuse_far
from zhuanjie.engine.ledger.readers.refuse import not_a_ledger
from zhuanjie.engine.ledger.readers.stacked import StackedTable
from zhuanjie.engine.ledger.readers.xlsx.columns import Columns
from zhuanjie.engine.ledger.readers.xlsx.sheet import ReadSheet
from zhuanjie.engine.vocabulary.fields import Field

SAMPLE = 1000
"""Rows looked at for texts that were typed as numbers."""
BLOCK = 10_000
MOST_FILLED, TIMES_FILLED = 200_000, 4
"""Cells that merged ranges may fill in any case, and for each cell that is filled by itself."""


class SheetLedger(StackedTable):
    """One sheet of a workbook."""

    row_rules = "layout"

    def __init__(self, path: Path, place: Place, mapping: HeadingMap, columns: Columns,
                 read: ReadSheet) -> None:
        super().__init__()
        name = place.file or ""
        self.file, self.sheet, self.path = name, place.sheet, path
        self._columns, self._mapping = columns, mapping
        facts = read.facts
        self.day_zero = columns.day_zero
        self.hidden_rows = frozenset(facts.hidden_rows)
        self.struck_rows = _struck(facts.struck)
        self.filtered = facts.filtered
        self._uncomputed = facts.formulas.uncomputed
        self._frame: tuple[int, int, pl.DataFrame, frozenset[int]] | None = None
        top = columns.rows(0, min(SEARCHED, columns.height))
        spread(top, facts.merged)
        header = find_header(top, mapping, self.place)
        if header is None:
            raise not_a_ledger(name, self.sheet, top, mapping)
        self._end = columns.height
        # In the records a value goes down its merged cells and never sideways, where a merged
        # line is a note or a heading between records.
        self._merged = [m for m in facts.merged if m[0][0] > header.last and m[1][0] > m[0][0]]
        self._head(header, mapping)
        self._notice()

    def _notice(self) -> None:
        """Say what about the sheet may mislead."""
        if self._uncomputed:
            self.notices.append(Diagnostic("records.uncomputed", {"count": self._uncomputed},
                                           self.place, "records.hint.uncomputed"))
        numbers = self._columns.with_numbers(self.header_row or 0, SEARCHED + SAMPLE)
        for at, field in self.match.fields.items():
            if field.type == "string" and at in numbers:
                self.notices.append(Diagnostic(
                    "records.number-as-text", {"heading": self.headings[at]},
                    Place(self.file, self.sheet, self.header_row, column_letter(at)),
                    "records.hint.number-as-text",
                ))

    def _kept_rows(self) -> Iterator[Row] | None:
        """See `StackedTable`; None where no row can be another header."""
        # Few sheets have any, and looking through the rows of a large one takes its time.
        if not self._columns.holds(heading_words(self._mapping), self.header_row or 0):
            return None
        return chain.from_iterable(
            self._columns.rows(at, min(at + BLOCK, self._columns.height))
            for at in range(0, self._columns.height, BLOCK))

    def scan(self) -> pl.LazyFrame:
        """The rows below the header as a query."""
        return self._rows_below()[0].lazy()

    @property
    def at_once(self) -> int:
        """Columns can be read from any row on."""
        return limits().text_rows

    def chunks(self, size: int) -> Iterator[Chunk]:
        """The rows below the header."""
        number = (self.header_row or 0) + 1
        for frame in self._rows_below()[0].iter_slices(size):
            rows = pl.int_range(number, number + frame.height, eager=True)
            cells = self.raw({at: frame[str(at)] for at in range(frame.width)})
            yield Chunk({at: _listed(column) for at, column in cells.items()}, rows)
            number += frame.height

    def raw(self, cells: Mapping[int, pl.Series]) -> Mapping[int, Cells]:
        """See `LedgerTable`."""
        return self._columns.raw(cells, self._rows_below()[1])

    def close(self) -> None:
        """Let go of the columns."""
        self._frame = None

    def _rows_below(self) -> tuple[pl.DataFrame, frozenset[int]]:
        """The rows below the header, values repeated down their merged cells; which columns hold
        marked cells."""
        first, end = self.header_row or 0, self._end
        if self._frame is None or self._frame[:2] != (first, end):
            height = max(0, end - first)
            frame, marked = self._columns.frame([
                _counts(self.match.fields.get(at)) for at in range(len(self.headings))], first, end)
            self._refuse_filling(first, end)
            for at, pairs in sources_down(self._merged, first, end).items():
                if at < frame.width:
                    source = pl.int_range(height, eager=True).scatter(
                        pl.Series([row for row, _ in pairs]), pl.Series([s for _, s in pairs]))
                    frame = frame.with_columns(frame[str(at)].gather(source))
            self._frame = first, end, frame, marked
        return self._frame[2:]


    def _refuse_filling(self, first: int, end: int) -> None:
        """Refuse merged ranges that would fill far more rows than have cells of their own."""
        filled = sum(min(bottom, end) - top for (top, _), (bottom, _) in self._merged
                     if first <= top < end)
        if filled > MOST_FILLED and filled > TIMES_FILLED * self._columns.count:
            raise fail(InputError, "records.far-cell", self.place, "records.hint.far-cell",
                       rows=end, columns=self._columns.width)


def _counts(field: Field | None) -> bool:
    """Whether a number in a column is not what its digits are: a day, or blank perhaps."""
    if field is None:
        return False
    marks = field.blank
    return field.type in ("date", "month") or any(
        c.isdigit() for word in (*marks.ordered, *marks.stripped) for c in word)


def _listed(column: Cells) -> Cells:
    """A column whose cells say more as objects than as a column."""
    if isinstance(column, pl.Series) and column.dtype in (pl.Float64, pl.Datetime):
        values: Sequence[object] = column.to_list()
        return values
    return column


def _struck(parts: Sequence[pl.DataFrame]) -> frozenset[int]:
    if not parts:
        return frozenset()
    rows = pl.concat(parts).group_by("row").agg(pl.col("struck").all())
    return frozenset(row + 1 for row in rows.filter("struck")["row"])


def table_of(path: Path, place: Place, mapping: HeadingMap, read: ReadSheet,
             columns: Columns) -> SheetLedger | None:
    """The ledger of a sheet; None where this program put the sheet there.

    Raises NotALedgerError where it has no ledger's headings.
    """
    refuse_far(columns.height, columns.width, place, path)
    first = columns.rows(0, 1)[0][0] if columns.height else None
    if isinstance(first, str) and first.startswith(OWN_SHEET):
        return None
    return SheetLedger(path, place, mapping, columns, read)


