"""A register as it stood on a day. In: events up to the day's end. Out: members as they were then.

Most members are today what they were then: only those that changed since are put together from
their events again. What was erased meanwhile is not known any more, like a column that is absent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any, Final

import orjson
from sqlalchemy import Connection, select

from zhuanjie.web.store.members import ONLY_COLUMNS, columns_of
from zhuanjie.web.store.tables import EVENT_VALUES, EVENTS, MEMBERS
from zhuanjie.web.trail.leaf import REASON

_CHUNK: Final = 5000
_ONLY_COLUMNS: Final = f'"{ONLY_COLUMNS}":true'.encode()
_COLUMNS: Final = b'"columns":"'
"""What stands before the id of a set of columns in an event's body, and nowhere else in it."""


@dataclass(slots=True)
class PastMember:
    """A member as events left it; `columns` are fields of which something is known."""

    id: str
    unit: str
    record: dict[str, Any] = field(default_factory=dict)
    columns: frozenset[str] = frozenset()
    version: int = 0
    withdrawn: bool = False


def day_end(day: date, zone: tzinfo | None) -> str:
    """The moment at which a day ends in the office's time zone (None: the machine's), as events
    have moments."""
    end = datetime.combine(day + timedelta(days=1), time.min, zone)
    return end.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def last_event(conn: Connection, day: date, zone: tzinfo | None) -> int:
    """The number of the last event of a day or before it; 0 where there is none."""
    return conn.execute(select(EVENTS.c.seq).where(EVENTS.c.at < day_end(day, zone)).order_by(
        EVENTS.c.at.desc(), EVENTS.c.seq.desc()).limit(1)).scalar() or 0


def members_at(conn: Connection, upto: int) -> Iterator[PastMember]:
    """Every member as the events up to a number left it, by id, the withdrawn too."""
    sets: dict[str, frozenset[str]] = {}
    changed = _folded(conn, upto, sets)
    query = select(MEMBERS).order_by(MEMBERS.c.id).execution_options(yield_per=_CHUNK)
    for row in conn.execute(query):
        if row.version <= upto:
            yield PastMember(row.id, row.unit, orjson.loads(row.record),
                             _fields(conn, row.columns, sets), row.version, row.withdrawn)
        elif row.id in changed:
            yield changed[row.id]


def _folded(conn: Connection, upto: int, sets: dict[str, frozenset[str]]) -> dict[str, PastMember]:
    """The members that changed since, put together from their events."""
    late = select(MEMBERS.c.id).where(MEMBERS.c.version > upto)
    query = (select(EVENTS.c.seq, EVENTS.c.kind, EVENTS.c.member, EVENTS.c.unit, EVENTS.c.body,
                    EVENT_VALUES.c.content, EVENT_VALUES.c.erased)
             .outerjoin_from(EVENTS, EVENT_VALUES, EVENTS.c.seq == EVENT_VALUES.c.seq)
             .where(EVENTS.c.seq <= upto, EVENTS.c.member.in_(late)).order_by(EVENTS.c.seq)
             .execution_options(yield_per=_CHUNK))
    out: dict[str, PastMember] = {}
    unions: dict[tuple[frozenset[str], Any], frozenset[str]] = {}
    for seq, kind, id, unit, body, content, erased in conn.execute(query):
        member = out.get(id)
        if member is None:
            member = out[id] = PastMember(id, unit or "")
        values = orjson.loads(content) if content is not None else {}
        values.pop(REASON, None)
        for name, (_, after) in values.items():
            if after is None:
                member.record.pop(name, None)
            else:
                member.record[name] = after
        member.unit, member.version = unit or member.unit, seq
        set_id = _set_of(body)
        if set_id is not None and _ONLY_COLUMNS in body:
            member.columns = _fields(conn, set_id, sets)
        elif values or set_id is not None:
            key = member.columns, (set_id, *values)
            known = unions.get(key)
            if known is None:
                known = unions[key] = member.columns.union(
                    values, _fields(conn, set_id, sets) if set_id is not None else ())
            member.columns = known
        if erased is not None:
            _erase(member, orjson.loads(erased))
        if kind == "member.withdrawn":
            member.withdrawn = True
        elif kind == "member.restored":
            member.withdrawn = False
    return out


def _erase(member: PastMember, erased: Mapping[str, Any]) -> None:
    for name in erased:
        member.record.pop(name, None)
    member.columns = member.columns.difference(erased)


def _set_of(body: bytes) -> str | None:
    """The set of columns that an event's body names: the rest of it is not read."""
    at = body.find(_COLUMNS)
    if at < 0:
        return None
    start = at + len(_COLUMNS)
    return body[start:body.index(b'"', start)].decode()


def _fields(conn: Connection, id: str, sets: dict[str, frozenset[str]]) -> frozenset[str]:
    known = sets.get(id)
    if known is None:
        known = sets[id] = columns_of(conn, id)
    return known
