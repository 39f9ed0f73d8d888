"""Events read again. In: a connection. Out: events in their order, as they were kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import ColumnElement, Connection, select

from zhuanjie.web.store.event import Event, read_event
from zhuanjie.web.store.tables import EVENT_VALUES, EVENTS

_CHUNK = 2000

_READ = (select(EVENTS.c.seq, EVENTS.c.body, EVENTS.c.leaf,
                EVENT_VALUES.c.content, EVENT_VALUES.c.erased)
         .outerjoin_from(EVENTS, EVENT_VALUES, EVENTS.c.seq == EVENT_VALUES.c.seq))


def events(conn: Connection, *where: ColumnElement[bool], after: int = 0,
           limit: int | None = None, latest_first: bool = False) -> Iterator[Event]:
    """The events for which all of `where` (over EVENTS) holds, after the event numbered `after`."""
    query = _READ.where(EVENTS.c.seq > after, *where).order_by(
        EVENTS.c.seq.desc() if latest_first else EVENTS.c.seq)
    if limit is not None:
        query = query.limit(limit)
    found = conn.execute(query.execution_options(yield_per=_CHUNK))
    for row in found:
        yield read_event(row.body, row.leaf, row.content, row.erased)


def events_of(conn: Connection, member: str, *, after: int = 0) -> list[Event]:
    """What happened to a member, in order."""
    return list(events(conn, EVENTS.c.member == member, after=after))


def events_numbered(conn: Connection, numbers: Sequence[int]) -> list[Event]:
    """The events with these numbers, in order."""
    return list(events(conn, EVENTS.c.seq.in_(numbers)))
