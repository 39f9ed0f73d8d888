"""A report as GitLab reads code quality. In: findings as they come. Out: a list of issues."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Final, TextIO

from zhuanjie.engine.core.results import Finding, Outcome, Report, Severity, fingerprint
from zhuanjie.engine.core.unaudited import unaudited
from zhuanjie.report.machine import words
from zhuanjie.report.machine.places import Lines
from zhuanjie.report.machine.segments import Segments, segments
from zhuanjie.report.view import View

_TOOL: Final = "zhuanjie"
_SEVERITIES: Final = {Severity.ERROR: "major", Severity.WARNING: "minor"}
_NOWHERE: Final = "."
"""The path of what stands in no file: GitLab takes no issue without one."""


class GitlabKeeper:
    """Issues kept aside as they come; each has a fingerprint of its own."""

    def __init__(self, aside: Segments, view: View) -> None:
        self._aside, self._view, self._lines = aside, view, Lines()
        self._seen: set[int] = set()
        self._ledger: str | None = None

    def keep(self, findings: Iterable[Finding]) -> None:
        """Take findings in, in their order."""
        view = self._view
        for finding in findings:
            at = finding.location
            self._ledger = self._ledger or at.file
            self._add(finding.key, words.whole(finding, view), finding.id, _severity(finding),
                      at.file, at.row, finding.clause)

    def render(self, report: Report, out: TextIO, view: View) -> None:
        """Write the report, whose findings were kept."""
        tables = report.ledger.tables
        self._ledger = self._ledger or (tables[0].table.file if tables else None)
        for found in report.input:
            place = f"{found.file}\n{found.sheet}\n{found.column}\n{found.row}"
            self._add("input", words.unreadable(found, view), fingerprint(found.code, place, None),
                      "major" if found.severity else "minor", found.file, found.row)
        named = {part.file for part in report.ledger.skipped if part.named}
        for part in unaudited(report):
            place = f"{part.file}\n{part.sheet}\n{part.clause}"
            self._add("not-audited", words.unaudited(part, view),
                      fingerprint(part.code, place, None),
                      "major" if part.file in named else "info", part.file, None)
        # A comma stands before each issue but the first.
        gap = "[\n"
        for block in self._aside.of(None):
            if block:
                out.write(gap + block.removeprefix(",\n") if gap else block)
                gap = ""
        out.write("[]\n" if gap else "\n]\n")

    def _add(self, rule: str, said: str, known: str, severity: str, file: str | None,
             row: int | None, clause: str = "") -> None:
        number, again = int(known, 16), 0
        while number in self._seen:  # GitLab shows one issue of a fingerprint
            again += 1
            number = int(sha256(f"{known}\n{again}".encode()).hexdigest()[:16], 16)
        self._seen.add(number)
        file = file or self._ledger
        issue = {
            "check_name": words.plain(f"{_TOOL}/{rule}"),
            "description": said if not clause else f"{clause} {said}",
            "fingerprint": f"{number:016x}", "severity": severity,
            "location": {"path": words.plain(self._lines.path(file)) if file else _NOWHERE,
                         "lines": {"begin": self._lines.of(file, row) or row or 1}}}
        self._aside.add(None, ",\n  " + json.dumps(issue, ensure_ascii=False))


@contextmanager
def spooled(view: View) -> Iterator[GitlabKeeper]:
    """Where findings are kept, which is gone afterwards."""
    with segments() as aside:
        yield GitlabKeeper(aside, view)


def render(report: Report, out: TextIO, view: View) -> None:
    """Write a report that is whole."""
    with spooled(view) as keeper:
        keeper.keep(report.findings)
        keeper.render(report, out, view)


def _severity(finding: Finding) -> str:
    """GitLab's word for how much a finding weighs."""
    if finding.outcome is Outcome.VIOLATION:
        return _SEVERITIES[finding.severity]
    unknown = finding.outcome is Outcome.UNDETERMINED and finding.judged
    return "minor" if unknown and finding.severity is Severity.ERROR else "info"
