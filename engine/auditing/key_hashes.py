"""Which records share a key. In: records, some at a time. Out: the places of those that may.

Keys are kept as 64-bit hashes, so that twenty million take 160 MB; two that differ may share one,
so whoever asks compares the keys themselves afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import xor
from typing import Protocol

import polars as pl

_KEY_HASH = "#key-hash-{}"


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


class KeyIndex(Protocol):
    """Learns, from the records of tables, where those stand whose keys come more than once."""

    def exprs(self, counts: Sequence[pl.Expr]) -> list[pl.Expr]:
        """Columns for `add`; `counts` says for each key which records have it."""
        ...

    def add(self, frame: pl.DataFrame, at: pl.Series) -> None:
        """Take in some records that have these columns, and their places."""
        ...

    def next_table(self) -> None:
        """What is added from now on belongs to the next table."""
        ...

    def repeated(self) -> list[list[pl.Series]]:
        """For each key the places in each table."""
        ...


class HashedKeys:
    """The keys of a whole ledger, each by its hashes."""

    def __init__(self, by: Sequence[Sequence[pl.Expr]]) -> None:
        """`by` are the values of each key."""
        self._hashes = [KeyHashes(values) for values in by]

    def exprs(self, counts: Sequence[pl.Expr]) -> list[pl.Expr]:
        """See `KeyIndex.exprs`."""
        return [h.where(where).alias(_KEY_HASH.format(i))
                for i, (h, where) in enumerate(zip(self._hashes, counts, strict=True))]

    def add(self, frame: pl.DataFrame, at: pl.Series) -> None:
        """See `KeyIndex.add`."""
        for i, some in enumerate(self._hashes):
            some.add(frame[_KEY_HASH.format(i)], at)

    def next_table(self) -> None:
        """See `KeyIndex.next_table`."""
        for some in self._hashes:
            some.next_table()

    def repeated(self) -> list[list[pl.Series]]:
        """See `KeyIndex.repeated`."""
        return [some.repeated() for some in self._hashes]
