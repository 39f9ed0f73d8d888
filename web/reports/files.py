"""The report as files. In: a report in words. Out: a workbook, a PDF, each time the same bytes."""

from __future__ import annotations

import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from zhuanjie.engine.api import Lang
from zhuanjie.report.books import new_book
from zhuanjie.report.ownership import MARK
from zhuanjie.web.letters.press import Press
from zhuanjie.web.reports.report import (
    SIGNED,
    BoardReport,
    Cell,
    ReportTable,
    board_says,
    number_of,
)

_MADE: Final = datetime(2000, 1, 1)
"""What a workbook gives as the time it was made: the same figures give the same bytes."""
_BARRED: Final = str.maketrans(dict.fromkeys("[]:*?/\\", "_"))


def workbook(report: BoardReport, lang: Lang) -> bytes:
    """A report as a workbook: a first sheet on what it is, then a sheet a table."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.xlsx"
        _write_workbook(report, path, lang)
        return path.read_bytes()


def pdf(report: BoardReport, lang: Lang, press: Press) -> bytes:
    """A report as sheets to print; raises OutputError where no font has its signs."""
    note = report.note
    return press.tables({
        "title": report.title, "about": report.about, "lang": lang,
        "facts": [[label, text] for label, text in report.facts],
        "tables": [{"title": table.title, "headings": table.headings,
                    "rows": [[_shown(cell) for cell in row] for row in table.rows]}
                   for table in report.tables if table.rows],
        "note": {"title": board_says("report_checkpoint", lang), "text": note or "",
                 "words": board_says("report_checkpoint_words" if note else "report_none", lang)},
        "signed": [board_says(f"report_sign_{who}", lang) for who in SIGNED]})


def _shown(cell: Cell) -> dict[str, Any]:
    value = number_of(cell)
    return {"text": f"{value:,}" if isinstance(value, int) else value,
            "number": isinstance(value, int)}


def _write_workbook(report: BoardReport, path: Path, lang: Lang) -> None:
    with new_book(path, constant_memory=False, strings_to_formulas=False, strings_to_urls=False,
                  strings_to_numbers=False) as book:
        book.set_properties({"created": _MADE, "author": MARK})
        head = book.add_format({"bold": True, "border": 1, "bg_color": "#DDEBF7",
                                "text_wrap": True})
        boxed, large = book.add_format({"border": 1}), book.add_format(
            {"bold": True, "font_size": 16})
        wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        sheet = book.add_worksheet(board_says("report_sheet_main", lang))
        sheet.set_column(0, 0, 24)
        sheet.set_column(1, 1, 70)
        sheet.write_string(0, 0, report.title, large)
        sheet.write_string(1, 0, report.about)
        row = 3
        for label, text in report.facts:
            sheet.write_string(row, 0, label)
            sheet.write_string(row, 1, text, wrapped)
            row += 1
        if report.note is not None:
            sheet.write_string(row, 0, board_says("report_checkpoint", lang))
            sheet.write_string(row, 1, report.note, wrapped)
            row += 1
        for who in SIGNED:
            row += 2
            sheet.write_string(row, 0, board_says(f"report_sign_{who}", lang))
        for table in report.tables:
            _sheet(book, table, head, boxed)


def _sheet(book: Any, table: ReportTable, head: Any, boxed: Any) -> None:
    sheet = book.add_worksheet(table.title.translate(_BARRED)[:31])
    sheet.set_column(0, 0, 20)
    sheet.set_column(1, len(table.headings), 14)
    for at, heading in enumerate(table.headings):
        sheet.write_string(0, at, heading, head)
    for row, cells in enumerate(table.rows, 1):
        for at, cell in enumerate(map(number_of, cells)):
            if isinstance(cell, int):
                sheet.write_number(row, at, cell, boxed)
            else:
                sheet.write_string(row, at, cell, boxed)
    sheet.freeze_panes(1, 1)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
