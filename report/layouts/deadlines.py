"""What is due when, for people. In: a report of deadlines. Out: sections, overdue first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from zhuanjie.engine.core.results import Finding, Outcome, Report
from zhuanjie.report.labels import RecordLabels
from zhuanjie.report.layouts.audit import head, judged, unreadable
from zhuanjie.report.section import Section
from zhuanjie.report.view import View


def sections(report: Report, view: View) -> Iterator[Section]:
    """The whole report."""
    view = view.of_report(report)
    labels = RecordLabels(report, view)
    overdue = [f for f in report.findings if f.outcome is Outcome.VIOLATION]
    coming = [f for f in report.findings if f.outcome is not Outcome.VIOLATION]
    yield head(report, view)
    yield from judged(report, view)
    if report.input:
        yield from unreadable(report, view, labels)
    if overdue:
        yield Section(
            title=view.say("deadlines.overdue", count=len(overdue)), tone="bad",
            headers=_headers(view, "days-late"),
            rows=[_row(f, f.days_late, labels, view) for f in overdue],
        )
    if coming:
        yield Section(
            title=view.say("deadlines.coming", count=len(coming)),
            headers=_headers(view, "days-left"),
            rows=[_row(f, (f.due - report.as_of).days if f.due else None, labels, view)
                  for f in coming],
        )
    if not report.findings:
        yield Section(title=view.say("deadlines.nothing"), tone="good")


def _headers(view: View, days: str) -> Sequence[str]:
    return view.columns("due", days, "clause", "record", "row", "duty")


def _row(finding: Finding, days: int | None, labels: RecordLabels, view: View) -> Sequence[str]:
    return (
        finding.due.isoformat() if finding.due else "", "" if days is None else str(days),
        finding.clause, finding.record or "", labels.place(finding),
        view.titles.get(finding.key, finding.message),
    )
