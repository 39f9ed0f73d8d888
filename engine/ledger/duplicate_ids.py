"""Which ids a ledger has already had. In: id columns, batch by batch. Out: where each came first.

An id is kept as a 64-bit hash with its row and source, so ten million records take 200 MB.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from zhuanjie.engine.core.location import Location

PIECES = 64
"""Pieces the table of seen ids may be in before it is made whole again."""


class DuplicateIdIndex:
    """The ids of the records so far."""

    def __init__(self) -> None:
        self._sources: list[tuple[str, str | None]] = []
        self._kept: list[frozenset[str] | None] = []
        self.elsewhere = 0
        """How many ids came before in a table with other columns."""
        self._seen = pl.DataFrame(
            schema={"id": pl.UInt64, "row": pl.Int64, "source": pl.UInt32}
        )

    def check(
        self, ids: pl.Series, rows: pl.Series, source: tuple[str, str | None],
        kept: frozenset[str] | None = None,
    ) -> Iterator[tuple[int, Location]]:
        """The positions whose id came before, with the place of its first record; takes all in.

        `kept` are the columns of the source: an id that came first in one with others is counted
        and not given, since tables with different columns may well speak of the same records.
        """
        if not self._sources or self._sources[-1] != source:
            self._sources.append(source)
            self._kept.append(kept)
        number = pl.lit(len(self._sources) - 1, dtype=pl.UInt32)
        part = pl.DataFrame({"id": ids.hash(), "row": rows.cast(pl.Int64)}).select(
            pl.all(), number.alias("source")
        ).with_row_index("at").filter(ids.is_not_null())
        fresh = part.unique("id", keep="first", maintain_order=True)
        before = self._seen.filter(pl.col("id").is_in(fresh["id"].implode()))
        new = fresh.filter(~pl.col("id").is_in(before["id"].implode())) if len(before) else fresh
        self._seen.vstack(new.drop("at"), in_place=True)
        if self._seen.n_chunks() > PIECES:
            self._seen = self._seen.rechunk()
        if len(new) == len(part):
            return
        first = {i: self._location(row, n) for i, row, n in before.iter_rows()
                 if self._kept[n] == kept}
        again = part.filter(~pl.col("at").is_in(new["at"].implode()))
        missing = again["id"].unique().implode()
        for _, i, row, n in new.filter(pl.col("id").is_in(missing)).iter_rows():
            first[i] = self._location(row, n)
        for at, i, _, _ in again.iter_rows():
            if i in first:
                yield at, first[i]
            else:
                self.elsewhere += 1

    def _location(self, row: int, source: int) -> Location:
        file, sheet = self._sources[source]
        return Location(file, sheet, row)
