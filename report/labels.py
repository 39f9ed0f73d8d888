"""How records are named in lists. In: a report. Out: short labels that tell records apart."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePath

from zhuanjie.engine.core.results import Finding, Report
from zhuanjie.report.view import View


class RecordLabels:
    """Names of the records of one report.

    A record goes by its id; by its row where it has none, and by both where an id stands in more
    than one place. Files and sheets are named only where the report speaks of several.
    """

    def __init__(self, report: Report, view: View) -> None:
        self._view = view
        spots = {(f.location.file, f.location.sheet) for f in report.findings}
        spots |= {(f.file, f.sheet) for f in report.input}
        self._several = len(spots - {(None, None)}) > 1
        places: dict[str | None, set[object]] = {}
        for finding in report.findings:
            places.setdefault(finding.record, set()).add(finding.location)
        self._twice = {record for record, at in places.items() if len(at) > 1}

    def row(self, file: str | None, sheet: str | None, row: int | None) -> str:
        """A row, with its file and sheet where there are several."""
        number = "" if row is None else str(row)
        if not self._several:
            return number
        where = PurePath(file).name if file else ""
        where += f"[{sheet}]" if sheet else ""
        return f"{where}:{number}" if where and number else where or number

    def place(self, finding: Finding) -> str:
        """Where a finding's record stands."""
        at = finding.location
        return self.row(at.file, at.sheet, at.row)

    def one(self, finding: Finding) -> str:
        """The label of a finding's record."""
        place = self.place(finding)
        if finding.record is not None and (finding.record not in self._twice or not place):
            return finding.record
        where = self._view.say("row", row=place) if place else ""
        return f"{finding.record} ({where})" if finding.record else where

    def each(self, findings: Iterable[Finding]) -> str:
        """The labels of several findings' records."""
        return ", ".join(map(self.one, findings))
