"""Columns that are typed already: .parquet and Polars frames. In: a scan. Out: one table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from zhuanjie.engine.core.diagnostics import Place
from zhuanjie.engine.core.errors import InputError, fail
from zhuanjie.engine.core.limits import limits
from zhuanjie.engine.core.panics import PanicError, contained
from zhuanjie.engine.ledger.headings import HeadingMap
from zhuanjie.engine.ledger.readers.base import Chunk, LedgerTable
from zhuanjie.engine.ledger.readers.batches import stream_batches
from zhuanjie.engine.ledger.readers.refuse import not_a_ledger

_WRITTEN = 95_000_000
"""Days before and after 1970 that Polars can write, also in another zone's time."""
_A_DAY = {"ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}


class FrameTable(LedgerTable):
    """A lazy frame; a column of groups (a struct) is taken apart into dotted columns."""

    def __init__(self, frame: pl.LazyFrame, name: str, mapping: HeadingMap,
                 height: int | None = None) -> None:
        super().__init__()
        self.file = name
        self.size_hint = height
        try:
            with contained():
                cells = columns_of(frame.collect_schema())
        except (pl.exceptions.PolarsError, PanicError, OSError) as error:
            raise damaged(error, name) from None
        self.headings = [heading for heading, _ in cells]
        self.match = mapping.match(self.headings, self.place)
        if self.headings and not mapping.knows(self.match):
            raise not_a_ledger(name, None, [self.headings], mapping)
        self._wanted = sorted({*self.match.fields, *self.match.unknown})
        self._scan = frame.select(cells[at][1].alias(str(at)) for at in self._wanted)

    def scan(self) -> pl.LazyFrame:
        """The rows as a query."""
        return self._scan

    @property
    def columnar(self) -> bool:
        """What is not asked for is not read."""
        return True

    @property
    def at_once(self) -> int:
        """Row groups are read from any place on."""
        return limits().typed_rows

    def chunks(self, size: int) -> Iterator[Chunk]:
        """The rows in blocks."""
        try:
            yield from frame_chunks(self._scan, self._wanted, size)
        except pl.exceptions.PolarsError as error:
            raise self.damaged(error) from None

    def damaged(self, error: Exception) -> InputError:
        """What to raise where the file could not be read to its end."""
        return damaged(error, self.file)


def frame_chunks(scan: pl.LazyFrame, wanted: Iterable[int], size: int) -> Iterator[Chunk]:
    """The rows of a query, numbered from 1, whose columns are named by position."""
    number = 1
    for _, batch in stream_batches([scan], size):
        for frame in batch.iter_slices(size):
            rows = pl.int_range(number, number + frame.height, eager=True)
            yield Chunk({at: frame[str(at)] for at in wanted}, rows)
            number += frame.height


def open_parquet(path: Path, name: str, mapping: HeadingMap) -> FrameTable:
    """The table of a .parquet file."""
    try:
        with contained():
            scan = pl.scan_parquet(path, glob=False)
            height = int(scan.select(pl.len()).collect().item())
    except (pl.exceptions.PolarsError, PanicError, OSError) as error:
        raise damaged(error, name) from None
    return FrameTable(scan, name, mapping, height)


def columns_of(schema: Mapping[str, pl.DataType]) -> list[tuple[str, pl.Expr]]:
    """The columns of a schema with what selects them."""
    return [cell for name, kind in schema.items() for cell in _apart(name, pl.col(name), kind)]


def _apart(name: str, column: pl.Expr, kind: pl.DataType) -> Iterator[tuple[str, pl.Expr]]:
    if isinstance(kind, pl.Struct):
        for field in kind.fields:
            yield from _apart(f"{name}.{field.name}", column.struct.field(field.name),
                              _made(field.dtype))
    elif isinstance(kind, pl.Date | pl.Datetime):
        # A day that no calendar has stays one that no ledger may hold: Polars cannot write it.
        units = 1 if isinstance(kind, pl.Date) else _A_DAY[kind.time_unit]
        most = min(_WRITTEN * units, 2**63 - 1)
        days = column.to_physical()
        far = pl.lit(most, dtype=pl.Int32() if isinstance(kind, pl.Date) else pl.Int64())
        # As `clip`, which takes ten times as long.
        yield name, pl.when(days > far).then(far).when(days < -far).then(-far).otherwise(
            days).cast(kind)
    elif isinstance(kind, pl.Duration):
        yield name, column.dt.to_string("iso")
    elif kind.is_nested() and _counts_time(kind):  # a cell that nobody reads, but Python may meet
        yield name, column.to_physical()
    else:
        yield name, column


def _counts_time(kind: pl.DataType) -> bool:
    """Whether there are days, times or durations in the values of a type."""
    if isinstance(kind, pl.Struct):
        return any(_counts_time(_made(field.dtype)) for field in kind.fields)
    if isinstance(kind, (pl.List, pl.Array)):
        return _counts_time(_made(kind.inner))
    return kind.is_temporal()


def _made(kind: Any) -> pl.DataType:
    """A type as an object, which Polars may name by its class."""
    made = kind if isinstance(kind, pl.DataType) else kind()
    assert isinstance(made, pl.DataType)
    return made


def damaged(error: Exception, name: str) -> InputError:
    """What to raise where a file cannot be read, or not to its end."""
    detail = str(error).splitlines()[0]
    return fail(InputError, "records.damaged", Place(file=name), "records.hint.damaged",
                detail=detail)
