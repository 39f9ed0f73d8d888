"""Deadlines as a workbook. In: rows by their days, a report. Out: an .xlsx file to work from.

Ids and whatever else is text are text cells; rows that no sheet has room for go on in another.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import date, datetime
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from zhuanjie.engine.api import part_of
from zhuanjie.engine.core.results import Finding, Report
from zhuanjie.report.books import new_book
from zhuanjie.report.labels import RecordLabels
from zhuanjie.report.layouts import deadlines as layout
from zhuanjie.report.layouts.audit import head, unreadable
from zhuanjie.report.layouts.skipped import not_judged, skipped
from zhuanjie.report.ownership import MARK
from zhuanjie.report.section import Section
from zhuanjie.report.view import View
from zhuanjie.report.wrap import printable

if TYPE_CHECKING:
    from zhuanjie.engine.api import DueCounts

_ROWS: Final = 1_048_576
"""Rows that a sheet has."""
_TEXT: Final = 32_767
"""Characters that a cell holds."""
_MADE: Final = datetime(2000, 1, 1)
"""What the workbook gives as the time it was made: the same call gives the same bytes."""
_FIRST_DAY: Final = date(1900, 3, 1)
"""From here on spreadsheet programs count days alike; before it a day is written as text."""
_COLUMNS: Final = ("due", "days-late", "days-left", "stands", "clause", "duty", "to-do", "record",
                   "named", "group", "row", "sheet", "file")
_WIDTHS: Final = (12, 10, 10, 10, 8, 40, 48, 16, 12, 18, 8, 14, 24)


def cells_of(view: View) -> Callable[[Finding], str]:
    """What makes the cells of an act, as JSON."""
    states = {part: view.say(f"column.{part}") for part in ("overdue", "waived", "coming")}

    def cells(found: Finding) -> str:
        part, at = part_of(found.outcome), found.location
        return json.dumps([
            found.due.isoformat() if found.due else None, None, None, states[part], found.clause,
            view.titles.get(found.key, found.rule), found.remedy, found.record,
            found.name, found.group, at.row, at.sheet, at.file], ensure_ascii=False)

    return cells


def write(rows: Iterable[str], report: Report, path: Path, view: View, counts: DueCounts) -> None:
    """Write the workbook: the list, then what it comes to."""
    view = view.of_report(report)
    with new_book(path, constant_memory=True) as book:
        book.set_properties({"created": _MADE, "title": view.policy_title, "author": MARK})
        _Book(book, report, view).fill(rows, counts)


class _Book:
    """A workbook in the making."""

    def __init__(self, book: Any, report: Report, view: View) -> None:
        self.book, self.report, self.view = book, report, view
        self.head = book.add_format({"bold": True, "text_wrap": True, "valign": "top",
                                     "border": 1, "bg_color": "#DDEBF7"})
        self.day = book.add_format({"num_format": "yyyy-mm-dd"})
        self.late = book.add_format({"num_format": "yyyy-mm-dd", "bg_color": "#F8CBAD"})
        self.bold = book.add_format({"bold": True})

    def fill(self, rows: Iterable[str], counts: DueCounts) -> None:
        """Write all sheets."""
        sheet, at, number = self._sheet(1), 0, 1
        for row in rows:
            at += 1
            if at == _ROWS:
                self._end(sheet, at - 1)
                at, number = 1, number + 1
                sheet = self._sheet(number)
            self._row(sheet, at, json.loads(row))
        self._end(sheet, at)
        self._totals(counts)

    def _sheet(self, number: int) -> Any:
        name = self.view.say("deadlines.sheet")
        sheet = self.book.add_worksheet(name if number == 1 else f"{name} {number}")
        for at, width in enumerate(_WIDTHS):
            sheet.set_column(at, at, width)
        sheet.freeze_panes(1, 0)
        sheet.set_landscape()
        sheet.repeat_rows(0)
        for at, heading in enumerate(self.view.columns(*_COLUMNS)):
            sheet.write_string(0, at, heading, self.head)
        return sheet

    def _end(self, sheet: Any, last: int) -> None:
        sheet.autofilter(0, 0, last, len(_COLUMNS) - 1)

    def _row(self, sheet: Any, at: int, cells: list[Any]) -> None:
        due = cells[0] and date.fromisoformat(cells[0])
        if due:
            days = (due - self.report.as_of).days
            cells[1 if days < 0 else 2] = abs(days)
            if due >= _FIRST_DAY:
                # In the colour of what is wrong, unless somebody allowed it.
                overdue = cells[3] == self.view.say("column.overdue")
                sheet.write_datetime(at, 0, due, self.late if overdue else self.day)
            else:
                sheet.write_string(at, 0, cells[0])
        for column, cell in enumerate(cells[1:], 1):
            if isinstance(cell, int):
                sheet.write_number(at, column, cell)
            elif cell:
                sheet.write_string(at, column, _fitting(cell))

    def _totals(self, counts: DueCounts) -> None:
        """The sheet of what it comes to, and of what the list does not speak of."""
        report, view = self.report, self.view
        sheet = self.book.add_worksheet(view.say("deadlines.totals"))
        for at, width in enumerate((32, 14, 14, 14, 48)):
            sheet.set_column(at, at, width)
        at = 0
        labels = RecordLabels(report, view, counts.places)
        at = self._sections(sheet, at, [head(report, view)])
        at = self._sections(sheet, at, layout.totals(report, view, counts), numbers=True)
        self._sections(sheet, at, chain(
            skipped(report, view), unreadable(report, view, labels) if report.input else (),
            not_judged(report, view)))

    def _sections(self, sheet: Any, at: int, sections: Iterable[Section], *,
                  numbers: bool = False) -> int:
        """Sections below one another; with `numbers` what looks like a number is one."""
        for section in sections:
            at = self._section(sheet, at, section, numbers=numbers)
        return at

    def _section(self, sheet: Any, at: int, section: Section, *, numbers: bool) -> int:
        sheet.write_string(at, 0, _fitting(section.title), self.bold)
        at += 1
        for note in section.notes:
            sheet.write_string(at, 0, _fitting(note))
            at += 1
        if section.rows:
            headers, rows = section.table()
            for column, heading in enumerate(headers):
                sheet.write_string(at, column, heading, self.head)
            for row in rows:
                at += 1
                for column, cell in enumerate(row):
                    if numbers and column and cell.isdecimal():
                        sheet.write_number(at, column, int(cell))
                    else:
                        sheet.write_string(at, column, _fitting(cell))
            at += 1
        return at + 1


def _fitting(text: str) -> str:
    """A text as a cell can hold it."""
    text = printable(text)
    return text if len(text) <= _TEXT else f"{text[:_TEXT - 1]}…"
