"""A part of a Parquet file, read where it is judged. In: a file, which rows. Out: a table of them.

Nothing but the columns that are asked for is read, and only the row groups of these rows.
"""

from __future__ import annotations

import polars as pl
from msgspec import Struct

from zhuanjie.engine.core.errors import InputError
from zhuanjie.engine.core.limits import limits
from zhuanjie.engine.ledger.readers.frames import columns_of, damaged
from zhuanjie.engine.ledger.readers.pieces import PieceTable, TableHead


class FilePart(Struct, frozen=True):
    """Some rows of a file: its path, its name in findings, the first row from 0, how many."""

    path: str
    name: str
    start: int
    height: int


class FilePartTable(PieceTable):
    """The rows of a part, numbered from 1; the columns are the file's, by position."""

    def __init__(self, head: TableHead, part: FilePart) -> None:
        try:
            scan = pl.scan_parquet(part.path, glob=False)
            cells = columns_of(scan.collect_schema())
        except (pl.exceptions.PolarsError, OSError) as error:
            raise damaged(error, part.name) from None
        wanted = {*head.match.fields, *head.match.unknown}
        super().__init__(head, scan.slice(part.start, part.height).select(
            cell.alias(str(at)) for at, (_, cell) in enumerate(cells) if at in wanted),
            pl.int_range(part.start, part.start + part.height, eager=True))
        self.file = part.name

    @property
    def at_once(self) -> int:
        """Row groups are read from any place on."""
        return limits().typed_rows

    def damaged(self, error: Exception) -> InputError:
        """What to raise where the file could not be read to its end."""
        return damaged(error, self.file)
