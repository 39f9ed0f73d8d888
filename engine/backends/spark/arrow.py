"""Frames as Spark takes them. In: a Polars frame. Out: an Arrow table of Spark's own types."""

from __future__ import annotations

import polars as pl
import pyarrow as pa

_PLAIN = {"large_string": pa.string(), "string_view": pa.string()}


def as_arrow(frame: pl.DataFrame) -> pa.Table:
    """The same rows; texts and lists have the small offsets that Spark reads."""
    table = frame.to_arrow()
    return table.cast(pa.schema([(f.name, _plain(f.type)) for f in table.schema]))


def _plain(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_large_list(kind):
        return pa.list_(_plain(kind.value_type))
    return _PLAIN.get(str(kind), kind)
