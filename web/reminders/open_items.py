"""What is open, counted. In: a connection, units. Out: how much of each clause, by outcome and day.

The register's outcomes are another room's; this one asks for them by the protocol below.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Protocol

from sqlalchemy import Connection

from zhuanjie.engine.api import Outcome
from zhuanjie.web.store.database import Scope


@dataclass(frozen=True, slots=True)
class OpenItem:
    """So many cases of a clause that came out so, due on one day."""

    clause: str
    outcome: Outcome
    due: date | None
    count: int


class OpenItems(Protocol):
    """What is open in units. Members who withdrew are not in it, nor what is waived."""

    def __call__(self, conn: Connection, units: Scope, /) -> Iterable[OpenItem]:
        """The items of these units, in any order."""


class Group(StrEnum):
    """How pressing an item is, the most pressing first."""

    OVERDUE = "overdue"
    """Violated, for its day has passed."""
    WRONG = "wrong"
    """Violated, whatever the day."""
    SOON = "soon"
    """To be done within the days that the settings name."""
    UNKNOWN = "unknown"
    """Something that would decide it is not known."""
    WAITING = "waiting"
    """To be done later, or without a day."""


@dataclass(frozen=True, slots=True)
class GroupedItem:
    """A line of a digest: how many of a clause, and the nearest day."""

    group: Group
    clause: str
    count: int
    due: date | None


def group_of(item: OpenItem, today: date, soon: int) -> Group | None:
    """How pressing an item is today; None for what needs nothing."""
    if item.outcome is Outcome.VIOLATION:
        return Group.OVERDUE if item.due is not None and item.due < today else Group.WRONG
    if item.outcome is Outcome.UNDETERMINED:
        return Group.UNKNOWN
    if item.outcome is Outcome.PENDING:
        near = item.due is not None and item.due <= today + timedelta(days=soon)
        return Group.SOON if near else Group.WAITING
    return None


def grouped(items: Iterable[OpenItem], today: date, soon: int) -> Sequence[GroupedItem]:
    """The lines of a digest: by how pressing, then by day and clause."""
    counts: dict[tuple[Group, str], tuple[int, date | None]] = {}
    for item in items:
        group = group_of(item, today, soon)
        if group is None or not item.count:
            continue
        count, due = counts.get((group, item.clause), (0, None))
        days = [d for d in (due, item.due) if d is not None]
        counts[group, item.clause] = (count + item.count, min(days, default=None))
    order = list(Group)
    lines = [GroupedItem(group, clause, count, due)
             for (group, clause), (count, due) in counts.items()]
    return sorted(lines, key=lambda line: (order.index(line.group), line.due or date.max,
                                           line.clause))
