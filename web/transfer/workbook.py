"""Exports as workbooks. In: a table of records, lists of them. Out: an .xlsx file.

Lists have a cover: how many records each has, of which day they are, by which rules, and lines to
sign. What looks like a formula is a text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from zhuanjie.engine.api import Lang, OutputError, fail, say
from zhuanjie.report.books import new_book
from zhuanjie.report.ownership import MARK
from zhuanjie.web.judging.past import PastMember
from zhuanjie.web.transfer.export import ExportTable

_MADE: Final = datetime(2000, 1, 1)
"""What the workbook gives as the time it was made: the same call gives the same bytes."""
_ROWS: Final = 1_048_575
_TEXT: Final = 32_767
_FIRST_DAY: Final = date(1900, 3, 1)
"""Days before are shown by some programs as others."""
_SIGNED: Final = ("made", "checked", "approved")
_BARRED: Final = str.maketrans(dict.fromkeys("[]:*?/\\", "_"))


@dataclass(frozen=True, slots=True)
class Cover:
    """What stands on the cover of lists: what they are of, and what shows that they are true."""

    title: str
    day: date
    policy: str
    checkpoint: str | None = None


def write_table(table: ExportTable, path: Path, lang: Lang) -> None:
    """Write the whole table as one sheet; raises OutputError where no sheet holds it."""
    with new_book(path, constant_memory=True, strings_to_formulas=False, strings_to_urls=False,
                  strings_to_numbers=False) as book:
        _describe(book)
        _Writer(book, table, lang).sheet(say("output.register.export.records", lang),
                                         table.members)


def write_lists(table: ExportTable, lists: Mapping[str, Sequence[PastMember]], cover: Cover,
                path: Path, lang: Lang) -> None:
    """Write a workbook of lists, by their titles, behind their cover."""
    with new_book(path, constant_memory=True, strings_to_formulas=False, strings_to_urls=False,
                  strings_to_numbers=False) as book:
        _describe(book)
        _cover(book, lists, cover, table, lang)
        writer = _Writer(book, table, lang)
        for title, members in lists.items():
            writer.sheet(title, members)


def _describe(book: Any) -> None:
    book.set_properties({"created": _MADE, "author": MARK})


def _cover(book: Any, lists: Mapping[str, Sequence[PastMember]], cover: Cover, table: ExportTable,
           lang: Lang) -> None:
    def said(code: str, **args: object) -> str:
        return say(f"output.register.export.{code}", lang, **args)

    sheet = book.add_worksheet(said("cover"))
    large = book.add_format({"bold": True, "font_size": 16})
    head = book.add_format({"bold": True, "border": 1, "bg_color": "#DDEBF7"})
    boxed, wrapped = book.add_format({"border": 1}), book.add_format({"text_wrap": True})
    sheet.set_column(0, 0, 32)
    sheet.set_column(1, 1, 60)
    sheet.write_string(0, 0, cover.title, large)
    lines = [(said("day"), cover.day.isoformat()), (said("policy"), cover.policy),
             (said("version"), str(table.version))]
    if cover.checkpoint is not None:
        lines.append((said("checkpoint"), cover.checkpoint))
    row = 2
    for label, text in lines:
        sheet.write_string(row, 0, label)
        sheet.write_string(row, 1, text, wrapped)
        row += 1
    row += 1
    sheet.write_string(row, 0, said("list"), head)
    sheet.write_string(row, 1, said("count"), head)
    for title, members in lists.items():
        row += 1
        sheet.write_string(row, 0, title, boxed)
        sheet.write_number(row, 1, len(members), boxed)
    row += 1
    sheet.write_string(row, 0, said("all"), head)
    sheet.write_number(row, 1, sum(map(len, lists.values())), head)
    for who in _SIGNED:
        row += 2
        sheet.write_string(row, 0, said(f"signed.{who}"))
        sheet.write_string(row, 1, said("signed.line"))
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)


class _Writer:
    """Writes sheets of records, as many as they take."""

    def __init__(self, book: Any, table: ExportTable, lang: Lang) -> None:
        self._book, self._table, self._lang = book, table, lang
        self._head = book.add_format({"bold": True, "text_wrap": True, "valign": "vcenter",
                                      "border": 1, "bg_color": "#DDEBF7"})
        self._kinds = {"date": book.add_format({"num_format": "yyyy-mm-dd"}),
                       "text": book.add_format({"num_format": "@"})}
        self._absent = table.has_absent

    def sheet(self, title: str, members: Sequence[PastMember]) -> None:
        """Write one list."""
        if len(members) > _ROWS:
            raise fail(OutputError, "register.export.rows", hint="register.export.rows.hint",
                       count=len(members), most=_ROWS)
        sheet = self._book.add_worksheet(title.translate(_BARRED)[:31])
        for at, field in enumerate(self._table.fields):
            sheet.set_column(at, at, 16, None if field.type in ("int", "date")
                             else self._kinds["text"])
        for at, heading in enumerate(self._table.headings(self._lang)):
            sheet.write_string(0, at, heading, self._head)
        sheet.freeze_panes(1, 0)
        sheet.repeat_rows(0)
        sheet.set_landscape()
        for row, member in enumerate(members, 1):
            for at, field in enumerate(self._table.fields):
                self._cell(sheet, row, at, self._table.cell(member, field, self._lang),
                           is_day=field.type == "date")
            if self._absent and (absent := self._table.absent(member)):
                sheet.write_string(row, len(self._table.fields), absent, self._kinds["text"])

    def _cell(self, sheet: Any, row: int, at: int, value: Any, *, is_day: bool) -> None:
        if value is None:
            return
        if isinstance(value, int):
            sheet.write_number(row, at, value)
        elif is_day and (day := date.fromisoformat(value)) >= _FIRST_DAY:
            sheet.write_datetime(row, at, day, self._kinds["date"])
        else:
            text = str(value)
            if len(text) > _TEXT:
                raise fail(OutputError, "register.export.cell", hint="register.export.rows.hint",
                           row=row + 1, count=len(text), most=_TEXT)
            sheet.write_string(row, at, text, self._kinds["text"])
