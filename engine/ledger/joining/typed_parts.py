"""Tables read once, kept in parts. In: a table. Out: its records, typed, in files of the moment.

Only the keys stay in memory, in the form in which they are compared.
"""

from __future__ import annotations

import shutil
import weakref
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import polars as pl

from zhuanjie.engine.core.errors import InputError, fail
from zhuanjie.engine.core.limits import limits
from zhuanjie.engine.core.results import InputFinding, TableCounts
from zhuanjie.engine.core.temporary import new_folder
from zhuanjie.engine.ledger.compared_columns import compared_series
from zhuanjie.engine.ledger.not_kept import read_not_kept
from zhuanjie.engine.ledger.readers.base import LedgerTable
from zhuanjie.engine.ledger.row_roles import COUNTED
from zhuanjie.engine.ledger.rows import AT, TypedTable

Reading = Callable[[int, int | None], None]
"""Told how many rows were read, and of how many."""


class PartFolder:
    """Frames kept in a folder of the moment; it goes with this at the latest."""

    def __init__(self) -> None:
        """Raises InputError where there is no place for it."""
        try:
            self.path = new_folder()
        except OSError as error:
            raise _no_room(error) from None
        self.delete = weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)

    def put(self, name: str, frame: pl.DataFrame) -> Path:
        """Keep a frame; raises InputError where there is no room."""
        path = self.path / f"{name}.parquet"
        try:
            frame.write_parquet(path, compression="lz4", statistics=False)
        except (OSError, pl.exceptions.PolarsError) as error:
            raise _no_room(error) from None
        return path

    def get(self, name: str, *columns: str) -> pl.DataFrame:
        """A frame that was kept, or some columns of it."""
        return pl.read_parquet(self.path / f"{name}.parquet", columns=list(columns) or None)


class TableParts:
    """The records of one table, in parts, with what is known of its rows."""

    def __init__(self, table: LedgerTable, number: int, folder: PartFolder) -> None:
        self.table, self.number, self._folder = table, number, folder
        self.first = TypedTable(table).first
        """The row number of position 0."""
        vocabulary = table.match.vocabulary
        self.names = vocabulary.fields.sort({f.name for f in table.match.fields.values()})
        self.headings = {f.name: " ".join(table.headings[at].split())
                         for at, f in table.match.fields.items()}
        self.heights: list[int] = []
        """The records of each part."""
        self.input: list[InputFinding] = []
        self.keys: dict[str, pl.Series] = {}
        """The keys of all records, as they are compared, by field."""
        self.not_kept: pl.Series | None = None
        """Of all records the fields that they themselves say nobody keeps, by name; None where the
        table has no column for that."""
        self._others: Counter[str] = Counter()

    @property
    def records(self) -> int:
        """How many records there are."""
        return sum(self.heights)

    @property
    def kept(self) -> frozenset[str]:
        """The fields that it keeps: all, where it has no columns to lack."""
        kept = self.table.kept
        return frozenset(f.name for f in self.table.match.vocabulary.fields) if kept is None \
            else kept

    @property
    def counts(self) -> TableCounts:
        """What its rows are."""
        return TableCounts(self.table.ref, self.records, {
            str(role): self._others[str(role)] for role in COUNTED if str(role) in self._others},
            dict(self.table.marked))

    def read(self, reading: Reading, before: int) -> None:
        """Read the table, `before` rows having been read in others."""
        if not self.names:
            return
        fields = self.table.match.vocabulary.fields
        said, self.input = read_not_kept(self.table, self.first)
        not_kept: list[pl.Series] = []
        keys: dict[str, list[pl.Series]] = {
            key: [] for key in self.table.match.vocabulary.keys if key in self.names}
        for rows in TypedTable(self.table).rows(
                self.names, [pl.col(name) for name in self.names], size=limits().kept_part,
                findings=True, sliced=True):
            self.input += rows.input
            self._others.update(map(str, rows.others.values()))
            if len(rows.frame):
                self._folder.put(self._part(len(self.heights)), rows.frame)
                self.heights.append(len(rows.frame))
                if said is not None:
                    not_kept.append(said.of(rows.frame, rows.frame[AT]))
            for key, parts in keys.items():
                parts.append(compared_series(rows.frame[key], fields[key].compare))
            reading(before + rows.read, None)
        self.keys = {key: pl.concat(parts) for key, parts in keys.items() if parts}
        self.not_kept = pl.concat(not_kept) if not_kept else None

    def part(self, number: int) -> pl.DataFrame:
        """The records of a part, with their positions as `AT`."""
        return self._folder.get(self._part(number))

    def records_at(self, places: pl.Series) -> pl.DataFrame:
        """The records at some places among them, in order, their places as `#place`."""
        found, start = [pl.DataFrame()], 0
        for number, height in enumerate(self.heights):
            here = places.filter(places.is_between(start, start + height, closed="left"))
            if len(here):
                found.append(self.part(number)[here - start].with_columns(
                    here.alias("#place")))
            start += height
        return pl.concat(found, how="diagonal")

    def place_of(self, row: int) -> int | None:
        """The place of a row among the records, None where it is none."""
        start = 0
        for number, height in enumerate(self.heights):
            rows = self.rows_of(self._folder.get(self._part(number), AT)[AT])
            if len(found := (rows == row).arg_true()):
                return start + int(found[0])
            start += height
        return None

    def rows_of(self, at: pl.Series) -> pl.Series:
        """The row numbers of positions."""
        return at.cast(pl.Int64) + self.first

    def _part(self, number: int) -> str:
        return f"table-{self.number}-{number}"


def _no_room(error: Exception) -> InputError:
    detail = str(error).splitlines()[0] if str(error) else type(error).__name__
    return fail(InputError, "records.join-room", hint="records.hint.join-room", detail=detail)


__all__ = ["AT", "PartFolder", "Reading", "TableParts"]
