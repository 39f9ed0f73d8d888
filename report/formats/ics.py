"""Deadlines as a calendar (RFC 5545). In: a report of deadlines. Out: one all-day event each.

An event's UID follows from the pack, the rule and the record, so that a calendar which imports
the file again moves the events it has and adds none. Days are marked free, not busy.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, time, timedelta
from hashlib import sha256
from typing import TextIO

from icalendar import Calendar, Event

from zhuanjie.engine.core.results import Finding, Outcome, Report
from zhuanjie.report.view import View
from zhuanjie.report.wrap import printable


def render(report: Report, out: TextIO, view: View) -> None:
    """Write the calendar; the same report gives the same bytes."""
    calendar = Calendar()
    calendar.add("prodid", "-//zhuanjie//zhuanjie//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", _shown(
        view.say("ics.name", title=view.policy_title or report.policy.id)))
    stamp = datetime.combine(report.as_of, time(), UTC)
    seen: Counter[tuple[str, str]] = Counter()
    for finding in report.findings:
        if finding.due is None:
            continue
        key = (finding.rule, finding.record or f"#{finding.location.row}")
        seen[key] += 1
        uid = _uid(report.policy.id, *key, seen[key])
        calendar.add_component(_event(finding, uid, stamp, view))
    # The lines end as the standard asks; a text stream would otherwise make them the system's own.
    out.write(calendar.to_ical().decode("utf-8"))


def _event(finding: Finding, uid: str, stamp: datetime, view: View) -> Event:
    assert finding.due is not None
    code = "ics.overdue" if finding.outcome is Outcome.VIOLATION else "ics.due"
    event = Event()
    event.add("uid", uid)
    event.add("dtstamp", stamp)
    event.add("dtstart", finding.due)
    event.add("dtend", finding.due + timedelta(days=1))
    event.add("summary", _shown(view.say(code, clause=finding.clause, record=finding.record or "",
                                         title=view.titles.get(finding.key, finding.rule))))
    event.add("description", _shown("\n".join(filter(None, (finding.message, finding.remedy)))))
    event.add("categories", [view.outcome(finding.outcome)])
    event.add("transp", "TRANSPARENT")
    return event


def _shown(text: str) -> str:
    """A text without what would steer a terminal, or command it where a line begins anew."""
    return printable(text).replace("::", ": :")


def _uid(*parts: object) -> str:
    """A name for an event that holds nothing of the record itself."""
    digest = sha256("\0".join(map(str, parts)).encode()).hexdigest()
    return f"{digest[:32]}@zhuanjie"
