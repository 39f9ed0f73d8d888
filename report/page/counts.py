"""What findings come to on a page. In: a report. Out: counts by group, by age, by week, by record.

One pass over the findings, whatever is shown of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Final

from msgspec import Struct, field

from zhuanjie.engine.core.results import REPORTED, Finding, Outcome, Report
from zhuanjie.engine.core.waiver import Waiver

AGES: Final = (30, 60, 90)
"""The days at which one age of overdue deadlines ends; the last age has no end."""
WEEKS: Final = 13
"""How many weeks to come are counted one by one."""


class GroupCounts(Struct):
    """What the findings of one group come to, and how many of its records have a violation."""

    outcomes: Counter[Outcome] = field(default_factory=Counter)
    broken: set[object] = field(default_factory=set)


class WaiverCounts(Struct):
    """A waiver with the findings that it covers, or did."""

    waiver: Waiver
    clauses: dict[str, None] = field(default_factory=dict)
    records: dict[str, None] = field(default_factory=dict)
    findings: int = 0


class FindingCounts(Struct):
    """What the findings of a report come to.

    `records` counts rows of the ledger by the worst that there is of them; `overdue` has by clause
    how many deadlines are overdue at each age, `weeks` how many fall into each week to come, by
    its first day; `later` are those after the last.
    """

    groups: dict[str, GroupCounts] = field(default_factory=dict)
    records: Counter[Outcome] = field(default_factory=Counter)
    overdue: dict[str, list[int]] = field(default_factory=dict)
    came_late: int = 0
    weeks: dict[date, int] = field(default_factory=dict)
    later: int = 0
    waivers: dict[str, WaiverCounts] = field(default_factory=dict)
    outcomes: dict[str, Counter[Outcome]] = field(default_factory=dict)

    @property
    def ages(self) -> list[int]:
        """How many deadlines are overdue at each age."""
        return [sum(found) for found in zip(*self.overdue.values(), strict=True)]


def count(report: Report, done: Mapping[str, str]) -> FindingCounts:
    """Count the findings; `done` has by rule the field that dates what a deadline asks."""
    made = FindingCounts(weeks=dict.fromkeys(_weeks(report.as_of), 0))
    worst: dict[object, Outcome] = {}
    for finding in report.findings:
        made.outcomes.setdefault(finding.clause, Counter())[finding.outcome] += 1
        if finding.outcome not in REPORTED:
            continue
        if finding.location.row is not None:
            before = worst.get(finding.location)
            if before is None or _worse(finding.outcome, before):
                worst[finding.location] = finding.outcome
        _group(made, finding)
        _days(made, finding, report.as_of, done)
        if finding.waiver is not None:
            _waived(made, finding, finding.waiver)
    made.records = Counter(worst.values())
    return made


def _worse(one: Outcome, other: Outcome) -> bool:
    return REPORTED.index(one) < REPORTED.index(other)


def _group(made: FindingCounts, finding: Finding) -> None:
    if finding.location.row is None and finding.group is None:
        return
    group = made.groups.setdefault(finding.group or "", GroupCounts())
    group.outcomes[finding.outcome] += 1
    if finding.outcome is Outcome.VIOLATION and finding.share is None:
        group.broken.add(finding.location if finding.record is None else finding.record)


def _days(made: FindingCounts, finding: Finding, as_of: date, done: Mapping[str, str]) -> None:
    """Where a finding with a due day stands in time."""
    if finding.due is None:
        return
    if finding.outcome is Outcome.PENDING:
        week = monday(finding.due)
        if week in made.weeks:
            made.weeks[week] += 1
        else:
            made.later += 1
    elif finding.outcome is Outcome.VIOLATION and finding.days_late:
        day = finding.fields.get(done.get(finding.key, ""))
        if isinstance(day, date) and day <= as_of:
            made.came_late += 1
            return
        ages = made.overdue.setdefault(finding.clause, [0] * (len(AGES) + 1))
        ages[sum(finding.days_late > end for end in AGES)] += 1


def _waived(made: FindingCounts, finding: Finding, waiver: Waiver) -> None:
    held = made.waivers.setdefault(waiver.id, WaiverCounts(waiver))
    held.findings += 1
    held.clauses[finding.clause] = None
    held.records[finding.record or ""] = None


def monday(day: date) -> date:
    """The first day of the week of `day`."""
    return day - timedelta(days=min(day.weekday(), day.toordinal() - 1))


def _weeks(as_of: date) -> Sequence[date]:
    """The first days of the weeks to come, that of `as_of` among them."""
    first = monday(as_of).toordinal()
    return [date.fromordinal(n) for n in range(first, first + 7 * WEEKS, 7)
            if n <= date.max.toordinal()]


def age_bounds() -> list[tuple[int, int | None]]:
    """The first and last day of each age."""
    bounds: list[tuple[int, int | None]] = [(a + 1, b) for a, b in pairwise((0, *AGES))]
    return [*bounds, (AGES[-1] + 1, None)]
