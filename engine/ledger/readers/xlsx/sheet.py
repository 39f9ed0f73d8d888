"""One sheet of a workbook, read as a stream. In: its part. Out: its cells, and what is around them.

A sheet in the usual form is taken apart as text (`quick`); what stands above and below its rows,
and every other sheet, goes through a parser. Both say the same of the same sheet.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl
from msgspec import Struct

from zhuanjie.engine.ledger.readers.xlsx.long_cells import KIND, SCHEMA, CellKinds, SheetFacts
from zhuanjie.engine.ledger.readers.xlsx.package import PackedBook
from zhuanjie.engine.ledger.readers.xlsx.quick import QuickRows, blocks_of_rows
from zhuanjie.engine.ledger.readers.xlsx.quick_text import UnusualError
from zhuanjie.engine.ledger.readers.xlsx.surroundings import AnyRows, Surroundings

BLOCK = 1 << 23
_BEGIN, _END = b"sheetData>", b"</"


class ReadSheet(Struct, frozen=True):
    """The filled cells of a sheet, as `long_cells` has them, and its facts."""

    cells: pl.DataFrame
    facts: SheetFacts


def read_sheet(package: PackedBook, part: str, kinds: CellKinds, *,
               quick: bool = True) -> ReadSheet:
    """A sheet; raises what `reading` turns into errors."""
    if quick and (read := taken_apart(package, part, kinds)) is not None:
        return read
    facts = SheetFacts()
    rows = AnyRows(kinds, facts)
    rows.read(package.blocks(part))
    return ReadSheet(_joined(rows.parts), facts)


def taken_apart(package: PackedBook, part: str, kinds: CellKinds) -> ReadSheet | None:
    """A sheet in the usual form; None where it is in another."""
    facts = SheetFacts()
    try:
        return ReadSheet(_joined(list(_quick(package.blocks(part, BLOCK), kinds, facts))), facts)
    except UnusualError:
        return None


def _joined(parts: list[pl.DataFrame]) -> pl.DataFrame:
    return pl.concat(parts) if parts else pl.DataFrame(schema={**SCHEMA, KIND: pl.UInt8})


def _quick(blocks: Iterator[bytes], kinds: CellKinds, facts: SheetFacts) -> Iterator[pl.DataFrame]:
    """The cells of a sheet in the usual form; raises UnusualError for any other."""
    around = Surroundings(facts)
    first = next(blocks, b"")
    head, begin, rest = first.partition(_BEGIN)
    if not begin or b"<!" in head or head.count(b"<?") > 1:
        raise UnusualError
    around.feed(head + begin)
    if around.prefix is None or not around.is_usual or around.encoding not in (
            "utf-8", "us-ascii"):
        raise UnusualError
    prefix = around.prefix
    if not head.endswith(b"<" + prefix):  # closed at once, or of another space
        raise UnusualError
    rows = QuickRows(kinds, facts, prefix)
    end = _END + prefix + _BEGIN
    below: list[bytes] = []
    for block in blocks_of_rows(_from(rest, blocks), b"<" + prefix + b"row ", end, below):
        if block.strip(b" \n\r\t"):
            yield rows.cells(block)
    if not below:
        raise UnusualError
    for block in _from(below[0], blocks):
        around.feed(block)
    around.close()


def _from(rest: bytes, blocks: Iterator[bytes]) -> Iterator[bytes]:
    yield rest
    yield from blocks
