"""How many of what. In: nothing. Out: the numbers from which on records are handled otherwise.

Nothing that is said of a ledger depends on them, only speed and memory; so tests pass smaller ones
and expect the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Numbers of rows, in the order in which a ledger meets them."""

    text_kept_from: int = 200_000
    """Lines from which on delimited text is kept as columns."""
    lines_kept_from: int = 20_000
    """Lines from which on records that are JSON are kept as columns."""
    line_block: int = 500
    """Records of JSON lines that are objects at a time."""
    kept_part: int = 1 << 17
    """About so many records are kept in one file."""
    unpacked_bytes: int = 200 << 20
    """Bytes from which on a part of a workbook is looked at for padding."""
    object_rows: int = 10_000
    """Records that are objects at a time, where a reader makes them."""
    chunk_rows: int = 100_000
    """Rows at a time of a table that is read chunk by chunk in a stream."""
    text_rows: int = 1 << 18
    """Rows at a time of a table of texts that is read as columns."""
    typed_rows: int = 1 << 20
    """Rows at a time of a table of typed columns."""
    sample_rows: int = 1_000
    """Rows that show in what form a column of text is written."""
    columns_from: int = 10_000
    """Rows from which on cells are read column by column first."""
    batch_rows: int = 100_000
    """Records in a batch."""
    stream_from: int = 20_000
    """Records from which on a ledger is read as one stream."""
    slice_rows: int = 1 << 20
    """Rows of a table that make a slice: the least that is finished, and can be kept, by itself."""
    hashed_rows: int = 1_000_000
    """Records whose keys are hashed at a time."""
    reported_rows: int = 200_000
    """Reported records that are judged at a time."""
    beat_rows: int = 100_000
    """Every so many records one leaves the stream in any case, so that progress can be told."""
    specialize_from: int = 5_000
    """Records that make it worth while to lower rules anew without their conditions of time."""
    date_tables_from: int = 20_000
    """Records from which on tables of shifted dates pay."""
    copied_block: int = 8 << 20
    """Bytes of rows copied from a server that are read at a time."""
    copied_bytes: int = 256 << 20
    """Bytes from which on rows copied from a server are kept in files."""
    fetched_rows: int = 4_000
    """Rows that are fetched from a server at a time."""
    table_report_to: int = 500_000
    """Records from which on a report for people is not what its reader wants."""


DEFAULT = Limits()
_held = [DEFAULT]


def limits() -> Limits:
    """The limits that hold: the default ones, but inside `using`."""
    return _held[-1]


@contextmanager
def using(given: Limits) -> Iterator[None]:
    """Have other limits hold, in all threads, until the block is left."""
    _held.append(given)
    try:
        yield
    finally:
        _held.pop()
