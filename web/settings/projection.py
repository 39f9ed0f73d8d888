"""Settings as events left them. In: events. Out: rows of their table.

What holds is kept among an event's values, so that it can be erased: a sender's mailbox may be a
person's. What was erased holds no longer, now and when the table is made anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import orjson
from sqlalchemy import Connection, delete, insert

from zhuanjie.web.settings.tables import OFFICE_SETTINGS
from zhuanjie.web.store.change import Projector
from zhuanjie.web.store.event import Event

KIND: Final = "settings.set"
VALUE: Final = "settings.value"
"""The value of an event that says what was set before, and since; null for nothing."""
_AT_ONCE: Final = 500


def _set(conn: Connection, events: Sequence[Event]) -> None:
    for event in events:
        name = event.data.get("name")
        if name is None:
            continue
        conn.execute(delete(OFFICE_SETTINGS).where(OFFICE_SETTINGS.c.name == name))
        value = event.after.get(VALUE)
        if value is not None:
            conn.execute(insert(OFFICE_SETTINGS).values(
                name=name, value=orjson.dumps(value).decode(), version=event.seq))


def _erase(conn: Connection, events: Sequence[Event]) -> None:
    for event in events:
        gone = [seq for seq, names in event.data["events"] if VALUE in names]
        for at in range(0, len(gone), _AT_ONCE):
            conn.execute(delete(OFFICE_SETTINGS).where(
                OFFICE_SETTINGS.c.version.in_(gone[at:at + _AT_ONCE])))


PROJECTORS: Final[Mapping[str, Projector]] = {KIND: _set, "values.redacted": _erase}
PROJECTIONS: Final = (OFFICE_SETTINGS.name,)
