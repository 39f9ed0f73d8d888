"""Tables that stand above one another. In: the rows of a sheet. Out: one table after the other."""

from __future__ import annotations

import itertools
from abc import abstractmethod
from collections.abc import Iterable, Iterator
from copy import copy
from typing import Self

import polars as pl

from zhuanjie.engine.core.limits import limits
from zhuanjie.engine.ledger.further_tables import tables_below
from zhuanjie.engine.ledger.header import Header
from zhuanjie.engine.ledger.headings import HeadingMap
from zhuanjie.engine.ledger.readers.base import Chunk, LedgerTable
from zhuanjie.engine.ledger.readers.laid_out import Merged, Row
from zhuanjie.engine.ledger.readers.merged import filled_down


class StackedTable(LedgerTable):
    """A table of a sheet, which ends with the sheet or where the next table begins."""

    is_grid = True
    _end: int
    """The row, from 0, before which it ends."""
    _merged: list[Merged]

    @abstractmethod
    def _kept_rows(self) -> Iterable[Row] | None:
        """All rows of the sheet; None where they are not at hand."""

    def _head(self, header: Header, mapping: HeadingMap) -> None:
        self.header_row = header.last + 1
        self.headings = header.headings
        self.match = mapping.match(self.headings, self.place)
        self.size_hint = max(0, self._end - self.header_row)

    def below(self, mapping: HeadingMap) -> Iterator[Self]:
        """The tables below this one, which ends where the next begins."""
        rows = self._kept_rows()
        if rows is None or self.header_row is None:
            return
        last = self
        for found in tables_below(rows, Header(self.header_row - 1, self.headings), mapping):
            table = copy(last)
            last._cut(found.top)
            table.notices = []
            table._head(found.header, mapping)
            yield table
            last = table

    def _cut(self, end: int) -> None:
        """Let the table end before a row."""
        self._end = end
        self.size_hint = max(0, end - (self.header_row or 0))

    def _chunked(self, rows: Iterator[Row], size: int) -> Iterator[Chunk]:
        """The rows below the header in blocks, values repeated down their merged cells."""
        first = self.header_row or 0
        if self._merged:
            rows = filled_down(rows, self._merged, first)
        number = first + 1
        while block := list(itertools.islice(rows, min(size, limits().object_rows))):
            cells = dict(enumerate(zip(*block, strict=True)))
            yield Chunk(cells, pl.int_range(number, number + len(block), eager=True))
            number += len(block)
