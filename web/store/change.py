"""One change of a register. In: drafts of events. Out: events, and every table made from them.

All of a change is kept or none of it. Whoever changes holds the trail's head until the end, so that
events have one order, and an event's number, time and hash are known when it is written.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter
from typing import Final

import orjson
from sqlalchemy import Connection, insert, select, update

from zhuanjie.web.store.among import AmongTexts
from zhuanjie.web.store.event import (
    Actor,
    Event,
    EventDraft,
    body_of,
    event_of,
    kept_values,
)
from zhuanjie.web.store.guard import Guard
from zhuanjie.web.store.inserting import insert_rows
from zhuanjie.web.store.members import AT_ONCE, Member, MemberTable
from zhuanjie.web.store.row_security import Limit
from zhuanjie.web.store.tables import EVENT_VALUES, EVENTS, MEMBERS, TRAIL_HEAD
from zhuanjie.web.trail.leaf import leaf_hash, new_secret

Projector = Callable[[Connection, Sequence[Event]], None]
"""Brings tables up to events of its kinds, in their order."""
Projectors = Sequence[Mapping[str, Projector]]
"""By kind of event, a room each. Rooms share no table: each may go through events on its own."""

NOTHING: Final = bytes(32)
"""What the first event names as the hash before it."""
_HEAD: Final = 1
_UNITS_OF = select(MEMBERS.c.id, MEMBERS.c.unit).where(
    AmongTexts(MEMBERS.c.id, "ids"))
_TRAIL_HEAD = select(TRAIL_HEAD.c.size, TRAIL_HEAD.c.leaf, TRAIL_HEAD.c.at)
_TRAIL_HEAD_LOCKED = _TRAIL_HEAD.with_for_update()


class UnitOfWork:
    """The events of one transaction, written as they are recorded."""

    def __init__(self, conn: Connection, actor: Actor, now: datetime, table: MemberTable,
                 projectors: Projectors, *, guard: Guard | None = None) -> None:
        """`guard` is asked before every event. From here on nobody else writes."""
        self.conn, self.actor = conn, actor
        self._guard, self._lifted = guard, 0
        self._limit: Limit | None = None
        self._table, self._projectors = table, projectors
        self.size, self._leaf, last = trail_head(conn, lock=True)
        # A clock that was set back does not put events out of order.
        self.at = max(_iso(now), last)
        self.touched: dict[str, Member] = {}
        """The members that events named, as they are now."""
        self.leaves: list[bytes] = []
        """The hashes of what was recorded, in order."""

    def record(self, draft: EventDraft) -> Event:
        """Write one event; see `record_all`."""
        return self.record_all([draft])[0]

    def record_all(self, drafts: Sequence[EventDraft]) -> list[Event]:
        """Write events and bring the tables up to them; returns them as they are kept."""
        if not drafts:
            return []
        with self.everything():
            if self._guard is not None:
                self._guard.check(self.conn, self.actor, drafts, self._units(drafts))
            return self._record(drafts)

    def _record(self, drafts: Sequence[EventDraft]) -> list[Event]:
        rows, values, events = [], [], []
        for draft in drafts:
            secret, held = new_secret(), kept_values(draft)
            seq, id = self.size + 1, uuid.uuid4().hex
            body = body_of(draft, held, self.actor, seq=seq, id=id, at=self.at,
                           previous=self._leaf, secret=secret)
            leaf = leaf_hash(body)
            rows.append({"seq": seq, "id": id, "at": self.at, "kind": draft.kind,
                         "member": draft.member, "unit": draft.unit, "actor": self.actor.id,
                         "body": body, "leaf": leaf})
            if held:
                values.append({"seq": seq, "secret": secret, "content": orjson.dumps(held)})
            events.append(event_of(draft, held, self.actor, seq=seq, id=id, at=self.at,
                                   leaf=leaf))
            self.size, self._leaf = seq, leaf
            self.leaves.append(leaf)
        insert_rows(self.conn, EVENTS, rows)
        if values:
            insert_rows(self.conn, EVENT_VALUES, values)
        self.touched |= self._table.apply(self.conn, events)
        project(self.conn, events, self._projectors)
        return events

    def limit_to(self, limit: Limit) -> None:
        """Have the actor's own queries see no more than `limit` has."""
        self._limit = limit
        limit.on()

    @contextmanager
    def everything(self) -> Iterator[None]:
        """See the members of every unit for the block, as what is shared among units needs.

        Nothing of what is seen may be told to the actor: it may be of a unit that is not theirs.
        """
        self._lifted += 1
        if self._limit is not None and self._lifted == 1:
            self._limit.off()
        try:
            yield
        except BaseException:
            self._lifted -= 1  # the transaction ends with it, and so does what it sees
            raise
        self._lifted -= 1
        if self._limit is not None and self._lifted == 0:
            self._limit.on()

    @contextmanager
    def as_consequence(self, *, lifted: bool = False) -> Iterator[None]:
        """Record what follows from the change by itself: the guard has allowed its cause.

        `lifted` says that everything is seen already, and to the end.
        """
        guard, self._guard = self._guard, None
        if lifted:
            self._limit = None
        try:
            with self.everything():
                yield
        finally:
            self._guard = guard

    def _units(self, drafts: Sequence[EventDraft]) -> dict[str, str]:
        """The units of the members that drafts name, of those that there are."""
        named = {d.member for d in drafts if d.member is not None}
        known = {id: self.touched[id].unit for id in named & self.touched.keys()}
        unknown = sorted(named - known.keys())
        for at in range(0, len(unknown), AT_ONCE):
            rows = self.conn.execute(_UNITS_OF, {"ids": unknown[at:at + AT_ONCE]})
            known |= {row.id: row.unit for row in rows}
        return known

    def close(self) -> None:
        """Move the trail's head to the last event."""
        if self.leaves:
            self.conn.execute(update(TRAIL_HEAD).where(TRAIL_HEAD.c.id == _HEAD).values(
                size=self.size, leaf=self._leaf, at=self.at))


def project(conn: Connection, events: Sequence[Event], projectors: Projectors) -> None:
    """Hand events to each room's projectors, in their order, as many together as one takes."""
    for room in projectors:
        taken = ((projector, event) for event in events
                 if (projector := room.get(event.kind)) is not None)
        for projector, several in groupby(taken, key=itemgetter(0)):
            projector(conn, [event for _, event in several])


def begin_trail(conn: Connection) -> None:
    """Lay the head of a trail that has no event yet, where there is none."""
    if conn.execute(select(TRAIL_HEAD.c.id)).first() is None:
        conn.execute(insert(TRAIL_HEAD).values(id=_HEAD, size=0, leaf=NOTHING, at=""))


def trail_head(conn: Connection, *, lock: bool = False) -> tuple[int, bytes, str]:
    """How many events there are, the hash of the last and when it was; `lock` holds others off."""
    size, leaf, at = conn.execute(_TRAIL_HEAD_LOCKED if lock else _TRAIL_HEAD).one()
    return size, leaf, at


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
