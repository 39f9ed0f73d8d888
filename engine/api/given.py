"""A ledger as callers have it. In: files, frames, tables, records, file objects. Out: a ledger.

No frame library is imported for these: a frame says itself that it can be read as Arrow, and one
of pandas says its columns.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, cast

import polars as pl

from zhuanjie.engine.api.callers import refuse
from zhuanjie.engine.ledger.given_table import GivenTable
from zhuanjie.engine.ledger.ledger import (
    Ledger,
    from_frame,
    from_records,
    from_tables,
    open_ledger,
)
from zhuanjie.engine.ledger.sources import STDIN
from zhuanjie.engine.vocabulary.vocabulary import Vocabulary

__all__ = ["open_given"]


def open_given(sources: Any, columns: Mapping[str, str] | None, stdin: BinaryIO | None, *,
               vocabulary: Vocabulary, version: str | None = None) -> Ledger:
    """The ledger that a caller means.

    Raises UsageError for what is no ledger, and what opening it raises.
    """
    if isinstance(sources, (str, Path)):
        return open_ledger([sources], columns, stdin, vocabulary=vocabulary, version=version)
    if (frame := _frame(sources)) is not None:
        return from_frame(frame, columns, vocabulary=vocabulary)
    if hasattr(sources, "read"):
        return open_ledger([STDIN], columns, _binary(sources), vocabulary=vocabulary)
    if isinstance(sources, (Mapping, bytes)) or not isinstance(sources, Iterable):
        raise refuse("sources", sources, "audit")
    given = list(sources)
    if given and all(isinstance(item, Mapping) for item in given):
        return from_records(given, columns, vocabulary=vocabulary)
    if given and all(isinstance(item, GivenTable) for item in given):
        return from_tables(given, columns, vocabulary=vocabulary)
    if not all(isinstance(item, (str, Path)) for item in given):
        raise refuse("sources", next(i for i in given if not isinstance(i, (str, Path))), "audit")
    return open_ledger(given, columns, stdin, vocabulary=vocabulary, version=version)


def _frame(given: Any) -> pl.DataFrame | None:
    """A frame or table of Polars, pandas or Arrow as one of Polars; None for anything else."""
    if isinstance(given, pl.DataFrame):
        return given
    if isinstance(given, pl.LazyFrame):
        return given.collect()
    if hasattr(given, "to_dict") and hasattr(given, "columns"):  # pandas
        held = given.to_dict(orient="list")
        return pl.DataFrame([pl.Series(str(name), [_plain(v) for v in values], strict=False)
                             for name, values in held.items()])
    if hasattr(given, "__arrow_c_stream__") or hasattr(given, "__arrow_c_array__"):
        return pl.DataFrame(given)
    return None


def _plain(value: Any) -> Any:
    """A cell of pandas: what is not equal to itself (NaN, NaT) is no value."""
    if value is None or value != value:  # noqa: PLR0124  # NaN and NaT alone are so
        return None
    return value.to_pydatetime() if isinstance(value, datetime) and hasattr(
        value, "to_pydatetime") else value


def _binary(file: Any) -> BinaryIO:
    """A file object's bytes; text is read whole."""
    if isinstance(file, io.TextIOBase):
        return io.BytesIO(file.read().encode())
    return cast("BinaryIO", file)

