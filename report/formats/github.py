"""A report as GitHub's workflow commands. In: a report. Out: a line for each finding.

The form is GitHub's own: `::error file=…,title=…::message`, with its escapes.
"""

from __future__ import annotations

from typing import Final, TextIO

from zhuanjie.engine.core.results import Finding, Outcome, Report, Severity
from zhuanjie.report.notices import in_words
from zhuanjie.report.view import View

_LEVELS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning"}


def render(report: Report, out: TextIO, view: View) -> None:
    """Write the report: cells that could not be read as warnings, then the findings."""
    for found in report.input:
        out.write(line("warning", found.file, found.column or "", in_words(found, view.lang)))
    for finding in report.findings:
        title = f"{finding.clause} {view.titles.get(finding.key, finding.rule)}"
        where = f"{finding.record}: " if finding.record else ""
        text = where + finding.message + (f" → {finding.remedy}" if finding.remedy else "")
        out.write(line(_level(finding), finding.location.file, title, text))


def _level(finding: Finding) -> str:
    if finding.outcome is Outcome.VIOLATION:
        return _LEVELS[finding.severity]
    return "warning" if finding.outcome is Outcome.UNDETERMINED else "notice"


def line(level: str, file: str | None, title: str, text: str, number: int | None = None) -> str:
    """One annotation, at line `number` of the file where that is known."""
    pairs = {"file": file, "line": number, "title": title}
    said = ",".join(f"{k}={_property(str(v))}" for k, v in pairs.items() if v)
    return f"::{level} {said}::{_data(text)}\n"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
