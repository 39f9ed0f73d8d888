"""Workbooks of Office Open XML. In: a path. Out: a table a ledger sheet, notices of others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from zipfile import is_zipfile

from msgspec import Struct

from zhuanjie.engine.core.diagnostics import Diagnostic, Place
from zhuanjie.engine.ledger.headings import HeadingMap
from zhuanjie.engine.ledger.readers.refuse import NotALedgerError, why_not
from zhuanjie.engine.ledger.readers.xlsx.book import ListedSheet, SheetList, main_part, read_book
from zhuanjie.engine.ledger.readers.xlsx.columns import Columns
from zhuanjie.engine.ledger.readers.xlsx.long_cells import CellKinds
from zhuanjie.engine.ledger.readers.xlsx.package import PackedBook, reading
from zhuanjie.engine.ledger.readers.xlsx.sheet import ReadSheet, read_sheet
from zhuanjie.engine.ledger.readers.xlsx.strings import shared_strings
from zhuanjie.engine.ledger.readers.xlsx.styles import read_styles
from zhuanjie.engine.ledger.readers.xlsx.table import SheetLedger, table_of


class OpenedBook(Struct, frozen=True):
    """A workbook whose sheets can be read."""

    package: PackedBook
    book: SheetList
    kinds: CellKinds

    def sheet(self, entry: ListedSheet, *, quick: bool = True) -> ReadSheet:
        """The cells of a sheet; raises what `reading` turns into errors."""
        return read_sheet(self.package, entry.part, self.kinds, quick=quick)


def is_open_xml(path: Path) -> bool:
    """Whether a file is a package with a workbook in XML, so that what is wrong with it is said
    here."""
    if not is_zipfile(path):
        return False
    with reading(Place(file=str(path))), PackedBook(path, Place(file=str(path))) as package:
        return main_part(package) is not None


def open_book(package: PackedBook) -> OpenedBook:
    """The workbook of a package; raises what `reading` turns into errors."""
    book = read_book(package)
    strings = shared_strings(package, book)
    return OpenedBook(package, book, CellKinds(read_styles(package, book), strings))


def open_xlsx(path: Path, name: str,
              mapping: HeadingMap) -> tuple[list[SheetLedger], list[Diagnostic]]:
    """The ledgers of a workbook, and notices about the sheets that are none."""
    tables: list[SheetLedger] = []
    notices: list[Diagnostic] = []
    reasons: list[Diagnostic] = []
    whole = Place(file=name)
    with reading(whole), PackedBook(path, whole) as package:
        opened = open_book(package)
        for entry in opened.book.sheets:
            if not entry.is_table:
                continue
            place = Place(file=name, sheet=entry.name)
            try:
                tables += _tables(path, place, mapping, opened, entry)
            except NotALedgerError as error:
                reasons += error.diagnostics
                notices.append(Diagnostic("records.skipped-sheet", {}, place))
    if not tables:
        raise NotALedgerError(*reasons or [why_not(name, None, [], mapping)])
    return tables, notices


def _tables(path: Path, place: Place, mapping: HeadingMap, opened: OpenedBook,
            entry: ListedSheet) -> Iterator[SheetLedger]:
    with reading(place):
        read = opened.sheet(entry)
        columns = Columns(read.cells, opened.book.day_zero)
        table = table_of(path, place, mapping, read, columns)
        if table is None:
            return
        if entry.is_hidden:
            table.hide()
        yield table
        yield from table.below(mapping)
