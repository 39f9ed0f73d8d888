"""Deadlines as a calendar (RFC 5545). In: a report of deadlines. Out: one all-day event each.

An event's UID follows from the pack, the rule and the record, so that a calendar which imports
the file again moves the events it has and adds none. Days are marked free, not busy.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from typing import TextIO

from icalendar import Calendar, Event

from zhuanjie.engine.core.results import Finding, Outcome, Report
from zhuanjie.report.view import View
from zhuanjie.report.wrap import printable


def render(report: Report, out: TextIO, view: View) -> None:
    """Write the calendar; the same report gives the same bytes."""
    calendar = calendar_of(view.say("ics.name", title=view.policy_title or report.policy.id))
    stamp = datetime.combine(report.as_of, time(), UTC)
    seen: Counter[tuple[str, str]] = Counter()
    for finding in report.findings:
        if finding.due is None:
            continue
        key = (finding.rule, finding.record or f"#{finding.location.row}")
        seen[key] += 1
        uid = uid_of(report.policy.id, *key, seen[key])
        calendar.add_component(_event(finding, uid, stamp, view))
    # The lines end as the standard asks; a text stream would otherwise make them the system's own.
    out.write(calendar.to_ical().decode("utf-8"))


def calendar_of(name: str) -> Calendar:
    """An empty calendar of deadlines."""
    calendar = Calendar()
    calendar.add("prodid", "-//zhuanjie//zhuanjie//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", _shown(name))
    return calendar


def all_day(uid: str, stamp: datetime, day: date, summary: str, description: str = "",
            category: str = "") -> Event:
    """An event of one whole day, on which its owner is as free as on any other."""
    event = Event()
    event.add("uid", uid)
    event.add("dtstamp", stamp)
    event.add("dtstart", day)
    event.add("dtend", day + timedelta(days=1))
    event.add("summary", _shown(summary))
    if description:
        event.add("description", _shown(description))
    if category:
        event.add("categories", [category])
    event.add("transp", "TRANSPARENT")
    return event


def _event(finding: Finding, uid: str, stamp: datetime, view: View) -> Event:
    assert finding.due is not None
    code = "ics.overdue" if finding.outcome is Outcome.VIOLATION else "ics.due"
    summary = view.say(code, clause=finding.clause, record=finding.record or "",
                       title=view.titles.get(finding.key, finding.rule))
    return all_day(uid, stamp, finding.due, summary,
                   "\n".join(filter(None, (finding.message, finding.remedy))),
                   view.outcome(finding.outcome))


def _shown(text: str) -> str:
    """A text without what would steer a terminal, or command it where a line begins anew."""
    return printable(text).replace("::", ": :")


def uid_of(*parts: object) -> str:
    """A name for an event that holds nothing of the record itself."""
    digest = sha256("\0".join(map(str, parts)).encode()).hexdigest()
    return f"{digest[:32]}@zhuanjie"
