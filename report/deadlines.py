"""A long list of deadlines. In: open acts as they come. Out: by their days, in any format for it.

Each is written in its format at once and kept aside; they are put in order on their way out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Final, TextIO

from zhuanjie.engine.api import DueCounts
from zhuanjie.engine.core.messages import Lang
from zhuanjie.engine.core.results import Finding, Report
from zhuanjie.engine.core.unaudited import Unaudited
from zhuanjie.report.by_day import TextsByDay
from zhuanjie.report.formats import csv, deadline_workbook, json, jsonl
from zhuanjie.report.view import View

STREAMED: Final = ("json", "jsonl", "csv", "xlsx")
"""The formats that a list of any length is written in."""


class DeadlineWriter:
    """Takes open acts in the order of the ledger, and writes them in that of their days."""

    def __init__(self, form: str, aside: TextsByDay, view: View, *, by_pack: bool = False,
                 lang: Lang = "en") -> None:
        """With `by_pack` several packs judge."""
        self._form, self._aside, self._view = form, aside, view
        self._by_pack, self._lang = by_pack, lang

    def take(self, findings: Iterable[Finding]) -> DueCounts:
        """Put findings into the format and keep them; says how many they are."""
        counts, days = DueCounts(), list[date]()

        def counted() -> Iterator[Finding]:
            for finding in findings:
                counts.count(finding)
                days.append(finding.due or date.max)
                yield finding

        for text in self._texts(counted()):
            if days:  # but for the header, which comes before any of them
                self._aside.add(days.pop(), text)
        return counts

    def _texts(self, findings: Iterable[Finding]) -> Iterator[str]:
        if self._form == "csv":
            return csv.lines(findings, self._by_pack)
        return map(deadline_workbook.cells_of(self._view) if self._form == "xlsx"
                   else json.text_of, findings)

    def write(self, report: Report, out: TextIO,
              after: Callable[[], Iterable[Unaudited]]) -> None:
        """Write the list in a format of texts; `after` says what was not audited."""
        if self._form == "json":
            out.write(json.head(report, self._view))
            out.writelines(json.tail_of(self._aside))
        elif self._form == "jsonl":
            out.writelines(f"{text}\n" for text in self._aside)
            out.writelines(jsonl.lines((), after=after, lang=self._lang))
        else:
            head, *rest = csv.lines((), self._by_pack, after=after, lang=self._lang)
            out.write(head)
            out.writelines(self._aside)
            out.writelines(rest)

    def save(self, report: Report, path: Path, counts: DueCounts) -> None:
        """Write the list as a workbook."""
        deadline_workbook.write(self._aside, report, path, self._view, counts)
