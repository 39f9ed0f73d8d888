"""The monthly report: a unit's figures on a day, to be kept. In: a board. Out: tables of words.

It bears a checkpoint, so that what was on record can be proved later; of people it has only counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from zhuanjie.engine.api import Lang, Text
from zhuanjie.report.books import new_book
from zhuanjie.report.ownership import MARK
from zhuanjie.web.figures.counted import AGES, STATES, Tally
from zhuanjie.web.pages.board.charts import share
from zhuanjie.web.pages.words import words
from zhuanjie.web.service.board import Board
from zhuanjie.web.service.waivers_on import STATES as WAIVER_STATES
from zhuanjie.web.service.waivers_on import WaiverOnDay

SIGNED: Final = ("made", "checked", "approved")
_OUTCOMES: Final = ("violation", "undetermined", "pending", "waived")
_MADE: Final = datetime(2000, 1, 1)
"""What a workbook gives as the time it was made: the same figures give the same bytes."""
_BARRED: Final = str.maketrans(dict.fromkeys("[]:*?/\\", "_"))
Cell = str | int


@dataclass(frozen=True, slots=True)
class ReportTable:
    """One table: how it is called, its headings, its rows."""

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[Cell]]


@dataclass(frozen=True, slots=True)
class BoardReport:
    """A report in words: what it is of, by what, and its tables."""

    title: str
    about: str
    facts: Sequence[tuple[str, str]]
    tables: Sequence[ReportTable]
    note: str | None
    """The signed checkpoint, whole."""


class ReportWriter:
    """Puts a board into the words of a report."""

    def __init__(self, of: Board, lang: Lang, steps: Mapping[str, Text],
                 titles: Mapping[str, str]) -> None:
        self._of, self._lang, self._steps, self._titles = of, lang, steps, titles
        self._last = next(reversed(list(steps)), None)

    def report(self, points: Sequence[tuple[date, Tally | None]], waivers: Sequence[WaiverOnDay],
               facts: Sequence[tuple[str, str]], note: str | None) -> BoardReport:
        """The whole of it."""
        of = self._of
        return BoardReport(
            self._t("report_title"),
            self._t("report_of", unit=of.title, day=of.at.day.isoformat()), facts,
            [self._units(), self._clauses(), self._ages(), self._trend(points), self._dark(),
             self._waivers(waivers)], note)

    def _t(self, key: str, **values: Any) -> str:
        return words(f"board.{key}", self._lang, **values)

    def _heads(self, first: str) -> list[str]:
        done = (self._t("completed"),) if self._last is not None else ()
        return [first, self._t("members"), *(str(getattr(s, self._lang))
                                             for s in self._steps.values()), *done,
                *(self._t(f"state_{state}") for state in STATES)]

    def _line(self, first: str, tally: Tally) -> list[Cell]:
        done = (self._percent(tally),) if self._last is not None else ()
        return [first, tally.members, *(tally.came_to(step) for step in self._steps), *done,
                *tally.states.values()]

    def _percent(self, tally: Tally) -> str:
        part = None if self._last is None else share(tally.came_to(self._last), tally.members)
        return "–" if part is None else f"{part:.1f}%"

    def _units(self) -> ReportTable:
        rows = [self._line(row.title + (self._t("alone") if row.alone else ""), row.tally)
                for row in self._of.rows]
        return ReportTable(self._t("by_unit"), self._heads(self._t("unit")), [
            *rows, self._line(self._t("all"), self._of.whole)])

    def _clauses(self) -> ReportTable:
        heads = [self._t("clause"), self._t("about"), *(
            words(f"frame.outcome_{outcome}", self._lang) for outcome in _OUTCOMES)]
        return ReportTable(self._t("by_clause"), heads, [
            [clause, self._titles.get(clause, ""),
             *(said.get(outcome, (0, 0))[0] for outcome in _OUTCOMES)]
            for clause, said in sorted(self._of.whole.clauses().items())])

    def _ages(self) -> ReportTable:
        ages = self._of.whole.ages(self._of.at.day)
        return ReportTable(self._t("by_age"), [self._t("by_age"), self._t("members")], [
            [self._t(f"age_{age.id.replace('-', '_')}"), ages[age.id]] for age in AGES])

    def _trend(self, points: Sequence[tuple[date, Tally | None]]) -> ReportTable:
        heads = self._heads(self._t("closing"))
        return ReportTable(self._t("trend"), heads, [
            self._line(day.isoformat(), tally) for day, tally in points if tally is not None])

    def _dark(self) -> ReportTable:
        return ReportTable(self._t("dark"), [self._t("clause"), self._t("about"),
                                             self._t("rules")], [
            [clause, self._titles.get(clause, ""), rules]
            for clause, (_, rules) in sorted(self._of.whole.dark().items())])

    def _waivers(self, waivers: Sequence[WaiverOnDay]) -> ReportTable:
        rows: list[list[Cell]] = [
            [self._t(f"waiver_{state}"), sum(each.state == state for each in waivers)]
            for state in WAIVER_STATES]
        rows.append([self._t("waiver_soon"), sum(each.is_soon for each in waivers)])
        return ReportTable(self._t("waivers"), [self._t("waiver_state"), self._t("waivers")], rows)


def write_workbook(report: BoardReport, path: Path, lang: Lang) -> None:
    """Write a report as a workbook: a first sheet on what it is, then a sheet a table."""
    with new_book(path, constant_memory=False, strings_to_formulas=False, strings_to_urls=False,
                  strings_to_numbers=False) as book:
        book.set_properties({"created": _MADE, "author": MARK})
        head = book.add_format({"bold": True, "border": 1, "bg_color": "#DDEBF7",
                                "text_wrap": True})
        boxed, large = book.add_format({"border": 1}), book.add_format(
            {"bold": True, "font_size": 16})
        wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        sheet = book.add_worksheet(words("board.report_sheet_main", lang))
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
            sheet.write_string(row, 0, words("board.report_checkpoint", lang))
            sheet.write_string(row, 1, report.note, wrapped)
            row += 1
        for who in SIGNED:
            row += 2
            sheet.write_string(row, 0, words(f"board.report_sign_{who}", lang))
        for table in report.tables:
            _sheet(book, table, head, boxed)


def _sheet(book: Any, table: ReportTable, head: Any, boxed: Any) -> None:
    sheet = book.add_worksheet(table.title.translate(_BARRED)[:31])
    sheet.set_column(0, 0, 20)
    sheet.set_column(1, len(table.headings), 14)
    for at, heading in enumerate(table.headings):
        sheet.write_string(0, at, heading, head)
    for row, cells in enumerate(table.rows, 1):
        for at, cell in enumerate(cells):
            if isinstance(cell, int):
                sheet.write_number(row, at, cell, boxed)
            else:
                sheet.write_string(row, at, cell, boxed)
    sheet.freeze_panes(1, 1)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
