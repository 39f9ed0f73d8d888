"""A blank ledger as a workbook. In: the columns it is to have. Out: an .xlsx file to fill in.

Its first sheet has the headings, cells of the right kind, lists to choose from and notes; the
second explains the columns. What the second says of names and headings stands behind a word: an
audit must not take that sheet for a ledger, and a heading in quotes or brackets is one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from zhuanjie.report.books import new_book
from zhuanjie.report.layouts.fields import read_by, type_of
from zhuanjie.report.ownership import MARK
from zhuanjie.report.view import View
from zhuanjie.report.wrap import columns

if TYPE_CHECKING:
    from zhuanjie.engine.api import FieldUse

_LAST_ROW: Final = 1_048_575
_LIST: Final = 255
"""Characters that a list of choices may have in its own cell rule."""
_MADE: Final = datetime(2000, 1, 1)
"""What the workbook gives as the time it was made: the same call gives the same bytes."""
_DAYS: Final = (date(1900, 1, 1), date(2999, 12, 31))
_FORMATS: Final = {"date": "yyyy-mm-dd", "month": "yyyy-mm", "int": "0"}
_TEXT: Final = "@"
"""The format of cells that hold text: a number keeps its leading zeros and all its digits."""
_EXPLAINED: Final = ("heading", "field", "type", "values", "meaning", "other-headings", "read-by")
_WIDTHS: Final = (32, 28, 14, 30, 48, 40, 30)


def write(uses: Sequence[FieldUse], path: Path, view: View) -> None:
    """Write a blank ledger with these columns."""
    with new_book(path) as book:
        book.set_properties({"created": _MADE, "title": view.policy_title, "author": MARK})
        _Template(book, uses, view).fill()


class _Template:
    """A workbook in the making."""

    def __init__(self, book: Any, uses: Sequence[FieldUse], view: View) -> None:
        self.book, self.uses, self.view = book, uses, view
        self.ledger = book.add_worksheet(view.say("template.ledger"))
        self.about = book.add_worksheet(view.say("template.about"))
        self.head = book.add_format({
            "bold": True, "text_wrap": True, "valign": "vcenter", "align": "center", "border": 1,
            "bg_color": "#DDEBF7"})
        self.wrapped = book.add_format({"text_wrap": True, "valign": "top", "border": 1})
        self.kinds = {kind: book.add_format({"num_format": form})
                      for kind, form in (*_FORMATS.items(), ("string", _TEXT))}
        self.lists = 0

    def fill(self) -> None:
        """Write both sheets."""
        for at, use in enumerate(self.uses):
            self._column(at, use)
        sheet = self.ledger
        sheet.set_row(0, 32)
        sheet.freeze_panes(1, sum(use.is_key or use.is_name for use in self.uses[:2]))
        sheet.set_landscape()
        sheet.repeat_rows(0)
        sheet.activate()
        self._explain()

    def _column(self, at: int, use: FieldUse) -> None:
        """A column's heading with its note, and what its cells take."""
        heading = use.heading(self.view.lang)
        kind = use.field.type if use.field.type in _FORMATS else "string"
        self.ledger.set_column(at, at, min(max(columns(heading) + 4, 12), 30), self.kinds[kind])
        self.ledger.write_string(0, at, heading, self.head)
        note = self._note(use)
        self.ledger.write_comment(0, at, note, {
            "author": "zhuanjie", "x_scale": 2, "y_scale": max(1.0, _lines(note) / 4)})
        rule = self._rule(use)
        if rule:
            self.ledger.data_validation(1, at, _LAST_ROW, at, {"ignore_blank": True, **rule})

    def _note(self, use: FieldUse) -> str:
        """What the column means, how it is filled in, and who reads it."""
        view = self.view
        values = view.join(use.values(view.lang).values())
        how = view.say("template.one-of", values=values) if values else \
            view.say(f"template.how.{use.field.type}")
        if use.bounds is not None:
            how = view.say("template.between", low=use.bounds[0], high=use.bounds[1])
        read = read_by(use, view)
        parts = [use.meaning(view.lang), how,
                 view.say("template.read-by", clauses=read) if read else ""]
        return "\n".join(part for part in parts if part)

    def _rule(self, use: FieldUse) -> dict[str, Any]:
        """What a cell may hold."""
        view, field = self.view, use.field
        wrong = {"error_title": use.heading(view.lang)[:32],
                 "error_message": view.say(f"template.how.{field.type}")[:255]}
        if field.values:
            labels = list(use.values(view.lang).values())
            return {"validate": "list", "source": self._choices(labels), **wrong,
                    "error_message": view.say("template.choose")}
        if field.type in ("date", "month"):
            # A warning only: a day may be written in words, which an audit reads as well.
            return {"validate": "date", "criteria": "between", "minimum": _DAYS[0],
                    "maximum": _DAYS[1], "error_type": "warning", **wrong}
        if field.type == "int":
            return {"validate": "integer", "criteria": "between", "minimum": field.low,
                    "maximum": field.high, "error_type": "warning", **wrong}
        return {}

    def _choices(self, labels: list[str]) -> list[str] | str:
        """A list to choose from: in the rule itself, or where that is too long, beside the
        explanations."""
        if len(",".join(labels)) <= _LIST and not any("," in label for label in labels):
            return labels
        at = len(_EXPLAINED) + 1 + self.lists
        self.lists += 1
        self.about.write_column(1, at, labels)
        letter, name = _letter(at), self.about.get_name().replace("'", "''")
        return f"='{name}'!${letter}$2:${letter}${len(labels) + 1}"

    def _explain(self) -> None:
        """The second sheet: a row for each column of the first."""
        view, sheet = self.view, self.about
        for at, (name, width) in enumerate(zip(_EXPLAINED, _WIDTHS, strict=True)):
            sheet.set_column(at, at, width)
            sheet.write_string(0, at, view.say(f"template.column.{name}"), self.head)
        for row, use in enumerate(self.uses, start=1):
            others = view.join(view.say("template.quoted", text=h)
                               for h in use.other_headings(view.lang))
            cells = (f"{_letter(row - 1)} {use.heading(view.lang)}",
                     view.say("template.field", name=use.field.name),
                     type_of(use, view), view.join(use.values(view.lang).values()),
                     use.meaning(view.lang),
                     view.say("template.also", headings=others) if others else "",
                     read_by(use, view))
            for at, text in enumerate(cells):
                sheet.write_string(row, at, text, self.wrapped)
        sheet.freeze_panes(1, 1)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
        if self.lists:
            first = len(_EXPLAINED) + 1
            sheet.set_column(first, first + self.lists - 1, None, None, {"hidden": True})


def _letter(at: int) -> str:
    """The letters of the column at a position."""
    from xlsxwriter.utility import xl_col_to_name

    return str(xl_col_to_name(at))


def _lines(text: str) -> int:
    """About how many lines a note takes in its box."""
    return sum(1 + columns(line) // 36 for line in text.split("\n"))
