"""Tables laid out in rows and columns, held in memory. In: a grid. Out: a table of a ledger."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from zhuanjie.engine.ledger.header import SEARCHED, find_header
from zhuanjie.engine.ledger.headings import HeadingMap
from zhuanjie.engine.ledger.readers.base import Chunk
from zhuanjie.engine.ledger.readers.merged import Merged, Row, spread
from zhuanjie.engine.ledger.readers.refuse import not_a_ledger
from zhuanjie.engine.ledger.readers.stacked import StackedTable


@dataclass(slots=True)
class Grid:
    """The cells of a table, with what a spreadsheet program would know of it."""

    name: str | None = None
    rows: list[Row] = field(default_factory=list)
    merged: list[Merged] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)
    """From 1."""
    hidden: bool = False
    day_zero: date | None = None


class GridTable(StackedTable):
    """A grid with a ledger's headings."""

    row_rules = "layout"

    def __init__(self, grid: Grid, name: str, mapping: HeadingMap) -> None:
        super().__init__()
        self.file, self.sheet, self.day_zero = name, grid.name, grid.day_zero
        self.hidden_rows = frozenset(grid.hidden_rows)
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

    def _kept_rows(self) -> list[Row]:
        """See `StackedTable`."""
        return self._rows

    def chunks(self, size: int) -> Iterator[Chunk]:
        """The rows below the header."""
        rows = (list(row) for row in itertools.islice(self._rows, self.header_row, self._end))
        return self._chunked(rows, size)
