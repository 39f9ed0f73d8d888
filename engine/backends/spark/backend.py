"""Spark as an engine. In: a plan and a frame. Out: verdicts.

The frame goes to the workers, each of which judges a part of it with the engine for ledgers.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import polars as pl
import pyarrow as pa
from msgspec import Struct

from zhuanjie.engine.backends.base import UNKNOWN
from zhuanjie.engine.backends.registry import BULK, backend_of
from zhuanjie.engine.backends.spark.arrow import as_arrow
from zhuanjie.engine.backends.spark.session import NAME, failing, mapped, session
from zhuanjie.engine.backends.verdicts import SCHEMA, judged_by, to_verdicts
from zhuanjie.engine.core.results import Verdict
from zhuanjie.engine.expr.nodes import Expr, field_names
from zhuanjie.engine.lowering.plan import Plan

_AT = "at"
_VERDICTS = ("row long, rule int, outcome int, clause int, due int, late int, missing long")
_TRUTHS = "row long, truth boolean"
_VALUE = "value string"


class SparkBackend:
    """Judges on Spark's workers."""

    name = NAME

    def judge(self, plan: Plan, frame: pl.DataFrame, all_outcomes: bool = False) -> list[Verdict]:
        """See `Backend.judge`."""
        names = frame.columns
        table = _run(frame, names, _Judging(plan, names, all_outcomes), _VERDICTS)
        return list(to_verdicts(plan, table.cast(SCHEMA).sort("row", "rule")))

    def truth(self, plan: Plan, expr: Expr, frame: pl.DataFrame) -> list[bool | None]:
        """See `Backend.truth`."""
        names = sorted(field_names(expr))
        return _run(frame, names, _Truth(plan, expr, names), _TRUTHS).sort("row")["truth"].to_list()

    def evaluate(self, expr: Expr, record: Mapping[str, Any], as_of: date,
                 params: Mapping[str, int]) -> Any:
        """See `Backend.evaluate`."""
        task = _Value(expr, dict(record), as_of, dict(params))
        with failing():
            value = mapped(session().range(1, numPartitions=1), task, _VALUE).collect()[0][0]
        found = json.loads(value)
        return UNKNOWN if found is None else found


def _run(frame: pl.DataFrame, names: Sequence[str], task: Any, schema: str) -> pl.DataFrame:
    """What a task makes of a frame's columns, which go by number."""
    if not len(frame):
        return pl.DataFrame(schema=[column.split()[0] for column in schema.split(", ")])
    sent = frame.select(pl.int_range(pl.len(), dtype=pl.Int64).alias(_AT), *(
        pl.col(name).alias(f"c{at}") for at, name in enumerate(names)))
    with failing():
        table = mapped(session().createDataFrame(as_arrow(sent)), task, schema).toArrow()
    found = pl.from_arrow(table)
    assert isinstance(found, pl.DataFrame)
    return found


def _frames(batches: Iterator[pa.RecordBatch],
            names: Sequence[str]) -> Iterator[tuple[pl.Series, pl.DataFrame]]:
    """The batches as the frames they are parts of, with the places of their rows."""
    for batch in batches:
        part = pl.from_arrow(batch)
        assert isinstance(part, pl.DataFrame)
        if len(part):
            yield part[_AT], part.rename({f"c{at}": name for at, name in enumerate(names)})


class _Judging(Struct, frozen=True):
    """Judges records."""

    plan: Plan
    names: Sequence[str]
    all_outcomes: bool

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        engine = backend_of(BULK)
        for at, frame in _frames(batches, self.names):
            table = judged_by(engine, self.plan, frame, self.all_outcomes).table
            found = table.cast({n: pl.Int32 for n in SCHEMA if n not in ("row", "missing")})
            yield from as_arrow(found.with_columns(
                at.gather(table["row"]).alias("row"))).to_batches()


class _Truth(Struct, frozen=True):
    """Asks a condition of records."""

    plan: Plan
    expr: Expr
    names: Sequence[str]

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for at, frame in _frames(batches, self.names):
            truth = backend_of(BULK).truth(self.plan, self.expr, frame)
            yield from as_arrow(pl.DataFrame({
                "row": at, "truth": pl.Series(truth, dtype=pl.Boolean)})).to_batches()


class _Value(Struct, frozen=True):
    """Works out an expression."""

    expr: Expr
    record: Mapping[str, Any]
    as_of: date
    params: Mapping[str, int]

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for _ in batches:  # a worker that leaves something unread is not used again
            pass
        found = backend_of(BULK).evaluate(self.expr, self.record, self.as_of, self.params)
        value = json.dumps(None if found is UNKNOWN else found)
        yield from as_arrow(pl.DataFrame({"value": [value]})).to_batches()


ENGINE = SparkBackend()
