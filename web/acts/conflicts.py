"""What of a case is another's. In: a member, a version that was seen, keys. Out: refusals that say
who changed what since, or which key somebody else has.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection

from zhuanjie.engine.api import Vocabulary, fail
from zhuanjie.web.store.errors import ConflictError, RefusedError
from zhuanjie.web.store.event import Event
from zhuanjie.web.store.history import events_of
from zhuanjie.web.store.members import Member, find

_MOST_CHANGES: Final = 50


def conflict(conn: Connection, member: Member, expected: int) -> ConflictError:
    """That a member is another than the caller saw, with who changed what since."""
    since = events_of(conn, member.id, after=expected)
    error = fail(ConflictError, "register.acts.conflict", expected=expected,
                 version=member.version, changes=len(since))
    error.changes = [_change(event) for event in since[-_MOST_CHANGES:]]
    return error


def require_own_keys(conn: Connection, member: Member, record: Mapping[str, Any],
                     vocabulary: Vocabulary) -> None:
    """Raise RefusedError where a key that a member gets, or has again, is another's."""
    for name in vocabulary.keys:
        value = record.get(name)
        if value is None or (value == member.record.get(name) and not member.withdrawn):
            continue
        form = str(vocabulary.fields[name].compared(value))
        if set(find(conn, name, [form]).get(form, ())) - {member.id}:
            raise fail(RefusedError, "register.acts.key-taken", field=name)


def _change(event: Event) -> dict[str, Any]:
    """What an event changed, without what fields hold."""
    fields = sorted(name for name in event.values if not name.startswith("#"))
    return {"event": event.id, "version": event.seq, "at": event.at, "actor": event.actor,
            "kind": event.kind, "act": event.data.get("act"), "fields": fields}
