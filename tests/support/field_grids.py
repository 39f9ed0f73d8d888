"""Sheets of a gallery as files. In: sheets of cells. Out: CSV, .xlsx, .xls and .ods of the same."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import xlsxwriter
import xlwt

SHOWN = {"day": "yyyy-mm-dd", "month": 'yyyy"年"m"月"', "year": "yyyy", "month-day": 'm"月"d"日"'}
"""What a cell shows of a day, by a spreadsheet's format."""
ERRORS = {"#N/A": 0x2A, "#REF!": 0x17, "#VALUE!": 0x0F, "#NAME?": 0x1D, "#DIV/0!": 0x07}
"""The errors of formulas by their numbers in old workbooks."""


@dataclass(frozen=True)
class Typed:
    """A cell that is no text: its kind, its value, and how it is shown (a format, or digits)."""

    kind: str
    value: Any
    show: str = ""

    @property
    def text(self) -> str:
        """What is seen of it."""
        if self.kind == "day":
            day: date = self.value
            return {"day": f"{day}", "month": f"{day.year}年{day.month}月", "year": f"{day.year}",
                    "month-day": f"{day.month}月{day.day}日"}[self.show]
        if self.kind == "number":
            number = int(self.value) if self.value == int(self.value) else self.value
            return str(number).zfill(len(self.show))
        return self.value if self.kind == "error" else self.show


@dataclass(frozen=True)
class Sheet:
    """A sheet: rows of cells; rows by number from 1; areas as (top, left, bottom, right) from 0."""

    name: str
    rows: Sequence[Sequence[str | Typed]]
    is_hidden: bool = False
    hidden: frozenset[int] = frozenset()
    filtered: frozenset[int] = frozenset()
    struck: frozenset[int] = frozenset()
    merged: tuple[tuple[int, int, int, int], ...] = ()


def place(address: str) -> tuple[int, int]:
    """Row and column from 0 of a cell's name."""
    letters, digits = re.fullmatch(r"([A-Z]+)(\d+)", address).groups()  # type: ignore[union-attr]
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - 64
    return int(digits) - 1, column - 1


def sheet_of(name: str, case: Mapping[str, Any]) -> Sheet:
    """A sheet as the gallery writes it: a table of texts, and what is beside it."""
    rows: list[list[str | Typed]] = [
        [cell.strip(" ").replace("\\n", "\n").replace("␠", " ") for cell in line.split("|")]
        for line in str(case["table"]).rstrip("\n").split("\n")]
    for address, cell in case.get("cells", {}).items():
        at, column = place(address)
        while len(rows) <= at:
            rows.append([""])
        rows[at] += [""] * (column + 1 - len(rows[at]))
        rows[at][column] = _typed(cell)
    areas = []
    for area in case.get("merged", ()):
        first, _, last = area.partition(":")
        areas.append((*place(first), *place(last)))
    marked = {mark: frozenset(map(int, case.get(mark, ()))) for mark in
              ("hidden", "filtered", "struck")}
    return Sheet(name, rows, case.get("sheet_is_hidden") == "true", merged=tuple(areas), **marked)


def _typed(cell: Mapping[str, str]) -> Typed:
    if "day" in cell:
        return Typed("day", date.fromisoformat(cell["day"]), cell.get("show", "day"))
    if "number" in cell:
        return Typed("number", float(cell["number"]), "0" * int(cell.get("digits", "0")))
    if "error" in cell:
        return Typed("error", cell["error"])
    return Typed("formula", cell["formula"], cell.get("result", ""))


def write_csv(path: Path, sheets: Sequence[Sheet]) -> None:
    """The one sheet as delimited text; what is no text as it is seen."""
    (sheet,) = sheets
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(
        [cell.text if isinstance(cell, Typed) else cell for cell in row] for row in sheet.rows)
    path.write_text(out.getvalue(), encoding="utf-8-sig")


def write_xlsx(path: Path, sheets: Sequence[Sheet]) -> None:
    """A workbook as Excel writes it since 2007."""
    with xlsxwriter.Workbook(path, {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        for sheet in sheets:
            page = book.add_worksheet(sheet.name)
            for top, left, bottom, right in sheet.merged:
                page.merge_range(top, left, bottom, right, "")
            for at, row in enumerate(sheet.rows):
                struck = {"font_strikeout": True} if at + 1 in sheet.struck else {}
                for column, cell in enumerate(row):
                    style = book.add_format(struck) if struck else None
                    if isinstance(cell, str):
                        if cell:
                            page.write_string(at, column, cell, style)
                    elif cell.kind == "day":
                        style = book.add_format({"num_format": SHOWN[cell.show], **struck})
                        page.write_datetime(at, column, cell.value, style)
                    elif cell.kind == "number":
                        style = book.add_format({"num_format": cell.show or "General", **struck})
                        page.write_number(at, column, cell.value, style)
                    elif cell.kind == "error":
                        page.write_formula(at, column, "=VLOOKUP(1,A1:A1,1)", style, cell.value)
                    else:
                        page.write_formula(at, column, cell.value, style, cell.show)
                if at + 1 in sheet.hidden | sheet.filtered:
                    page.set_row(at, None, None, {"hidden": True})
            if sheet.filtered:
                page.autofilter(0, 0, len(sheet.rows) - 1, len(sheet.rows[0]) - 1)
                page.filter_column(0, "x == Blanks")
            if sheet.is_hidden:
                page.hide()


def write_xls(path: Path, sheets: Sequence[Sheet]) -> None:
    """A workbook as Excel wrote it until 2003."""
    book = xlwt.Workbook(encoding="utf-8")
    for sheet in sheets:
        page = book.add_sheet(sheet.name)
        for top, left, bottom, right in sheet.merged:
            page.merge(top, bottom, left, right)
        for at, row in enumerate(sheet.rows):
            for column, cell in enumerate(row):
                style = xlwt.XFStyle()
                style.font.struck_out = at + 1 in sheet.struck
                if isinstance(cell, str):
                    if cell:
                        page.write(at, column, cell, style)
                elif cell.kind == "day":
                    style.num_format_str = SHOWN[cell.show]
                    page.write(at, column, cell.value, style)
                elif cell.kind == "number":
                    style.num_format_str = cell.show or "General"
                    page.write(at, column, cell.value, style)
                elif cell.kind == "error":
                    page.row(at).set_cell_error(column, ERRORS[cell.value], style)
                else:
                    raise ValueError("xlwt keeps no results of formulas")
            page.row(at).hidden = at + 1 in sheet.hidden | sheet.filtered
        page.visibility = int(sheet.is_hidden)
    book.save(str(path))


def write_ods(path: Path, sheets: Sequence[Sheet]) -> None:
    """A workbook as LibreOffice and the Chinese offices' own programs write it."""
    from support.open_documents import document

    path.write_bytes(document(sheets))


WRITERS: Mapping[str, Callable[[Path, Sequence[Sheet]], None]] = {
    "csv": write_csv, "xlsx": write_xlsx, "xls": write_xls, "ods": write_ods}
