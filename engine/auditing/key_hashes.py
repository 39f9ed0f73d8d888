"""Which records share a key. In: records, some at a time. Out: the places of those that may.

Keys are kept as 64-bit hashes, so that twenty million take 160 MB; two that differ may share one,
so whoever asks compares the keys themselves afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import xor

import polars as pl


class KeyHashes:
    """64-bit hashes of the records that count, of several fields together."""

    def __init__(self, by: Sequence[pl.Expr]) -> None:
        """`by` are the values hashed."""
        self._hash = reduce(xor, (value.hash(seed) for seed, value in enumerate(by)))
        self._tables: list[list[tuple[pl.Series, pl.Series | int]]] = [[]]

    def where(self, counts: pl.Expr) -> pl.Expr:
        """The hashes of the records that count, for `add`."""
        return pl.when(counts).then(self._hash)

    def add(self, hashes: pl.Series, at: pl.Series) -> None:
        """Take in the hashes of records at some places, null where one does not count."""
        if not len(at):
            return
        # Places nearly always follow one another, and then the first says them all.
        first, last = int(at[0]), int(at[-1])
        self._tables[-1].append((hashes, first if last - first + 1 == len(at) else at))

    def next_table(self) -> None:
        """What is added from now on belongs to the next table."""
        self._tables.append([])

    def repeated(self) -> list[pl.Series]:
        """For each table, where the records stand whose hash came up more than once."""
        none = pl.Series([], dtype=pl.UInt64)
        ordered = pl.concat([none, *(p for table in self._tables for p, _ in table)])
        ordered = ordered.drop_nulls().sort(in_place=True)
        again = ordered.filter(ordered == ordered.shift(1)).unique()
        del ordered
        found = [pl.concat([none.cast(pl.UInt32), *(
            self._standing(hashes, at, again) for hashes, at in table if len(again))])
            for table in self._tables[:-1]]
        self._tables.clear()
        return found

    def _standing(self, hashes: pl.Series, at: pl.Series | int, again: pl.Series) -> pl.Series:
        places = hashes.is_in(again.implode()).fill_null(value=False).arg_true()
        return places + at if isinstance(at, int) else at.gather(places)
