"""Ledgers that are no .xlsx, as workbooks. In: the tables of a ledger. Out: a plain workbook.

Rows stand where the ledger has them, below one for the headings where it has none. What looks like
a number and is a text (an id, an identity number) stays a text, with all its digits.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from datetime import date, datetime, time
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from zhuanjie.engine.api import OutputError, fail
from zhuanjie.engine.core.limits import limits
from zhuanjie.engine.core.python_cells import python_cells
from zhuanjie.report.books import new_book
from zhuanjie.report.workbook.sayings import SheetPlace
from zhuanjie.report.workbook.sheet_text import LAST_ROW

if TYPE_CHECKING:
    from zhuanjie.engine.api import LedgerTable

_MADE: Final = datetime(2000, 1, 1)
_WIDEST: Final = 1 << 14
_LONGEST: Final = 32_767
_EXACT: Final = 10 ** 15
"""Numbers from here on a spreadsheet program rounds."""
_FIRST_DAY: Final = date(1900, 3, 1)
"""Days before are shown by some programs as others."""
_BARRED: Final = re.compile(r"[\[\]:*?/\\\0-\x1f]")
_WIDTH: Final = 16


def copy_tables(tables: Sequence[LedgerTable], path: Path) -> list[SheetPlace]:
    """Write the records of tables of one file; where they stand.

    Raises OutputError for what no workbook can hold.
    """
    places: list[SheetPlace] = []
    with new_book(path, constant_memory=True, strings_to_numbers=False,
                  strings_to_formulas=False, strings_to_urls=False,
                  nan_inf_to_errors=False) as book:
        book.set_properties({"created": _MADE})
        formats = {kind: book.add_format({"num_format": form}) for kind, form in (
            ("text", "@"), ("date", "yyyy-mm-dd"), ("moment", "yyyy-mm-dd hh:mm:ss"),
            ("time", "hh:mm:ss"))}
        formats["head"] = book.add_format({
            "bold": True, "text_wrap": True, "valign": "vcenter", "num_format": "@"})
        by_sheet: dict[tuple[str, str | None], list[LedgerTable]] = {}
        for table in tables:
            by_sheet.setdefault((table.file, table.sheet), []).append(table)
        taken: set[str] = set()
        for where, stacked in by_sheet.items():
            name = _name(where[1] or PurePath(where[0].partition("?")[0]).stem, taken)
            sheet = book.add_worksheet(name)
            shift = 0 if stacked[0].header_row is not None else 1
            places.append(SheetPlace(where, name, shift))
            for table in stacked:
                _Copy(sheet, table, shift, formats).write()
    return places


class _Copy:
    """One table on its way."""

    def __init__(self, sheet: Any, table: LedgerTable, shift: int, formats: dict[str, Any]) -> None:
        self._sheet, self._table, self._shift, self._formats = sheet, table, shift, formats
        self._texts = {at for at, field in table.match.fields.items() if field.type == "string"}

    def write(self) -> None:
        """Write the headings and the rows below them."""
        table = self._table
        if len(table.headings) > _WIDEST:
            raise _too_large(table, "columns", len(table.headings), _WIDEST)
        head = (table.header_row or 1) - 1
        if head == 0:
            self._sheet.freeze_panes(1, 0)
            for at in range(len(table.headings)):
                kind = self._formats["text"] if at in self._texts else None
                self._sheet.set_column(at, at, _WIDTH, kind)
        for at, heading in enumerate(table.headings):
            self._sheet.write_string(head, at, heading, self._formats["head"])
        for chunk in table.chunks(limits().chunk_rows):
            columns = [(at, python_cells(cells) if isinstance(cells, pl.Series) else cells)
                       for at, cells in sorted(chunk.cells.items())]
            for place, number in enumerate(chunk.rows):
                row = number - 1 + self._shift
                if row >= LAST_ROW:
                    raise _too_large(table, "rows", row + 1, LAST_ROW)
                for at, cells in columns:
                    self._cell(row, at, cells[place])

    def _cell(self, row: int, at: int, value: object) -> None:
        if value is None or value == "":
            return
        sheet, formats = self._sheet, self._formats
        if isinstance(value, bool):
            sheet.write_boolean(row, at, value)
        elif isinstance(value, (int, float)) and at not in self._texts and (
                math.isfinite(value) and abs(value) < _EXACT):
            sheet.write_number(row, at, value)
        elif isinstance(value, datetime) and value.date() >= _FIRST_DAY:
            midnight = value.time() == time()
            sheet.write_datetime(row, at, value.replace(tzinfo=None),
                                 formats["date" if midnight else "moment"])
        elif isinstance(value, date) and not isinstance(value, datetime) and value >= _FIRST_DAY:
            sheet.write_datetime(row, at, value, formats["date"])
        else:
            text = _text(value)
            if len(text) > _LONGEST:
                raise fail(OutputError, "report.workbook.long-cell",
                           hint="report.workbook.large.hint", path=self._table.file,
                           row=row + 1, count=len(text))
            sheet.write_string(row, at, text, formats["text"])


def _text(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, (list, dict)):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def _name(title: str, taken: set[str]) -> str:
    """A name for a sheet that spreadsheet programs take."""
    base = _BARRED.sub("_", title).strip("'")[:31] or "_"
    name, number = base, 1
    while name.casefold() in taken:
        number += 1
        name = f"{base[:26]} ({number})"
    taken.add(name.casefold())
    return name


def _too_large(table: LedgerTable, what: str, count: int, most: int) -> Exception:
    return fail(OutputError, f"report.workbook.{what}", hint="report.workbook.large.hint",
                path=table.file, count=count, most=most)


def empty_book(path: Path, sheet: str, text: str) -> list[SheetPlace]:
    """Write a workbook that says that it has no ledger in it."""
    with new_book(path) as book:
        book.set_properties({"created": _MADE})
        book.add_worksheet(sheet).write_string(0, 0, text)
    return []


def refuse_large(tables: Sequence[LedgerTable]) -> None:
    """Refuse a ledger that surely has more rows than a sheet; raises OutputError."""
    for table in tables:
        # Where rows are counted by lines, several lines may be one row.
        most = LAST_ROW if table.at_once is not None else 2 * LAST_ROW
        if table.size_hint is not None and table.size_hint >= most:
            raise _too_large(table, "rows", table.size_hint, LAST_ROW)
