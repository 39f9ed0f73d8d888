"""What findings say of waivers. In: a finding. Out: why it may stand, or that the waiver ended."""

from __future__ import annotations

from zhuanjie.engine.core.results import Finding
from zhuanjie.report.view import View


def message(finding: Finding, view: View) -> str:
    """What is wrong; where a waiver has expired, that too."""
    waiver = finding.waiver
    if waiver is None or waiver.in_force:
        return finding.message
    return view.say("audit.lapsed", message=finding.message, id=waiver.id, expires=waiver.expires)


def reason(finding: Finding, view: View) -> str:
    """The waiver that covers the finding: why, who approved it, until when; else nothing."""
    waiver = finding.waiver
    if waiver is None or not waiver.in_force:
        return ""
    return view.say("audit.waived-by", id=waiver.id, reason=waiver.reason,
                    approved_by=waiver.approved_by, expires=waiver.expires)
