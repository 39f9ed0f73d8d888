"""How records are named in lists. In: a report. Out: short labels that tell records apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import PurePath

from zhuanjie.engine.core.results import Finding, InputFinding, Report
from zhuanjie.report.notices import ranges
from zhuanjie.report.view import View


class RecordLabels:
    """Names of the records of one report.

    A record goes by its id; by its row where it has none, and by both where an id stands in more
    than one place. Files and sheets are named only where the report speaks of several, and then
    not the one that most of it speaks of, which `notes` name once.
    """

    def __init__(self, report: Report, view: View,
                 counted: Mapping[tuple[str | None, str | None], int] | None = None) -> None:
        """`counted` counts the findings by file and sheet, where not all are in the report."""
        self._view = view
        spots = Counter(((f.location.file, f.location.sheet) for f in report.findings)
                        if counted is None else counted)
        spots.update((f.file, f.sheet) for f in report.input)
        del spots[None, None]
        self._several = len(spots) > 1
        most, times = spots.most_common(1)[0] if spots else ((None, None), 0)
        self._usual = most if times * 2 > spots.total() else None
        self._grouped = view.names.get("group") in report.summary.by
        places: dict[str | None, set[object]] = {}
        for finding in report.findings:
            places.setdefault(finding.record, set()).add(finding.location)
        self._twice = {record for record, at in places.items() if len(at) > 1}

    def row(self, file: str | None, sheet: str | None, row: int | str | None) -> str:
        """A row, with its file and sheet where there are several."""
        number = "" if row is None else str(row)
        if not self._several or (number and (file, sheet) == self._usual):
            return number
        where = _spot(file, sheet)
        return f"{where}:{number}" if where and number else where or number

    def rows(self, found: InputFinding) -> str:
        """The rows of a finding on the input, with its file and sheet where there are several."""
        return self.row(found.file, found.sheet, ranges(found.rows) if found.rows else found.row)

    def notes(self) -> list[str]:
        """Which file is meant where a row is given alone, if there are several."""
        if not self._several or self._usual is None:
            return []
        return [self._view.say("audit.rows-of", file=_spot(*self._usual))]

    def group(self, finding: Finding) -> str:
        """What a finding's record belongs to, where the report is not divided by that."""
        return "" if self._grouped else finding.group or ""

    def place(self, finding: Finding) -> str:
        """Where a finding's record stands."""
        at = finding.location
        return self.row(at.file, at.sheet, at.row)

    def one(self, finding: Finding) -> str:
        """The label of a finding's record."""
        place = self.place(finding)
        name = " ".join(part for part in (finding.record, finding.name) if part)
        if finding.record is not None and (finding.record not in self._twice or not place):
            return name
        where = self._view.say("row", row=place) if place else ""
        return f"{name} ({where})" if name else where

    def each(self, findings: Iterable[Finding]) -> str:
        """The labels of several findings' records; those that belong together on a line."""
        groups: dict[str, list[str]] = {}
        for finding in findings:
            groups.setdefault(self.group(finding), []).append(self.one(finding))
        return "\n".join(
            self._view.label(group, ", ".join(labels)) if group else ", ".join(labels)
            for group, labels in sorted(groups.items()))


def _spot(file: str | None, sheet: str | None) -> str:
    return (PurePath(file).name if file else "") + (f"[{sheet}]" if sheet else "")
