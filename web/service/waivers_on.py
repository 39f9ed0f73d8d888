"""Waivers as they stood on a day. In: a day, the last event of it. Out: those asked for, in force.

One that is in force expires soon where its last day is near.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import Connection, func, or_, select

from zhuanjie.web.acts.tables import WAIVERS
from zhuanjie.web.acts.waiver_rows import APPROVED, REFUSED, REQUESTED, REVOKED
from zhuanjie.web.judging.tables import OUTCOMES

EXPIRED: Final = "expired"
STATES: Final = (REQUESTED, APPROVED, EXPIRED, REFUSED, REVOKED)
SOON: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class WaiverOnDay:
    """A waiver as it stood. `covers` is how many members it covers now, None on a past day."""

    id: str
    member: str | None
    unit: str | None
    about: str
    state: str
    granted_on: str | None
    expires: str
    is_soon: bool
    asked_by: str
    answered_by: str | None
    covers: int | None


def waivers_on(conn: Connection, day: date, units: Sequence[str],
               upto: int | None = None) -> list[WaiverOnDay]:
    """The waivers of units, and of no unit, as they stood: up to an event, or now; the latest
    first."""
    query = select(WAIVERS).where(or_(WAIVERS.c.unit.in_(list(units)), WAIVERS.c.unit.is_(None)))
    if upto is not None:
        query = query.where(WAIVERS.c.requested <= upto)
    rows = conn.execute(query.order_by(WAIVERS.c.requested.desc())).all()
    covers = {} if upto is not None else {
        row.waiver: row.members for row in conn.execute(
            select(OUTCOMES.c.waiver, func.count(OUTCOMES.c.member.distinct()).label("members"))
            .where(OUTCOMES.c.waiver.in_([row.id for row in rows])).group_by(OUTCOMES.c.waiver))}
    return [_on(row, day, upto, covers.get(row.id, 0) if upto is None else None) for row in rows]


def _on(row: Any, day: date, upto: int | None, covers: int | None) -> WaiverOnDay:
    state = _state(row, day, upto)
    answered = row.answered is not None and (upto is None or row.answered <= upto)
    return WaiverOnDay(
        row.id, row.member, row.unit, row.clause or row.rule, state, row.granted_on, row.expires,
        state == APPROVED and date.fromisoformat(row.expires) - day <= SOON, row.asked_by,
        row.answered_by if answered else None, covers)


def _state(row: Any, day: date, upto: int | None) -> str:
    """How a waiver stood after the last event that counts, at the end of a day."""
    def happened(seq: int | None) -> bool:
        return seq is not None and (upto is None or seq <= upto)

    if happened(row.revoked):
        return REVOKED
    if not happened(row.answered):
        return REQUESTED
    if row.state == REFUSED:
        return REFUSED
    return APPROVED if row.expires >= day.isoformat() else EXPIRED
