"""Workbooks that calamine reads (.xls, .xlsb, .ods). In: a path. Out: a grid a sheet.

It unpacks a part whole and lays a sheet out as a full rectangle, and where it has not the memory or
meets what it did not expect it ends the process: so it works in one that nobody else needs.
"""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Iterator
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

from zhuanjie.engine.core.diagnostics import Place
from zhuanjie.engine.core.errors import InputError, fail
from zhuanjie.engine.core.limits import limits
from zhuanjie.engine.core.panics import PanicError, contained
from zhuanjie.engine.ledger.readers.laid_out import Grid, Row
from zhuanjie.engine.ledger.readers.oversize import refuse_bomb, refuse_far
from zhuanjie.engine.ledger.readers.sheet_extras import SheetExtras
from zhuanjie.engine.ledger.readers.sheetxml import inspect


def workbook_grids(path: Path, name: str) -> Iterator[Grid]:
    """The sheets with cells, in order."""
    book = _open(path, name)
    if len(book.sheets_metadata) > limits().workbook_sheets:
        raise fail(InputError, "records.beyond.workbook_sheets", Place(file=name),
                   "records.hint.too-much", most=limits().workbook_sheets)
    for at, meta in enumerate(book.sheets_metadata):
        if meta.typ == SheetTypeEnum.WorkSheet:
            place = Place(file=name, sheet=meta.name)
            facts = inspect(path, at)
            refuse_far(facts.rows, facts.columns, place, path)
            grid = _grid(_sheet(book, at, place), facts, place, path)
            grid.hidden = meta.visible != SheetVisibleEnum.Visible
            yield grid


def _grid(sheet: CalamineSheet, facts: SheetExtras, place: Place, path: Path) -> Grid:
    end = (sheet.end[0] + 1, sheet.end[1] + 1) if sheet.end else (0, 0)
    refuse_far(*end, place, path)
    # calamine leaves out the empty columns on the left, though not the rows at the top.
    left = [""] * (end[1] - sheet.width)
    mend: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for (at, column), text in facts.cells.items():
        mend[at].append((column, text))
    rows: list[Row] = []
    try:
        with contained():
            for at, cells in enumerate(sheet.iter_rows() if sheet.end else ()):
                row: Row = [*left, *cells]
                for column, text in mend.get(at, ()):
                    row[column] = text
                rows.append(row)
    except PanicError:
        raise fail(InputError, "records.beyond", place, "records.hint.damaged") from None
    return Grid(place.sheet, rows, sheet.merged_cell_ranges or facts.merged,
                set(facts.hidden_rows), day_zero=facts.day_zero, is_sheet=True,
                struck_rows=set(facts.struck_rows), filtered=facts.filtered,
                uncomputed=facts.uncomputed, unread=facts.unread)


def _open(path: Path, name: str) -> CalamineWorkbook:
    place = Place(file=name)
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


def _sheet(book: CalamineWorkbook, position: int, place: Place) -> CalamineSheet:
    try:
        with contained():
            return book.get_sheet_by_index(position)
    except (CalamineError, PanicError, OSError) as error:
        raise _damaged(error, place) from None


def _damaged(error: Exception, place: Place) -> Exception:
    of_wps = (place.file or "").lower().endswith((".et", ".ett"))
    hint = "records.hint.damaged-wps" if of_wps else "records.hint.damaged"
    return fail(InputError, "records.damaged", place, hint, detail=str(error))
