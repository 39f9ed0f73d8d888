"""Spreadsheets (.xlsx, .xlsm, .xls, .xlsb, .ods). In: a workbook. Out: a table a ledger sheet."""

from __future__ import annotations

import io
import itertools
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from zipfile import is_zipfile

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from zhuanjie.engine.core.diagnostics import Diagnostic, Place
from zhuanjie.engine.core.errors import InputError, fail
from zhuanjie.engine.core.location import column_letter
from zhuanjie.engine.core.own_sheets import OWN_SHEET
from zhuanjie.engine.core.panics import PanicError, contained
from zhuanjie.engine.ledger.header import SEARCHED, find_header
from zhuanjie.engine.ledger.headings import HeadingMap
from zhuanjie.engine.ledger.readers.base import Chunk
from zhuanjie.engine.ledger.readers.merged import Row, spread
from zhuanjie.engine.ledger.readers.oversize import refuse_bomb, refuse_far
from zhuanjie.engine.ledger.readers.refuse import NotALedgerError, not_a_ledger, why_not
from zhuanjie.engine.ledger.readers.sheet_extras import SheetExtras
from zhuanjie.engine.ledger.readers.sheetxml import inspect
from zhuanjie.engine.ledger.readers.stacked import StackedTable
from zhuanjie.engine.ledger.readers.xlsx.reader import is_open_xml, open_xlsx

KEPT = 2_000_000
"""Cells up to which a sheet is kept in memory between passes rather than parsed again."""

SAMPLE = 1000
_BLOCK = 1000
"""Rows looked at for texts that were typed as numbers."""


def open_workbook(
    path: Path, name: str, mapping: HeadingMap
) -> tuple[Sequence[StackedTable], list[Diagnostic]]:
    """The ledgers of a workbook, and notices about the sheets that are none."""
    if not _is_encrypted(path) and is_open_xml(path):
        return open_xlsx(path, name, mapping)
    book = _open(path, name)
    tables: list[SheetTable] = []
    notices: list[Diagnostic] = []
    reasons: list[Diagnostic] = []
    for at, meta in enumerate(book.sheets_metadata):
        if meta.typ != SheetTypeEnum.WorkSheet:
            continue
        place = Place(file=name, sheet=meta.name)
        try:
            facts = inspect(path, at)
            refuse_far(facts.rows, facts.columns, place, path)
            if _is_own(sheet := _sheet(book, at, name)):
                continue
            table = SheetTable(path, name, at, mapping, sheet, facts)
            if meta.visible != SheetVisibleEnum.Visible:
                table.hide()
            tables += (table, *table.below(mapping))
        except NotALedgerError as error:
            reasons += error.diagnostics
            notices.append(Diagnostic("records.skipped-sheet", {}, place))
    if not tables:
        raise NotALedgerError(*reasons or [why_not(name, None, [], mapping)])
    return tables, notices


class SheetTable(StackedTable):
    """One sheet of a workbook."""

    row_rules = "layout"

    def __init__(
        self,
        path: Path,
        name: str,
        position: int,
        mapping: HeadingMap,
        sheet: CalamineSheet,
        facts: SheetExtras,
    ) -> None:
        super().__init__()
        self.file, self.sheet = name, sheet.name
        self.path, self._path, self._position = path, path, position
        self._kept = sheet if sheet.height * sheet.width <= KEPT else None
        self._facts = facts
        self.day_zero = facts.day_zero
        self.hidden_rows, self.struck_rows = facts.hidden_rows, facts.struck_rows
        self.filtered = facts.filtered
        merged = sheet.merged_cell_ranges or facts.merged
        rows = list(itertools.islice(self._rows(sheet), SEARCHED + SAMPLE))
        top = [list(row) for row in rows[:SEARCHED]]
        spread(top, merged)
        header = find_header(top, mapping, self.place)
        if header is None:
            raise not_a_ledger(name, sheet.name, top, mapping)
        self._end = _extent(sheet)[0]
        # In the records a value goes down its merged cells and never sideways, where a merged
        # line is a note or a heading between records.
        self._merged = [m for m in merged if m[0][0] > header.last and m[1][0] > m[0][0]]
        self._head(header, mapping)
        self._notice(rows[header.last + 1:])

    def _kept_rows(self) -> Iterator[Row] | None:
        """See `StackedTable`."""
        return None if self._kept is None else self._rows(self._kept)

    def chunks(self, size: int) -> Iterator[Chunk]:
        """The rows below the header."""
        sheet = self._kept or _sheet(_open(self._path, self.file), self._position, self.file)
        rows = itertools.islice(self._rows(sheet), self.header_row, self._end)
        return self._chunked(rows, size)

    def _rows(self, sheet: CalamineSheet) -> Iterator[Row]:
        """The rows from the sheet's first, each from its first column, with the cells mended."""
        # calamine leaves out the empty columns on the left, though not the rows at the top.
        left = [""] * (_extent(sheet)[1] - sheet.width)
        mend: dict[int, list[tuple[int, str]]] = defaultdict(list)
        for (at, column), text in self._facts.cells.items():
            mend[at].append((column, text))
        for at, cells in enumerate(self._cells(sheet)):
            row: Row = [*left, *cells]
            for column, text in mend.get(at, ()):
                row[column] = text
            yield row

    def _cells(self, sheet: CalamineSheet) -> Iterator[Row]:
        """The rows as calamine reads them; raises InputError where it gives up."""
        rows: Iterator[Row] = iter(sheet.iter_rows())  # type: ignore[arg-type]  # narrower cells
        more = True
        while more:
            try:
                with contained():
                    block = list(itertools.islice(rows, _BLOCK))
            except PanicError:
                raise fail(InputError, "records.beyond", self.place,
                           "records.hint.damaged") from None
            yield from block
            more = len(block) == _BLOCK

    def _notice(self, rows: list[Row]) -> None:
        """Say what about the sheet may mislead."""
        if self._facts.unread:
            self.notices.append(Diagnostic("records.extras-unread", {}, self.place,
                                           "records.hint.extras-unread"))
        if self._facts.uncomputed:
            self.notices.append(Diagnostic("records.uncomputed", {"count": self._facts.uncomputed},
                                           self.place, "records.hint.uncomputed"))
        for at, field in self.match.fields.items():
            if field.type == "string" and any(type(row[at]) in (int, float) for row in rows):
                self.notices.append(Diagnostic(
                    "records.number-as-text", {"heading": self.headings[at]},
                    Place(self.file, self.sheet, self.header_row, column_letter(at)),
                    "records.hint.number-as-text",
                ))


def _open(path: Path, name: str) -> CalamineWorkbook:
    place = Place(file=name)
    if _is_encrypted(path):
        raise fail(InputError, "records.password", place, "records.hint.password")
    refuse_bomb(path, place)
    try:
        with contained():
            if path.suffix.lower() == ".xls" and is_zipfile(path):
                # Of a path calamine goes by the ending, of bytes by what they are.
                return CalamineWorkbook.from_filelike(io.BytesIO(path.read_bytes()))
            return CalamineWorkbook.from_path(path)
    except PasswordError:
        raise fail(InputError, "records.password", place, "records.hint.password") from None
    except (CalamineError, PanicError, OSError) as error:
        raise _damaged(error, place) from None


def _sheet(book: CalamineWorkbook, position: int, name: str) -> CalamineSheet:
    try:
        return book.get_sheet_by_index(position)
    except CalamineError as error:
        raise _damaged(error, Place(file=name, sheet=book.sheet_names[position])) from None


def _is_own(sheet: CalamineSheet) -> bool:
    """Whether a sheet is one that this program put into a workbook that it marked."""
    first = next(sheet.iter_rows(), None) if sheet.start == (0, 0) else None
    head = first[0] if first else None
    return isinstance(head, str) and head.startswith(OWN_SHEET)


def _extent(sheet: CalamineSheet) -> tuple[int, int]:
    """Rows and columns from the sheet's first cell to its last filled one."""
    return (sheet.end[0] + 1, sheet.end[1] + 1) if sheet.end else (0, 0)


def _damaged(error: Exception, place: Place) -> Exception:
    of_wps = (place.file or "").lower().endswith((".et", ".ett"))
    hint = "records.hint.damaged-wps" if of_wps else "records.hint.damaged"
    return fail(InputError, "records.damaged", place, hint, detail=str(error))


def _is_encrypted(path: Path) -> bool:
    """Whether the file is the container that Office puts an encrypted workbook in."""
    with path.open("rb") as file:
        return (file.read(8) == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
                and "EncryptedPackage".encode("utf-16-le") in file.read(1 << 20))
