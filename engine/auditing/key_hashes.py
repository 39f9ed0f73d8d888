"""Which records share a key. In: records, some at a time. Out: the places of those that may.

Keys are kept as 64-bit prints, so that twenty million take 160 MB; two that differ may share one,
so whoever asks compares the keys themselves afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import xor

import polars as pl


class KeyHashes:
    """64-bit prints of the records that count, of several fields together."""

    def __init__(self, by: Sequence[pl.Expr], where: pl.Expr) -> None:
        """`by` are the values printed; `where` says which records count."""
        prints = (value.hash(seed) for seed, value in enumerate(by))
        self.expr = pl.when(where).then(reduce(xor, prints))
        self._tables: list[list[tuple[pl.Series, pl.Series | int]]] = [[]]

    def add(self, prints: pl.Series, at: pl.Series) -> None:
        """Take in the prints of records at some places, null where one does not count."""
        if not len(at):
            return
        # Places nearly always follow one another, and then the first says them all.
        first, last = int(at[0]), int(at[-1])
        self._tables[-1].append((prints, first if last - first + 1 == len(at) else at))

    def next_table(self) -> None:
        """What is added from now on belongs to the next table."""
        self._tables.append([])

    def repeated(self) -> list[pl.Series]:
        """For each table, where the records stand whose print came up more than once."""
        none = pl.Series([], dtype=pl.UInt64)
        every = pl.concat([none, *(p for table in self._tables for p, _ in table)])
        every = every.drop_nulls().sort(in_place=True)
        again = every.filter(every == every.shift(1)).unique()
        del every
        found = [pl.concat([none.cast(pl.UInt32), *(
            self._standing(prints, at, again) for prints, at in table if len(again))])
            for table in self._tables[:-1]]
        self._tables.clear()
        return found

    def _standing(self, prints: pl.Series, at: pl.Series | int, again: pl.Series) -> pl.Series:
        places = prints.is_in(again.implode()).fill_null(value=False).arg_true()
        return places + at if isinstance(at, int) else at.gather(places)
