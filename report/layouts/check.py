"""A check for a clerk. In: a report. Out: for each record, what is wrong and what to do about it.

Records come in the order of the file; within one, what is wrong, what is missing, what is to come.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from zhuanjie.engine.core.results import (
    QUIET_OUTCOMES,
    REPORTED,
    WRONG_OUTCOMES,
    Finding,
    Outcome,
    Report,
    Severity,
)
from zhuanjie.report.labels import RecordLabels
from zhuanjie.report.layouts.audit import head, judged, unreadable
from zhuanjie.report.section import Section, Tone
from zhuanjie.report.view import View
from zhuanjie.report.waiver_words import message, reason

_ORDER = (*REPORTED, *QUIET_OUTCOMES)


def sections(report: Report, view: View, moment: str = "") -> Iterator[Section]:
    """The whole report; `moment` says before which act the records were checked."""
    view = view.of_report(report)
    top = head(report, view)
    notes = (*top.notes, view.say("check.moment", moment=moment)) if moment else top.notes
    yield Section(title=top.title, level=1, notes=notes)
    yield from judged(report, view)
    if report.input:
        yield from unreadable(report, view, RecordLabels(report, view))
    groups: dict[tuple[int | None, str | None], list[Finding]] = {}
    for finding in report.findings:
        groups.setdefault((finding.location.row, finding.record), []).append(finding)
    for (row, record), found in groups.items():
        yield _record(record or view.say("check.number", number=row), found, view)
    clean = report.ledger.records - report.ledger.out_of_scope - len(groups)
    if clean:
        yield Section(title=view.say("check.clean", records=clean), tone="good")


def _record(name: str, found: Sequence[Finding], view: View) -> Section:
    ranked = sorted(found, key=lambda f: (_ORDER.index(f.outcome), f.severity is Severity.WARNING))
    worst = ranked[0]
    tone: Tone = "warn"
    if worst.outcome is Outcome.VIOLATION and worst.severity is Severity.ERROR:
        tone = "bad"
    elif worst.outcome not in WRONG_OUTCOMES:
        tone = "good"
    counts = view.join(
        view.say("check.count", outcome=view.outcome(o), count=n)
        for o in _ORDER if (n := sum(f.outcome is o for f in found)))
    return Section(
        title=view.say("check.record", record=name, counts=counts), tone=tone,
        headers=[view.say(f"column.{c}") for c in ("clause", "outcome", "finding", "remedy")],
        rows=[(f.clause, _weight(f, view), message(f, view), reason(f, view) or f.remedy)
              for f in ranked],
    )


def _weight(finding: Finding, view: View) -> str:
    if finding.outcome is Outcome.VIOLATION:
        return view.severity(finding.severity)
    return view.outcome(finding.outcome)
