"""What was not audited, for people. In: a report. Out: a section with each file and sheet."""

from __future__ import annotations

from collections.abc import Iterator

from zhuanjie.engine.core.messages import say
from zhuanjie.engine.core.results import Report
from zhuanjie.report.section import Section
from zhuanjie.report.view import View


def skipped(report: Report, view: View) -> Iterator[Section]:
    """The files and sheets that were not audited, each with the reason."""
    if not report.ledger.skipped:
        return
    yield Section(
        title=view.say("audit.skipped", count=len(report.ledger.skipped)), tone="warn",
        headers=view.columns("file", "sheet", "why"),
        rows=[(s.file, s.sheet or "", say(s.reason.code, view.lang, **s.reason.args))
              for s in report.ledger.skipped],
    )
