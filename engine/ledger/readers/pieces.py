"""A part of a table that is read elsewhere. In: its raw cells. Out: a table of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

import polars as pl
from msgspec import Struct

from zhuanjie.engine.ledger.headings import HeadingMatch
from zhuanjie.engine.ledger.readers.base import Cells, Chunk, LedgerTable
from zhuanjie.engine.ledger.readers.frames import frame_chunks
from zhuanjie.engine.ledger.row_roles import RowRole, RowRoles, RowRules


class TableHead(Struct, frozen=True):
    """What the parts of a table share."""

    file: str
    headings: Sequence[str]
    match: HeadingMatch
    row_rules: RowRules


class PieceTable(LedgerTable):
    """Some rows of a table, numbered from 1; the columns of `cells` are named by position.

    `places` says how many rows stand above each row, below the header.
    """

    def __init__(self, head: TableHead, cells: pl.DataFrame | pl.LazyFrame,
                 places: pl.Series) -> None:
        super().__init__()
        self.file, self.headings, self.match = head.file, list(head.headings), head.match
        self.row_rules = head.row_rules
        self.size_hint = len(places)
        self._cells, self._places = cells.lazy(), places

    def scan(self) -> pl.LazyFrame:
        """The rows as a query."""
        return self._cells

    @property
    def columnar(self) -> bool:
        """What is not asked for is not read."""
        return True

    def chunks(self, size: int) -> Iterator[Chunk]:
        """The rows in blocks."""
        yield from frame_chunks(self.scan(), map(int, self._cells.collect_schema()), size)

    @cached_property
    def roles(self) -> RowRoles:
        """Tells which rows are no records, by where they stand in the whole table."""
        return _PlacedRoles(self.match, self.headings, self.row_rules, self._places)


class _PlacedRoles(RowRoles):
    """Tells apart rows that go by their number in a part of a table."""

    def __init__(self, match: HeadingMatch, headings: Sequence[str], rules: RowRules,
                 places: pl.Series) -> None:
        super().__init__(match, headings, rules)
        self._whole, self._places = RowRoles(match, headings, rules), places

    def doubt(self, place: pl.Expr, cells: Mapping[int, pl.Expr]) -> pl.Expr:
        """See `RowRoles.doubt`."""
        return self._whole.doubt(pl.lit(self._places).gather(place), cells)

    def of(self, cells: Mapping[int, Cells], places: pl.Series) -> dict[int, RowRole]:
        """See `RowRoles.of`."""
        return self._whole.of(cells, self._places.gather(places))
