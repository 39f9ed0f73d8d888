"""How many stand how. In: what somebody sees. Out: counts for the tabs of a list.

The states of members are summed up at every change; what is soon due and what waits is counted by
an index.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, exists, func, select

from zhuanjie.engine.api import Outcome
from zhuanjie.web.figures.counted import MEMBER, STATE, Tally
from zhuanjie.web.figures.keep import summed
from zhuanjie.web.judging.tables import OUTCOMES
from zhuanjie.web.service.waiting import waiting_counts
from zhuanjie.web.store.tables import MEMBERS


@dataclass(frozen=True, slots=True)
class WorkCounts:
    """The sums of members, how many are soon due, how many wait (under "") and for what."""

    tally: Tally
    soon: int
    waiting: Mapping[str, int]


def work_counts(conn: Connection, soon: tuple[date, date], waits: Sequence[str],
                units: Collection[str] = (), figures: Sequence[str] = (), *,
                each_wait: bool = False) -> WorkCounts:
    """The counts of what is seen, or of these units alone.

    `soon` are the first and the last day that are soon, `waits` is what may be waited for; for each
    of it by itself it is counted where `each_wait`. `figures` are sums that are wanted besides.
    """
    tally = summed(conn, units, {MEMBER, STATE, *figures})
    first, last = soon
    query = select(func.count(OUTCOMES.c.member.distinct())).where(
        OUTCOMES.c.outcome == str(Outcome.PENDING),
        OUTCOMES.c.due.between(first.isoformat(), last.isoformat()))
    if units:
        query = query.where(exists().where(
            MEMBERS.c.id == OUTCOMES.c.member, MEMBERS.c.unit.in_(list(units))))
    return WorkCounts(tally, conn.execute(query).scalar_one(),
                      waiting_counts(conn, waits, units, each=each_wait))
