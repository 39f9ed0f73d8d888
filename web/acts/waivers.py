"""Waivers of a register. In: a change, what is asked. Out: events; two persons for each waiver.

What a policy's own rules do not let be waived, or not for so long, is refused when it is asked for,
and again when it is approved: the policy may be another by then.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, select

from zhuanjie.engine.api import Policy, UsageError, entry_problems, fail
from zhuanjie.web.acts.tables import WAIVERS
from zhuanjie.web.acts.waiver_rows import (
    APPROVED,
    BASIS,
    REFUSED,
    REQUESTED,
    REVOKED,
    WHERE,
    entry_of,
    record_of,
)
from zhuanjie.web.store.change import UnitOfWork
from zhuanjie.web.store.errors import NotFoundError, RefusedError
from zhuanjie.web.store.event import Event, EventDraft
from zhuanjie.web.store.history import events_numbered
from zhuanjie.web.store.members import members

_ANYBODY = "?"
"""Who approves what nobody has approved yet, while it is looked at."""


@dataclass(frozen=True, slots=True)
class WaiverRequest:
    """What is asked for: one clause or one rule, for one member or by a condition, until a day."""

    expires: date
    reason: str
    clause: str | None = None
    rule: str | None = None
    member: str | None = None
    where: str | None = None
    at_most: int | None = None
    basis: str | None = None
    granted_on: date | None = None


@dataclass(frozen=True, slots=True)
class KeptWaiver:
    """A waiver as the register has it; `reason` is None where it was erased."""

    id: str
    member: str | None
    clause: str | None
    rule: str | None
    where: str | None
    at_most: int | None
    reason: str | None
    basis: str | None
    state: str
    asked_by: str
    answered_by: str | None
    granted_on: str | None
    expires: str


class Waivers:
    """Waivers asked for, approved, refused, revoked; safe to share among threads."""

    def __init__(self, policy: Callable[[date], Policy], today: Callable[[], date]) -> None:
        self._policy, self._today = policy, today

    def request(self, work: UnitOfWork, asked: WaiverRequest) -> str:
        """Ask for a waiver; returns its id.

        Raises NotFoundError, UsageError for what is no waiver, RefusedError for one that the policy
        does not allow.
        """
        day = self._today()
        vocabulary = self._policy(day).vocabulary
        unit = work.actor.unit
        granted = asked.granted_on or day
        entry: dict[str, Any] = {
            "id": uuid.uuid4().hex[:16], "clause": asked.clause, "rule": asked.rule,
            "reason": asked.reason, "basis": asked.basis, "requested_by": work.actor.id,
            "approved_by": _ANYBODY, "granted_on": granted.isoformat(),
            "expires": asked.expires.isoformat(), "where": asked.where, "at_most": asked.at_most}
        if asked.member is not None:
            found = members(work.conn, [asked.member]).get(asked.member)
            if found is None:
                raise fail(NotFoundError, "register.none")
            entry |= record_of(found.record, vocabulary)
            unit = found.unit
        self._check(entry, day)
        if asked.expires < day:
            raise fail(RefusedError, "register.acts.waiver-past", day=asked.expires.isoformat())
        values = {name: (None, value) for name, value in
                  ((WHERE, asked.where), (BASIS, asked.basis)) if value is not None}
        work.record(EventDraft(
            "waiver.requested", asked.member, unit, values, {
                "waiver": entry["id"], "clause": asked.clause, "rule": asked.rule,
                "at_most": asked.at_most, "expires": asked.expires.isoformat(),
                "granted_on": granted.isoformat()}, asked.reason))
        return str(entry["id"])

    def approve(self, work: UnitOfWork, id: str, *, reason: str | None = None) -> Event:
        """Approve a waiver that somebody else has asked for; it holds from this day on.

        Raises NotFoundError, RefusedError.
        """
        row = self._waiting(work, id, by_other=True)
        day = self._today()
        asked = events_numbered(work.conn, [row.requested])[0]
        granted = max(day, date.fromisoformat(row.granted_on))
        expires = date.fromisoformat(row.expires)
        if expires < granted:
            raise fail(RefusedError, "register.acts.waiver-past", day=row.expires)
        entry = entry_of(row, asked, expires) | {
            "approved_by": work.actor.id, "granted_on": granted.isoformat()}
        if row.member is not None:
            found = members(work.conn, [row.member]).get(row.member)
            entry |= record_of(found.record if found else {}, self._policy(day).vocabulary)
        else:
            entry |= {"where": asked.after.get(WHERE), "at_most": row.at_most}
        self._check(entry, day)
        return self._answer(work, row, APPROVED, reason, granted_on=granted.isoformat())

    def refuse(self, work: UnitOfWork, id: str, *, reason: str) -> Event:
        """Refuse a waiver that was asked for."""
        return self._answer(work, self._waiting(work, id, by_other=True), REFUSED, reason)

    def revoke(self, work: UnitOfWork, id: str, *, reason: str) -> Event:
        """End a waiver from this day on; one that nobody has answered is taken back."""
        row = _row(work.conn, id)
        if row.state not in {APPROVED, REQUESTED}:
            raise fail(RefusedError, "register.acts.waiver-ended")
        return self._answer(work, row, REVOKED, reason, day=self._today().isoformat())

    def _waiting(self, work: UnitOfWork, id: str, *, by_other: bool) -> Any:
        row = _row(work.conn, id)
        if row.state != REQUESTED:
            raise fail(RefusedError, "register.acts.waiver-answered")
        if by_other and row.asked_by == work.actor.id:
            raise fail(RefusedError, "register.acts.same-person")
        return row

    def _answer(self, work: UnitOfWork, row: Any, state: str, reason: str | None,
                **more: str) -> Event:
        return work.record(EventDraft(f"waiver.{state}", row.member, row.unit, reason=reason,
                                      data={"waiver": row.id, **more}))

    def _check(self, entry: Mapping[str, Any], day: date) -> None:
        said = {name: value for name, value in entry.items() if value is not None}
        malformed, barred = entry_problems(said, self._policy(day), day)
        if malformed:
            raise UsageError(*malformed)
        if barred:
            raise RefusedError(*barred)


def kept_waivers(conn: Connection, *, member: str | None = None,
                 state: str | None = None) -> list[KeptWaiver]:
    """The waivers that are seen, the latest first."""
    query = select(WAIVERS)
    if member is not None:
        query = query.where(WAIVERS.c.member == member)
    if state is not None:
        query = query.where(WAIVERS.c.state == state)
    rows = conn.execute(query.order_by(WAIVERS.c.requested.desc())).all()
    asked = {e.seq: e for e in events_numbered(conn, [row.requested for row in rows])}
    return [_kept(row, asked[row.requested]) for row in rows]


def _kept(row: Any, asked: Event) -> KeptWaiver:
    where, basis = asked.after.get(WHERE), asked.after.get(BASIS)
    return KeptWaiver(
        row.id, row.member, row.clause, row.rule, None if where is None else str(where),
        row.at_most, asked.reason, None if basis is None else str(basis), row.state, row.asked_by,
        row.answered_by, row.granted_on, row.expires)


def _row(conn: Connection, id: str) -> Any:
    row = conn.execute(select(WAIVERS).where(WAIVERS.c.id == id)).first()
    if row is None:
        raise fail(NotFoundError, "register.acts.no-waiver")
    return row


