"""How many of what. In: nothing. Out: the numbers from which on records are handled otherwise.

Nothing that is said of a ledger depends on them, only speed and memory; so tests pass smaller ones
and expect the same. The last of them bound what a file may ask for: beyond them it is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from msgspec import Struct


class Limits(Struct, frozen=True):
    """Numbers of rows, in the order in which a ledger meets them."""

    text_part: int = 32 << 20
    """Bytes of delimited text that are read at a time."""
    held_bytes: int = 512 << 20
    """Bytes of a table's typed columns that are held, and not kept in files."""
    distinct_texts: int = 1 << 15
    """Texts of columns that are read text by text, and not cell by cell."""
    lines_kept_from: int = 20_000
    """Lines from which on records that are JSON are kept as columns."""
    lines_part: int = 32 << 20
    """Bytes of JSON lines that are parsed at a time."""
    document_from: int = 4 << 20
    """Bytes from which on a document that is a list of records is kept as columns."""
    document_part: int = 8 << 20
    """Bytes of such a list that are parsed at a time."""
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
    judged_singly_to: int = 500
    """Records that are sooner judged one by one than a plan is compiled for columns."""
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

    package_parts: int = 20_000
    """Parts of a package, and relations of one of them."""
    part_bytes: int = 64 << 20
    """Bytes of a part that lists sheets, relations or styles."""
    workbook_sheets: int = 1_000
    """Sheets of a workbook."""
    workbook_styles: int = 100_000
    """Styles of cells; Excel knows 65,490."""
    shared_strings: int = 10_000_000
    """Texts that the cells of a workbook share."""
    merged_ranges: int = 200_000
    """Merged ranges of a sheet."""
    unusual_cells: int = 1_000_000
    """Cells of a sheet that is not written as most are, so that a parser has to read it."""
    xml_elements: int = 3_000_000
    """Elements of a part that a parser reads."""
    xml_depth: int = 200
    """Elements that stand in one another."""
    xml_tag_bytes: int = 4 << 20
    """Bytes of a single tag."""
    xml_row_bytes: int = 16 << 20
    """Bytes of a row."""
    cell_characters: int = 1 << 20
    """Characters of a cell's text; Excel keeps 32,767."""
    apart_memory: int = 768 << 20
    """Bytes of memory for the process that reads a file apart,"""
    apart_memory_a_byte: int = 30
    """and so many more for each byte of the file."""
    apart_seconds: int = 8
    """Seconds of a processor for that process,"""
    apart_bytes_a_second: int = 1 << 18
    """and one more for so many bytes of the file."""


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
