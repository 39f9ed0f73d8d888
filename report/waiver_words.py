"""What is said of waivers and baselines. In: a finding, a report. Out: words."""

from __future__ import annotations

from zhuanjie.engine.core.results import Finding, Outcome, Report
from zhuanjie.report.view import View


def message(finding: Finding, view: View) -> str:
    """What is wrong; where a waiver has expired or a baseline knows it, that too."""
    waiver, said = finding.waiver, finding.message
    if waiver is not None and not waiver.in_force:
        said = view.say("audit.lapsed", message=said, id=waiver.id, expires=waiver.expires)
    if finding.known_since is not None:
        said = view.say("audit.known", message=said, since=finding.known_since)
    return said


def reason(finding: Finding, view: View) -> str:
    """The waiver that covers the finding: why, who approved it, until when; else nothing."""
    waiver = finding.waiver
    if waiver is None or not waiver.in_force:
        return ""
    return view.say("audit.waived-by", id=waiver.id, reason=waiver.reason,
                    approved_by=waiver.approved_by, expires=waiver.expires)


def notes(report: Report, view: View) -> list[str]:
    """What waivers and a baseline make of the totals, where any are given."""
    said = []
    if report.waivers:
        waived = report.summary.total(Outcome.WAIVED)
        said.append(view.say("audit.before-waivers", waived=waived,
                             count=report.summary.total(Outcome.VIOLATION) + waived))
    if (known := report.baseline) is not None:
        said.append(view.say("audit.baseline", as_of=known.as_of, known=known.known,
                             days=(report.as_of - known.as_of).days, stale=len(known.stale)))
    return said
