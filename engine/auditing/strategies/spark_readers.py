"""Pieces of a ledger in a worker of Spark's. In: Arrow batches. Out: tables, one after another.

A batch has raw cells that Spark read, or the number of a part of a file that is read here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import unquote

import polars as pl
import pyarrow as pa
from msgspec import Struct

from zhuanjie.engine.backends.spark.source import FILE, REST, ROW
from zhuanjie.engine.ledger.readers.file_parts import FilePart, FilePartTable
from zhuanjie.engine.ledger.readers.pieces import PieceTable, TableHead
from zhuanjie.engine.ledger.row_roles import TOP

PIECE: Final = 1 << 17
"""Records of a piece that Spark read, about: a worker holds so many."""


class Piece(Struct, frozen=True):
    """Some rows of a ledger, with the file and the number of each; a row of a table has no number.

    `number` says which part of the ledger it is, from 0, where it is divided into parts.
    """

    table: PieceTable
    files: pl.Series
    rows: pl.Series
    number: int = -1


class PieceReader(Protocol):
    """Makes pieces of the batches of a part."""

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[Piece]:
        """The pieces."""
        ...


class CellReader(Struct, frozen=True):
    """Takes the cells that Spark read; `first` is the row number of a file's first record.

    `names` are what people call the places of files.
    """

    head: TableHead
    first: int
    names: Mapping[str, str]

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[Piece]:
        """The pieces, each of whole batches."""
        held: list[pa.RecordBatch] = []
        for batch in batches:
            held.append(batch)
            if sum(map(len, held)) >= PIECE:
                yield self._piece(held)
                held = []
        if sum(map(len, held)):
            yield self._piece(held)

    def _piece(self, batches: list[pa.RecordBatch]) -> Piece:
        frame = pl.from_arrow(pa.Table.from_batches(batches))
        assert isinstance(frame, pl.DataFrame)
        if REST in frame.columns:
            frame = frame.unnest(REST)
        rows = frame[ROW]
        # What stands at the top of a table, nobody can say.
        above = (rows - self.first).fill_null(TOP)
        places = sorted(int(name) for name in frame.columns if name not in (FILE, ROW))
        cells = frame.select(map(str, places))
        return Piece(PieceTable(self.head, cells, above),
                     self._shown(frame[FILE]), rows)

    def _shown(self, files: pl.Series) -> pl.Series:
        names = {name: self.head.file if name is None else shown_file(name, self.names)
                 for name in files.unique().to_list()}
        if len(names) == 1:
            return pl.repeat(next(iter(names.values())), len(files), eager=True, dtype=pl.String)
        return files.replace_strict(list(names), list(names.values()), return_dtype=pl.String)


class PartReader(Struct, frozen=True):
    """Reads parts of files, which go by their numbers."""

    head: TableHead
    parts: Sequence[FilePart]

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[Piece]:
        """The pieces, each a part."""
        for batch in batches:
            for number in batch.column("id").to_pylist():
                part = self.parts[number]
                rows = pl.int_range(part.start + 1, part.start + part.height + 1, eager=True)
                names = pl.repeat(part.name, part.height, eager=True, dtype=pl.String)
                yield Piece(FilePartTable(self.head, part), names, rows, number)


def shown_file(address: str, names: Mapping[str, str]) -> str:
    """A file as findings name it."""
    path = unquote(address)
    for start in ("file://", "file:"):
        if path.startswith(start):
            path = path.removeprefix(start)
            break
    for place, name in names.items():
        if path == place or path.startswith(f"{place}/"):
            return str(Path(name, path.removeprefix(place).removeprefix("/")))
    return path
