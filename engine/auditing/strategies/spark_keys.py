"""Which ids and keys a ledger on Spark has several times. In: a source. Out: these, counted.

Workers hash the keys of their parts; equal hashes meet where Spark has brought those of one range
together, a few large cells in place of a row for every record. What comes up twice is then read
again and counted, since two keys that differ may share a hash, and rows that are no records were
not yet told from others. Of parts of files it is known where that stands, so that nothing else is
read a second time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
from msgspec import Struct
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from zhuanjie.engine.auditing.strategies.pieces import KEY_COUNTS, AuditTerms
from zhuanjie.engine.auditing.strategies.spark_readers import PieceReader
from zhuanjie.engine.backends.spark.arrow import as_arrow
from zhuanjie.engine.backends.spark.session import failing, mapped
from zhuanjie.engine.core.errors import BackendError, fail

SHARED = 5_000_000
"""Keys that several records have, of which so many can be sent to the workers."""
_BITS = 6
"""Of a hash, so many say in which range it is."""
_RANGE = 1 << 20
"""Records of which the hashes go through one task, about, where there are not too many."""
_HASHES = "bucket int, kind int, part int, hashes binary, places binary, text string"
_HASH_SCHEMA: Mapping[str, Any] = {
    "bucket": pl.Int32, "kind": pl.Int32, "part": pl.Int32, "hashes": pl.Binary,
    "places": pl.Binary, "text": pl.String}
_Row = tuple[int, int, int | None, bytes | None, bytes | None, str | None]
_KEYS = "kind int, first string, second string, sure long, everyone long"
"""The columns of `KEY_COUNTS`, as Spark has them."""


class CommonKeys(Struct, frozen=True):
    """The keys that several records have, as `KEY_COUNTS`, and the places of all that may have one
    of them, by part and kind, where that is known."""

    counts: pl.DataFrame
    places: Sequence[Sequence[pl.Series]] | None = None

    def places_in(self, part: int) -> Sequence[pl.Series] | None:
        """The places in a part, kind by kind."""
        return None if self.places is None else self.places[part]


def shared_keys(cells: DataFrame, reader: PieceReader, terms: AuditTerms,
                wanted: Mapping[str, pl.Series], heights: Sequence[int]) -> CommonKeys:
    """The keys that several records have, and the values wanted that there are; `cells` has the
    fields that both need. `heights` say how many rows each part has, where there are parts."""
    with failing():
        hashed = mapped(cells, HashTask(reader, terms, wanted), _HASHES)
        ranges = [min(max(sum(heights) // _RANGE, 1), 1 << _BITS)] if heights else []
        found = pl.DataFrame(pl.from_arrow(mapped(
            hashed.repartition(*ranges, "bucket"), _Twice(), _HASHES).toArrow()))
    kinds = range(len(terms.plan.unique) + 1)
    suspected = [_joined(found.filter(pl.col("part").is_null(), kind=kind)["hashes"], np.uint64)
                 for kind in kinds]
    places = _places(found.drop_nulls("part"), kinds, len(heights))
    values = found.filter(pl.col("kind") < 0).select("kind", "text").unique()
    keys = pl.DataFrame({"kind": values["kind"], "first": values["text"]}, schema_overrides={
        "kind": pl.Int32}).with_columns(
        pl.lit(None, dtype=pl.String).alias("second"), pl.lit(0, dtype=pl.Int64).alias("sure"),
        pl.lit(0, dtype=pl.Int64).alias("everyone"))
    if not (count := sum(map(len, suspected))):
        return CommonKeys(keys, places)
    if count > SHARED:
        raise fail(BackendError, "backend.spark.shared", hint="backend.spark.hint.shared",
                   count=SHARED)
    with failing():
        counted = mapped(cells, CountTask(reader, terms, suspected, places), _KEYS)
        if places is None:  # else there are no more of them than places
            counted = counted.groupBy("kind", "first", "second").agg(
                F.sum("sure").alias("sure"), F.sum("everyone").alias("everyone"))
        some = pl.DataFrame(pl.from_arrow(counted.toArrow())).cast(KEY_COUNTS)
    own = some.group_by("kind", "first", "second").agg(pl.col("sure", "everyone").sum())
    return CommonKeys(pl.concat([own.filter(pl.col("everyone") > 1), keys]), places)


def _joined(cells: pl.Series, dtype: type[np.generic]) -> pl.Series:
    return pl.Series(np.frombuffer(b"".join(cells.to_list()), dtype=dtype))


def _places(found: pl.DataFrame, kinds: Sequence[int],
            parts: int) -> list[list[pl.Series]] | None:
    """Where what is suspected stands, by part and kind; None where that is not known of all."""
    if not parts or (found["part"] < 0).any() or found[
            "places"].bin.size().sum() > SHARED * np.uint32().itemsize:
        return None
    own = found.partition_by("part", "kind", as_dict=True)
    none = found["places"].clear()
    return [[_joined(own[part, kind]["places"] if (part, kind) in own else none, np.uint32).sort()
             for kind in kinds] for part in range(parts)]


class HashTask(Struct, frozen=True):
    """Hashes keys, and finds values that are wanted."""

    reader: PieceReader
    terms: AuditTerms
    wanted: Mapping[str, pl.Series]

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The hashes of a part by their ranges."""
        for piece in self.reader(batches):
            if self.wanted:
                there = self.terms.judge(piece.table).there(self.wanted)
                yield from _sent([(1 << _BITS, kind, None, None, None, text) for kind, text
                                  in there.select("kind", "first").iter_rows()])
            piece.table.looked = pl.Series([], dtype=pl.UInt32)
            for every in self.terms.judge(piece.table).key_hashes():
                yield from _sent([row for kind, some in enumerate(every)
                                  for row in _ranges(kind, piece.number, *some)])


def _ranges(kind: int, part: int, hashes: pl.Series, places: pl.Series) -> Iterator[_Row]:
    """Hashes divided by their first bits, with the places in a part if it is one."""
    own = hashes.to_numpy()
    ranges = (own >> np.uint64(64 - _BITS)).astype(np.uint8)
    order = np.argsort(ranges, kind="stable")
    ends = np.searchsorted(ranges[order], np.arange(1, 1 << _BITS, dtype=np.uint8))
    at = places.to_numpy()[order].astype(np.uint32, copy=False)
    for bucket, (some, beside) in enumerate(zip(
            np.split(own[order], ends), np.split(at, ends), strict=True)):
        if len(some):
            numbered = part >= 0
            yield (bucket, kind, part if numbered else None, some.tobytes(),
                   beside.tobytes() if numbered else None, None)


class _Twice(Struct, frozen=True):
    """Finds the hashes that come up more than once; whole ranges come to it."""

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        held: dict[int, list[dict[str, Any]]] = {}
        for batch in batches:
            for row in batch.to_pylist():
                if row["kind"] >= 0:
                    held.setdefault(row["kind"], []).append(row)
                else:
                    yield from _sent([(0, row["kind"], None, None, None, row["text"])])
        for kind, cells in held.items():
            ordered = np.frombuffer(b"".join(c["hashes"] for c in cells), dtype=np.uint64).copy()
            ordered.sort()
            again = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])[:SHARED + 1]
            del ordered
            if len(again):
                yield from _sent([(0, kind, None, again.tobytes(), None, None)])
                yield from _sent(list(_standing(kind, cells, again)))


def _standing(kind: int, cells: Sequence[Mapping[str, Any]],
              again: np.ndarray[Any, Any]) -> Iterator[_Row]:
    """The places of the hashes that come up again, part by part; -1 for a part if too many do."""
    left = SHARED
    for cell in cells:
        if cell["part"] is None:
            return
        hashes = np.frombuffer(cell["hashes"], dtype=np.uint64)
        nearest = np.minimum(np.searchsorted(again, hashes), len(again) - 1)
        places = np.frombuffer(cell["places"], dtype=np.uint32)[again[nearest] == hashes]
        left -= len(places)
        if left < 0:
            yield 0, kind, -1, None, None, None
            return
        if len(places):
            yield 0, kind, cell["part"], None, places.tobytes(), None


class CountTask(Struct, frozen=True):
    """Counts the keys that are suspected to come several times."""

    reader: PieceReader
    terms: AuditTerms
    suspected: Sequence[pl.Series]
    places: Sequence[Sequence[pl.Series]] | None

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The keys of a part."""
        for piece in self.reader(batches):
            places = None if self.places is None else self.places[piece.number]
            found = self.terms.judge(piece.table, places=places).key_counts(self.suspected)
            yield from as_arrow(found.select(list(KEY_COUNTS))).to_batches()


def _sent(rows: list[_Row]) -> list[pa.RecordBatch]:
    sent: list[pa.RecordBatch] = as_arrow(
        pl.DataFrame(rows, schema=_HASH_SCHEMA, orient="row")).to_batches()
    return sent
