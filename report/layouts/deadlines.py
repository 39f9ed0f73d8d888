"""What is due when, for people. In: a report of deadlines. Out: sections, overdue first.

How much there is comes first, by clause and by time; of a large ledger the acts due first follow.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

from zhuanjie.engine.api import DueCounts, part_of
from zhuanjie.engine.core.dates import LAST_DAY, from_day, to_day
from zhuanjie.engine.core.results import Finding, Report
from zhuanjie.report.labels import RecordLabels
from zhuanjie.report.layouts.audit import head, judged, unreadable
from zhuanjie.report.layouts.skipped import not_judged, skipped
from zhuanjie.report.section import Section, Tone
from zhuanjie.report.view import View

LISTED: Final = {"table": 500}
"""How many acts of each part a format lists."""
MOST: Final = 20_000
"""How many the other formats for people do."""
_FEW: Final = 20
"""Acts that are seen at once: what they come to need not be said before."""
_WEEKS: Final = 8
_AGES: Final = (30, 90, 365)
_PARTS: Final[tuple[tuple[str, Tone, str], ...]] = (
    ("overdue", "bad", "days-late"), ("waived", "muted", "days-late"),
    ("coming", "plain", "days-left"))


def sections(report: Report, view: View, counts: DueCounts | None = None) -> Iterator[Section]:
    """The whole report; `counts` say how much there is where not all of it is listed."""
    view = view.of_report(report)
    counts = counts or DueCounts.of(report.findings)
    labels = RecordLabels(report, view, counts.places)
    top = head(report, view)
    yield Section(title=top.title, level=1, notes=(*top.notes, *labels.notes()))
    yield from skipped(report, view)
    yield from judged(report, view)
    if report.input:
        yield from unreadable(report, view, labels)
    yield from not_judged(report, view)
    if counts.places.total() > _FEW:
        yield from totals(report, view, counts)
    for part, tone, days in _PARTS:
        found = [f for f in report.findings if part_of(f.outcome) == part]
        if found:
            count = counts.total(part)
            more = [view.say("deadlines.first", listed=len(found))] if count > len(found) else ()
            yield Section(
                title=view.say(f"deadlines.{part}", count=count), tone=tone, notes=more,
                headers=view.columns("due", days, "clause", "record", "row", "duty"),
                rows=[_row(f, days_of(f, report.as_of), labels, view) for f in found])
    if not report.findings:
        yield Section(title=view.say("deadlines.nothing"), tone="good")


def totals(report: Report, view: View, counts: DueCounts) -> Iterator[Section]:
    """How much is due, by clause and by time."""
    order = {clause: at for at, clause in enumerate(view.clauses)}
    shown = [part for part, *_ in _PARTS if counts.total(part)]
    by_clause = [(clause, *(str(c[part] or "") for part in shown),
                  view.headings.get(clause, ""))
                 for clause, c in sorted(counts.clauses.items(),
                                         key=lambda item: order.get(item[0], len(order)))]
    yield Section(
        title=view.say("deadlines.by-clause"),
        headers=[view.say("column.clause"), *(view.say(f"column.{part}") for part in shown),
                 view.say("column.about")],
        rows=[*by_clause, (
            view.say("audit.total"),
            *(str(counts.total(part)) for part in shown), "")])
    yield Section(
        title=view.say("deadlines.by-time"), headers=view.columns("when", "acts"),
        rows=[(when, str(times)) for when, times in by_time(report.as_of, view, counts) if times])


def by_time(as_of: date, view: View, counts: DueCounts) -> Iterator[tuple[str, int]]:
    """How much is overdue by how long, and how much is due in each of the weeks to come."""
    today = to_day(as_of)
    ages, weeks = [0] * (len(_AGES) + 1), [0] * (_WEEKS + 1)
    monday = today - as_of.weekday()
    for (part, day), times in counts.days.items():
        if part == "overdue":
            ages[sum(today - day > most for most in _AGES)] += times
        elif part == "coming":
            weeks[min(max(day - monday, 0) // 7, _WEEKS)] += times
    for at in reversed(range(len(ages))):
        low = _AGES[at - 1] + 1 if at else 1
        code = "deadlines.age" if at < len(_AGES) else "deadlines.older"
        yield view.say(code, low=low, high=_AGES[min(at, len(_AGES) - 1)]), ages[at]
    for at, times in enumerate(weeks[:-1]):
        first = monday + 7 * at
        yield view.say("deadlines.week", first=_day(max(first, today)), last=_day(first + 6)), times
    yield view.say("deadlines.later", first=_day(monday + 7 * _WEEKS)), weeks[-1]


def _day(number: int) -> date:
    return from_day(min(number, LAST_DAY))


def days_of(finding: Finding, as_of: date) -> int | None:
    """How many days an act is late or, where it is to come, left."""
    if finding.due is None or part_of(finding.outcome) == "overdue":
        return finding.days_late
    return abs((finding.due - as_of).days)


def _row(finding: Finding, days: int | None, labels: RecordLabels, view: View) -> Sequence[str]:
    return (
        finding.due.isoformat() if finding.due else "", "" if days is None else str(days),
        finding.clause, finding.record or "", labels.place(finding),
        view.titles.get(finding.key, finding.message),
    )
