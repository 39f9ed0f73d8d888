"""Tables laid out in rows and columns, held in memory. In: a grid. Out: a table of a ledger."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from zhuanjie.engine.core.diagnostics import Diagnostic, Place
from zhuanjie.engine.core.location import column_letter
from zhuanjie.engine.ledger.header import SEARCHED, find_header
from zhuanjie.engine.ledger.headings import HeadingMap
from zhuanjie.engine.ledger.readers.base import Chunk
from zhuanjie.engine.ledger.readers.laid_out import Grid, Row
from zhuanjie.engine.ledger.readers.merged import spread
from zhuanjie.engine.ledger.readers.refuse import not_a_ledger
from zhuanjie.engine.ledger.readers.stacked import StackedTable

SAMPLE = 1000
"""Rows looked at for texts that were typed as numbers."""


class GridTable(StackedTable):
    """A grid with a ledger's headings."""

    row_rules = "layout"

    def __init__(self, grid: Grid, name: str, mapping: HeadingMap) -> None:
        super().__init__()
        self.file, self.sheet, self.day_zero = name, grid.name, grid.day_zero
        self.hidden_rows = frozenset(grid.hidden_rows)
        self.struck_rows, self.filtered = frozenset(grid.struck_rows), grid.filtered
        width = max(map(len, grid.rows), default=0)
        self._rows = [[*row, *[""] * (width - len(row))] for row in grid.rows]
        top = [list(row) for row in self._rows[:SEARCHED]]
        spread(top, grid.merged)
        header = find_header(top, mapping, self.place)
        if header is None:
            raise not_a_ledger(name, grid.name, top, mapping)
        self._end = len(self._rows)
        self._merged = [m for m in grid.merged if m[0][0] > header.last and m[1][0] > m[0][0]]
        self._head(header, mapping)
        if grid.is_sheet:
            self._notice(grid, self._rows[header.last + 1:SEARCHED + SAMPLE])

    def _notice(self, grid: Grid, rows: Sequence[Row]) -> None:
        """Say what about the sheet of a workbook may mislead."""
        if grid.unread:
            self.notices.append(Diagnostic("records.extras-unread", {}, self.place,
                                           "records.hint.extras-unread"))
        if grid.uncomputed:
            self.notices.append(Diagnostic("records.uncomputed", {"count": grid.uncomputed},
                                           self.place, "records.hint.uncomputed"))
        for at, field in self.match.fields.items():
            if field.type == "string" and any(type(row[at]) in (int, float) for row in rows):
                self.notices.append(Diagnostic(
                    "records.number-as-text", {"heading": self.headings[at]},
                    Place(self.file, self.sheet, self.header_row, column_letter(at)),
                    "records.hint.number-as-text",
                ))

    def _kept_rows(self) -> list[Row]:
        """See `StackedTable`."""
        return self._rows

    def chunks(self, size: int) -> Iterator[Chunk]:
        """The rows below the header."""
        rows = (list(row) for row in itertools.islice(self._rows, self.header_row, self._end))
        return self._chunked(rows, size)
