"""Tables laid out in rows and columns, held in memory. In: a grid. Out: a table of a ledger."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from zhuanjie.engine.core.limits import limits
from zhuanjie.engine.ledger.further_tables import tables_below
from zhuanjie.engine.ledger.header import SEARCHED, Header, find_header
from zhuanjie.engine.ledger.headings import HeadingMap
from zhuanjie.engine.ledger.readers.base import Chunk, LedgerTable
from zhuanjie.engine.ledger.readers.merged import Merged, Row, filled_down, spread
from zhuanjie.engine.ledger.readers.refuse import not_a_ledger


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


class GridTable(LedgerTable):
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
        header = find_header(top, mapping)
        if header is None:
            raise not_a_ledger(name, grid.name, top, mapping)
        self._end = len(self._rows)
        self._merged = [m for m in grid.merged if m[0][0] > header.last and m[1][0] > m[0][0]]
        self._head(header, mapping)

    def _head(self, header: Header, mapping: HeadingMap) -> None:
        self.header_row = header.last + 1
        self.headings = header.headings
        self.match = mapping.match(self.headings, self.place)
        self.size_hint = max(0, self._end - self.header_row)

    def below(self, mapping: HeadingMap) -> Iterator[GridTable]:
        """The tables below this one, which ends where the next begins."""
        last = self
        header = Header((self.header_row or 0) - 1, self.headings)
        for found in tables_below(self._rows, header, mapping):
            table = copy(last)
            last.cut(found.top)
            table.notices = []
            table._head(found.header, mapping)
            yield table
            last = table

    def cut(self, end: int) -> None:
        """Let the table end before a row."""
        self._end = end
        self.size_hint = max(0, end - (self.header_row or 0))

    def chunks(self, size: int) -> Iterator[Chunk]:
        """The rows below the header."""
        first = self.header_row or 0
        rows: Iterator[Row] = (list(row) for row in itertools.islice(self._rows, first, self._end))
        if self._merged:
            rows = filled_down(rows, self._merged, first)
        number = first + 1
        while block := list(itertools.islice(rows, min(size, limits().object_rows))):
            cells = dict(enumerate(zip(*block, strict=True)))
            yield Chunk(cells, pl.int_range(number, number + len(block), eager=True))
            number += len(block)
