"""The two sheets that are put in. In: findings, a report. Out: a list of them, and a summary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import IO, Final

from msgspec import Struct

from zhuanjie.engine.core.location import column_letter
from zhuanjie.engine.core.own_sheets import OWN_SHEET
from zhuanjie.engine.core.results import Outcome, Report
from zhuanjie.report.layouts.audit import brief
from zhuanjie.report.section import Section
from zhuanjie.report.view import View
from zhuanjie.report.workbook.book import reference
from zhuanjie.report.workbook.marks import SaidFinding, Where
from zhuanjie.report.workbook.sayings import SheetPlace
from zhuanjie.report.workbook.sheet_text import OwnCell, SheetText
from zhuanjie.report.workbook.styles import Kind, StyleBook

_COLUMNS = (("outcome", 10), ("clause", 8), ("weighs-as", 8), ("about", 26), ("record", 14),
            ("named", 12), ("group", 18), ("finding", 60), ("to-do", 44), ("due", 12),
            ("days-late", 10), ("cells", 16), ("sheet", 14), ("row", 8), ("waiver", 12),
            ("pack", 20), ("file", 20), ("id", 20))
_SUMMARY = (22, 14, 14, 14, 60, 40, 40)
"""How wide the columns of the summary are."""
_HEAD = 3
"""The row of headings."""
_MARKED: Final[tuple[Kind, ...]] = ("error", "warning", "input", "undetermined", "pending",
                                    "waived")
"""What marks are explained."""
GroupCounts = Mapping[str, Counter[str]]
"""By what records belong to, how many findings there are by outcome."""


class OwnSheets(Struct, frozen=True):
    """What the two sheets of one workbook say."""

    report: Report
    view: View
    places: Mapping[Where, SheetPlace]
    """The sheets of the ledger in this workbook, that findings lead to."""
    by: Sequence[str] = ()
    """The fields that findings are grouped by."""

    def title(self, kind: str) -> str:
        """The first line of a sheet, by which it is known to be ours."""
        policy = self.report.policy
        return OWN_SHEET + self.view.say(
            f"workbook.title.{kind}", id=policy.id, version=policy.version,
            as_of=self.report.as_of.isoformat())

    def findings(self, file: IO[bytes], styles: StyleBook, space: str,
                 entries: Iterable[SaidFinding]) -> None:
        """Write the list of findings, a row each, with a filter."""
        view, text, head = self.view, styles.own("text"), styles.own("head")
        plain = styles.own("text", wraps=False)
        absent = self._absent()
        columns = [c for c in (*_COLUMNS, *((n, 16) for n in self.by))
                   if c[0] not in absent]
        shown = [name for name, _ in columns]
        sheet = SheetText(file, space, [width for _, width in columns], styles.font)
        sheet.begin(frozen=_HEAD)
        sheet.row([OwnCell(self.title("findings"), plain, bold=True)], wraps=False)
        sheet.row(())
        last = sheet.row(OwnCell(self._heading(name), head, bold=True) for name in shown)
        for entry in entries:
            said = self._said(entry, text) | {"outcome": OwnCell(
                view.say(f"outcome.{entry.outcome}"), styles.own(entry.kind))}
            last = sheet.row(said[name] for name in shown)
        sheet.end(f"A{_HEAD}:{column_letter(len(shown) - 1)}{last}")

    def _absent(self) -> set[str]:
        """The columns that would say nothing."""
        files = {place.where[0] for place in self.places.values()}
        return {*(() if self.report.judged else ("pack",)),
                *(("file",) if len(files) == 1 else ())}

    def _heading(self, name: str) -> str:
        if name in self.by:
            return self.view.field(name)
        own = ("cells", "outcome", "waiver", "weighs-as", "id")
        return self.view.say(f"workbook.column.{name}") if name in own else self.view.column(name)

    def _said(self, entry: SaidFinding, style: int) -> dict[str, OwnCell]:
        view, place = self.view, self.places.get((entry.file, entry.sheet))
        link = cells = None
        if entry.row is not None and place is not None:
            row = entry.row + place.shift
            names = [f"{column_letter(at)}{row}" for at in sorted(entry.columns.values())]
            cells = " ".join(names) or f"A{row}"
            link = reference(place.name, names[0] if names else f"A{row}")
        values: dict[str, str | int | None] = {
            "clause": entry.clause, "weighs-as": view.say(f"severity.{entry.severity}"),
            "about": view.titles.get(entry.rule) or view.headings.get(entry.clause, ""),
            "record": entry.record, "named": entry.name, "group": entry.group,
            "finding": entry.message, "to-do": entry.remedy, "due": entry.due,
            "days-late": entry.days_late, "sheet": place.name if place else entry.sheet,
            "row": entry.row, "waiver": entry.waiver, "pack": entry.pack,
            "file": PurePath(entry.file).name if entry.file else "", "id": entry.id}
        values |= {name: view.group_value(name, entry.by.get(name))
                   for name in self.by}
        return {name: OwnCell(value, style) for name, value in values.items()} | {
            "cells": OwnCell(cells, style, link=link)}

    def summary(self, file: IO[bytes], styles: StyleBook, space: str,
                groups: GroupCounts) -> None:
        """Write what it all comes to, and what the colours mean."""
        text, head = styles.own("text"), styles.own("head")
        plain = styles.own("text", wraps=False)
        sheet = SheetText(file, space, _SUMMARY, styles.font)
        sheet.begin(frozen=1)
        sheet.row([OwnCell(self.title("summary"), plain, bold=True)], wraps=False)
        for section in (*brief(self.report, self.view), *self._groups(groups)):
            sheet.row(())
            if section.title:
                sheet.row([OwnCell(section.title, plain, bold=True)], wraps=False)
            for note in section.notes:
                sheet.row([OwnCell(note, plain)], wraps=False)
            if section.rows:
                headers, rows = section.table()
                sheet.row(OwnCell(header, head, bold=True) for header in headers)
                for row in rows:
                    sheet.row(OwnCell(_number(cell), text) for cell in row)
        sheet.row(())
        sheet.row([OwnCell(self.view.say("workbook.colours"), plain, bold=True)], wraps=False)
        for kind in _MARKED:
            sheet.row([OwnCell(self.view.say(f"workbook.colour.{kind}"), styles.own(kind))])
        sheet.end()

    def _groups(self, groups: GroupCounts) -> Iterable[Section]:
        """What every group came to, where the summary has no such table yet."""
        view = self.view
        name = view.names.get("group", "")
        if not name or name in self.report.summary.by or not any(groups):
            return
        shown = [o for o in Outcome if any(counts[o.value] for counts in groups.values())]
        ranked = sorted(groups.items(), key=lambda item: (
            [-item[1][o.value] for o in view.outcomes], item[0]))
        yield Section(
            title=view.say("audit.by", field=view.field(name)),
            headers=[view.field(name), *(view.outcome(o) for o in shown)],
            rows=[(view.group_value(name, value or None),
                   *(str(counts[o.value] or "") for o in shown)) for value, counts in ranked])


def _number(text: str) -> str | int:
    """A count as a number; what begins with a nought is none."""
    return int(text) if text.isdecimal() and text.isascii() and (
        text == "0" or text[0] != "0") and len(text) < 10 else text
