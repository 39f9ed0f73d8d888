"""What stands in a roster and not in the ledger. In: values of both. Out: those that are missing.

Values are found by 64-bit hashes, in sorted order, and then compared themselves: what is said of
a record never rests on a hash.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import polars as pl

from zhuanjie.engine.auditing.uniqueness import key_field
from zhuanjie.engine.core.location import Location
from zhuanjie.engine.ledger.compared_columns import compared_series
from zhuanjie.engine.policy.policy import TypedRule
from zhuanjie.engine.vocabulary.comparison import Comparison

_ROW = "#row"


class RosterReconciliation:
    """Compares the values of a field in a roster with those in the ledger, as `how` says.

    First `expect` all of the roster, then `observe` all of the ledger, then ask what is
    `unmatched`.
    """

    def __init__(self, rule: TypedRule, how: Comparison = "text", field: str = "") -> None:
        """`field` stands in for the rule's own where that is a key and another one is compared."""
        self.rule, self._how = rule, how
        self.field = field or key_field(rule)
        self._values: list[pl.Series] = []
        self._places: list[tuple[pl.DataFrame, str, str | None]] = []

    def expect(self, values: pl.Series, rows: pl.Series, file: str, sheet: str | None,
               beside: pl.DataFrame | None = None) -> None:
        """Note the values of some records of the roster, where they stand, what stands beside."""
        there = values.is_not_null()
        self._values.append(values.filter(there))
        kept = rows.filter(there).cast(pl.UInt32).alias(_ROW).to_frame()
        if beside is not None:
            kept = kept.hstack(beside.filter(there))
        self._places.append((kept, file, sheet))

    @property
    def expected(self) -> pl.Series:
        """The values that the ledger should have, each once, in the form they are compared in."""
        return self._index.values

    def observe(self, values: pl.Series) -> None:
        """Note the values of some records of the ledger."""
        self._index.find(compared_series(values.drop_nulls(), self._how))

    def unmatched(self) -> Iterator[tuple[str, Location, dict[str, Any]]]:
        """The values of the roster that the ledger lacks, each once, where they stand, and with
        what beside them."""
        starts = [0]
        for rows, *_ in self._places:
            starts.append(starts[-1] + len(rows))
        written = self._written
        for place in self._index.left():
            number = bisect(starts, place) - 1
            rows, file, sheet = self._places[number]
            beside = rows.row(place - starts[number], named=True)
            yield written[place], Location(file, sheet, beside.pop(_ROW)), beside

    @cached_property
    def _index(self) -> _Index:
        return _Index(compared_series(self._written, self._how))

    @cached_property
    def _written(self) -> pl.Series:
        """All that was expected, as it is written in the roster."""
        values = pl.concat(self._values)
        self._values.clear()
        return values


class _Index:
    """Distinct values in the order of their hashes, and which of them were found."""

    def __init__(self, values: pl.Series) -> None:
        ordered = pl.DataFrame({"value": values, "hash": _hash64(values)}).with_row_index("at")
        # A stable order: of equal values the first stays.
        ordered = ordered.sort("hash", maintain_order=True)
        again = pl.col("hash") == pl.col("hash").shift()
        other = pl.col("value") != pl.col("value").shift()
        # Different values of one hash, were there any, go the slow way.
        self._mixed = ordered.filter(again & other)["hash"].unique()
        mixed = ordered.filter(pl.col("hash").is_in(self._mixed.implode()))
        self._slow: dict[str, int] = {}
        for value, at in mixed.select("value", "at").iter_rows():
            self._slow.setdefault(value, at)
        first = ordered.filter(
            again.ne_missing(True) & ~pl.col("hash").is_in(self._mixed.implode()))
        self._places, self._values, self._hash64 = first["at"], first["value"], first["hash"]
        self._found = pl.repeat(False, len(first), dtype=pl.Boolean, eager=True)

    @property
    def values(self) -> pl.Series:
        """All of them."""
        return pl.concat([self._values, pl.Series(list(self._slow), dtype=self._values.dtype)])

    def find(self, values: pl.Series) -> None:
        """Mark those of the values that are known."""
        hashes = _hash64(values)
        if len(self._hash64):
            at = self._hash64.search_sorted(hashes).clip(0, len(self._hash64) - 1)
            same = (self._hash64.gather(at) == hashes) & (self._values.gather(at) == values)
            self._found.scatter(at.filter(same), True)
        if self._slow:
            for value in values.filter(hashes.is_in(self._mixed.implode())):
                self._slow.pop(value, None)

    def left(self) -> list[int]:
        """The places of those that were not found."""
        return sorted([*self._places.filter(~self._found), *self._slow.values()])


def _hash64(values: pl.Series) -> pl.Series:
    return values.hash()
