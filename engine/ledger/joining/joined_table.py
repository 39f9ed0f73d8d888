"""Records that were put together, as a table of their ledger. In: their parts. Out: a table.

It has the records whose first row stands in one table of the ledger, by the numbers of these rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import polars as pl
from msgspec import Struct

from zhuanjie.engine.core.limits import limits
from zhuanjie.engine.ledger.batch import Batch
from zhuanjie.engine.ledger.headings import HeadingMatch
from zhuanjie.engine.ledger.readers.base import Chunk, LedgerTable
from zhuanjie.engine.ledger.readers.frames import frame_chunks
from zhuanjie.engine.vocabulary.vocabulary import Vocabulary

ROW, GROUP = "#row-number", "#group"
"""Columns that hold a record's row number and its group."""


class RecordGroup(Struct, frozen=True):
    """Records that come from tables with the same columns and are in doubt about the same fields.

    `kept` are the fields that one of their tables has a column for, `doubted` those of which cells
    contradict each other.
    """

    kept: frozenset[str]
    doubted: frozenset[str] = frozenset()


class JoinedTable(LedgerTable):
    """The records at home in one table."""

    is_typed = True
    beside = (ROW, GROUP)

    def __init__(self, source: LedgerTable, names: Sequence[str], paths: Sequence[Path],
                 groups: Sequence[RecordGroup], sizes: Mapping[int, int],
                 vocabulary: Vocabulary) -> None:
        super().__init__()
        self.file, self.sheet, self.header_row = source.file, source.sheet, source.header_row
        self.source, self.is_grid = source, source.is_grid
        self.groups = groups
        self._paths = list(paths)
        self._names = list(names)
        self.headings = [vocabulary.fields[name].heading for name in names]
        self.match = HeadingMatch(
            vocabulary, {at: vocabulary.fields[name] for at, name in enumerate(names)}, {})
        self.size_hint = sum(sizes.values())
        self.sizes = dict(sorted(sizes.items(), key=lambda pair: (-pair[1], pair[0])))
        """How many records there are of each group, by its number, the largest first."""

    @property
    def field_columns(self) -> Mapping[str, int]:
        """Those of the table in which its records are at home."""
        return self.source.field_columns

    @property
    def columnar(self) -> bool:
        """What is not asked for is not read."""
        return True

    @property
    def at_once(self) -> int:
        """Parts are read from any place on."""
        return limits().typed_rows

    def scan(self) -> pl.LazyFrame:
        """The records as a query."""
        return pl.scan_parquet(self._paths, glob=False).select(
            *(pl.col(name).alias(str(at)) for at, name in enumerate(self._names)), ROW, GROUP)

    def chunks(self, size: int) -> Iterator[Chunk]:
        """The records in blocks, numbered by their rows."""
        start = 0
        rows = self.row_numbers
        for chunk in frame_chunks(self.scan(), range(len(self._names)), size):
            yield Chunk(chunk.cells, rows.slice(start, len(chunk.rows)))
            start += len(chunk.rows)

    @property
    def row_numbers(self) -> pl.Series:
        """The row number of each record."""
        return pl.scan_parquet(self._paths, glob=False).select(ROW).collect().to_series()

    def batches(self, size: int, start: int, run: int) -> Iterator[Batch]:
        """The records, at most `size` at a time, each group by itself; `start` came before.

        Batches of one run, numbered from `run` on, are of records that stand among one another.
        """
        for path in self._paths:
            for part in pl.read_parquet(path).iter_slices(size):
                run += 1
                for number in part[GROUP].unique(maintain_order=True):
                    some, group = part.filter(pl.col(GROUP) == number), self.groups[number]
                    names = [n for n in self._names if n in group.kept]
                    yield Batch(
                        some.select(names), pl.DataFrame(), some[ROW], self.file, self.sheet,
                        start, header_row=self.header_row, kept=group.kept,
                        key=self.match.vocabulary.key_of(group.kept), doubted=group.doubted,
                        run=run)
                    start += len(some)
