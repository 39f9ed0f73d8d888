"""Units, users and keys as events left them. In: events. Out: rows of their tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Table, insert, update

from zhuanjie.web.access.tables import API_KEYS, UNITS, USERS
from zhuanjie.web.access.units import SEEN_TREES
from zhuanjie.web.store.change import Projector
from zhuanjie.web.store.event import Event

NAME: Final = "user.name"
EMAIL: Final = "user.email"
"""The values of a user's events, which can be erased as a member's can."""


def _put(conn: Connection, table: Table, id: str, row: Mapping[str, Any]) -> None:
    if not conn.execute(update(table).where(table.c.id == id).values(row)).rowcount:
        conn.execute(insert(table).values({"id": id, **row}))


def _units(conn: Connection, events: Sequence[Event]) -> None:
    SEEN_TREES.pop(conn, None)
    for event in events:
        assert event.unit is not None
        _put(conn, UNITS, event.unit, {
            "parent": event.data["parent"], "title": event.data["title"],
            "closed": event.data["closed"], "version": event.seq, "stamp": event.id})


def _users(conn: Connection, events: Sequence[Event]) -> None:
    for event in events:
        row: dict[str, Any] = {
            "role": event.data["role"], "unit": event.unit, "disabled": False,
            "provider": event.data["provider"], "version": event.seq}
        row |= {column: event.after[value] for column, value in (("name", NAME), ("email", EMAIL))
                if value in event.after}
        _put(conn, USERS, event.data["user"], row)


def _users_disabled(conn: Connection, events: Sequence[Event]) -> None:
    for event in events:
        conn.execute(update(USERS).where(USERS.c.id == event.data["user"]).values(
            disabled=True, version=event.seq))


def _keys(conn: Connection, events: Sequence[Event]) -> None:
    for event in events:
        _put(conn, API_KEYS, event.data["key"], {
            "title": event.data["title"], "role": event.data["role"], "unit": event.unit,
            "expires_at": event.data["expires_at"], "revoked": False, "version": event.seq})


def _keys_revoked(conn: Connection, events: Sequence[Event]) -> None:
    for event in events:
        conn.execute(update(API_KEYS).where(API_KEYS.c.id == event.data["key"]).values(
            revoked=True, version=event.seq))


PROJECTORS: Final[Mapping[str, Projector]] = {
    "unit.set": _units,
    "user.set": _users,
    "user.disabled": _users_disabled,
    "key.made": _keys,
    "key.revoked": _keys_revoked,
}
PROJECTIONS: Final = (UNITS.name, USERS.name, API_KEYS.name)
