"""What has not come, by age. In: what is awaited, a day. Out: counts, and members page by page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import ColumnElement, Connection, func, select, tuple_

from zhuanjie.web.letters.tables import AWAITED
from zhuanjie.web.store.members import Member, members

Last = tuple[str, str]
"""The last row of a page: since when, whom."""


@dataclass(frozen=True, slots=True)
class AgeGroup:
    """Ages in days, both ends included; `most` is None for the oldest. `count` is of members."""

    least: int
    most: int | None
    count: int = 0

    @property
    def id(self) -> str:
        """What addresses call it: `0-30`, `91-`."""
        return f"{self.least}-{'' if self.most is None else self.most}"


@dataclass(frozen=True, slots=True)
class AwaitedRow:
    """A member of whom something is awaited, since when, and for how many days."""

    member: Member
    since: date
    days: int


def age_groups(conn: Connection, what: str, ages: Sequence[int], today: date) -> list[AgeGroup]:
    """How many members there are of each age."""
    lows = [0, *(age + 1 for age in ages)]
    groups = [AgeGroup(low, high) for low, high in zip(lows, (*ages, None), strict=True)]
    return [AgeGroup(g.least, g.most, conn.execute(
        select(func.count()).select_from(AWAITED).where(
            AWAITED.c.what == what, *_aged(g, today))).scalar_one()) for g in groups]


def awaited_rows(conn: Connection, what: str, today: date, group: AgeGroup | None = None, *,
                 after: Last | None = None,
                 limit: int = 50) -> tuple[list[AwaitedRow], Last | None]:
    """The members of an age, the oldest first, and what the next page begins after."""
    query = select(AWAITED.c.since, AWAITED.c.member).where(AWAITED.c.what == what)
    if group is not None:
        query = query.where(*_aged(group, today))
    if after is not None:
        query = query.where(tuple_(AWAITED.c.since, AWAITED.c.member) > tuple_(*after))
    rows = conn.execute(query.order_by(AWAITED.c.since, AWAITED.c.member).limit(limit + 1)).all()
    found = members(conn, [row.member for row in rows[:limit]])
    page = [AwaitedRow(found[row.member], day, (today - day).days) for row in rows[:limit]
            if row.member in found and (day := date.fromisoformat(row.since))]
    last = (rows[limit - 1].since, rows[limit - 1].member) if len(rows) > limit else None
    return page, last


def _aged(group: AgeGroup, today: date) -> list[ColumnElement[bool]]:
    where = []
    if group.most is not None:
        where.append(AWAITED.c.since >= (today - timedelta(days=group.most)).isoformat())
    if group.least > 0:  # what is of a day to come is of the youngest
        where.append(AWAITED.c.since <= (today - timedelta(days=group.least)).isoformat())
    return where
