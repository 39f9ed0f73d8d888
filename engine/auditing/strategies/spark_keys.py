"""Which ids and keys a ledger on Spark has several times. In: a source. Out: these, counted.

Workers hash the keys of their parts; equal hashes meet where Spark has brought those of one range
together, a few large cells in place of a row for every record. What comes up twice is then read
again and counted, since two keys that differ may share a hash.
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
_HASHES = "bucket int, kind int, hashes binary, text string"
_HASH_SCHEMA: Mapping[str, Any] = {
    "bucket": pl.Int32, "kind": pl.Int32, "hashes": pl.Binary, "text": pl.String}
_KEYS = "kind int, first string, second string, sure long, everyone long"
"""The columns of `KEY_COUNTS`, as Spark has them."""


def shared_keys(cells: DataFrame, reader: PieceReader, terms: AuditTerms,
                wanted: Mapping[str, pl.Series]) -> pl.DataFrame:
    """The keys that several records have, and the values wanted that there are; `cells` has the
    fields that both need."""
    with failing():
        hashed = mapped(cells, HashTask(reader, terms, wanted), _HASHES)
        found = pl.DataFrame(pl.from_arrow(mapped(
            hashed.repartition("bucket"), _Twice(), _HASHES).toArrow()))
    kinds = range(len(terms.plan.unique) + 1)
    suspected = [_hashes(found.filter(kind=kind)["hashes"]) for kind in kinds]
    values = found.filter(pl.col("kind") < 0).select("kind", "text").unique()
    keys = pl.DataFrame({"kind": values["kind"], "first": values["text"]}, schema_overrides={
        "kind": pl.Int32}).with_columns(
        pl.lit(None, dtype=pl.String).alias("second"), pl.lit(0, dtype=pl.Int64).alias("sure"),
        pl.lit(0, dtype=pl.Int64).alias("everyone"))
    if not (count := sum(map(len, suspected))):
        return keys
    if count > SHARED:
        raise fail(BackendError, "backend.spark.shared", hint="backend.spark.hint.shared",
                   count=SHARED)
    with failing():
        counted = mapped(cells, CountTask(reader, terms, suspected), _KEYS).groupBy(
            "kind", "first", "second").agg(
            F.sum("sure").alias("sure"), F.sum("everyone").alias("everyone")).filter(
            F.col("everyone") > 1).toArrow()
    return pl.concat([pl.DataFrame(pl.from_arrow(counted)).cast(KEY_COUNTS), keys])


def _hashes(cells: pl.Series) -> pl.Series:
    return pl.Series(np.frombuffer(b"".join(cells.to_list()), dtype=np.uint64))


class HashTask(Struct, frozen=True):
    """Hashes keys, and finds values that are wanted."""

    reader: PieceReader
    terms: AuditTerms
    wanted: Mapping[str, pl.Series]

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The hashes of a part by their ranges."""
        for piece in self.reader(batches):
            judge = self.terms.judge(piece.table)
            for every in judge.key_hashes():
                yield from _sent([row for kind, some in enumerate(every)
                                  for row in _ranges(kind, some)])
            if self.wanted:
                there = judge.there(self.wanted)
                yield from _sent([(1 << _BITS, kind, None, text) for kind, text
                                  in there.select("kind", "first").iter_rows()])


def _ranges(kind: int, hashes: pl.Series) -> Iterator[tuple[int, int, bytes, None]]:
    """Hashes in order, divided by their first bits."""
    ordered = np.sort(hashes.to_numpy())
    starts = np.arange(1, 1 << _BITS, dtype=np.uint64) << np.uint64(64 - _BITS)
    for bucket, some in enumerate(np.split(ordered, np.searchsorted(ordered, starts))):
        if len(some):
            yield bucket, kind, some.tobytes(), None


class _Twice(Struct, frozen=True):
    """Finds the hashes that come up more than once; whole ranges come to it."""

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        held: dict[int, list[bytes]] = {}
        for batch in batches:
            for row in batch.to_pylist():
                if row["kind"] >= 0:
                    held.setdefault(row["kind"], []).append(row["hashes"])
                else:
                    yield from _sent([(0, row["kind"], None, row["text"])])
        for kind, parts in held.items():
            ordered = np.sort(np.frombuffer(b"".join(parts), dtype=np.uint64))
            again = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])[:SHARED + 1]
            if len(again):
                yield from _sent([(0, kind, again.tobytes(), None)])


class CountTask(Struct, frozen=True):
    """Counts the keys that are suspected to come several times."""

    reader: PieceReader
    terms: AuditTerms
    suspected: Sequence[pl.Series]

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The keys of a part."""
        for piece in self.reader(batches):
            found = self.terms.judge(piece.table).key_counts(self.suspected)
            yield from as_arrow(found.select(list(KEY_COUNTS))).to_batches()


def _sent(rows: list[tuple[Any, ...]]) -> list[pa.RecordBatch]:
    sent: list[pa.RecordBatch] = as_arrow(
        pl.DataFrame(rows, schema=_HASH_SCHEMA, orient="row")).to_batches()
    return sent
