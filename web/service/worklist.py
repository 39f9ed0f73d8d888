"""How many stand how. In: what somebody sees. Out: counts for the tabs of a list.

The states of members are summed up at every change; what is soon due and what waits is counted by
an index.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, exists, func, select

from zhuanjie.engine.api import Outcome
from zhuanjie.web.acts.projection import WAITING
from zhuanjie.web.acts.tables import REQUESTS
from zhuanjie.web.figures.counted import together
from zhuanjie.web.figures.keep import current
from zhuanjie.web.judging.tables import OUTCOMES
from zhuanjie.web.store.tables import MEMBERS


@dataclass(frozen=True, slots=True)
class WorkCounts:
    """How many members there are, how many in each state, soon due, waiting for an answer."""

    members: int
    states: dict[str, int]
    soon: int
    waiting: int


def work_counts(conn: Connection, soon_by: date, units: Collection[str] = ()) -> WorkCounts:
    """The counts of what is seen, or of these units alone."""
    tallies = current(conn)
    whole = together(tally for unit, tally in tallies.items() if not units or unit in units)
    soon = select(func.count(OUTCOMES.c.member.distinct())).where(
        OUTCOMES.c.outcome == str(Outcome.PENDING), OUTCOMES.c.due <= soon_by.isoformat())
    waiting = select(func.count(REQUESTS.c.member.distinct())).where(REQUESTS.c.state == WAITING)
    if units:
        own = MEMBERS.c.unit.in_(list(units))
        soon = soon.where(exists().where(MEMBERS.c.id == OUTCOMES.c.member, own))
        waiting = waiting.where(exists().where(MEMBERS.c.id == REQUESTS.c.member, own))
    return WorkCounts(whole.members, whole.states, conn.execute(soon).scalar_one(),
                      conn.execute(waiting).scalar_one())
