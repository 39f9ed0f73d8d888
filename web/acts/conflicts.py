"""Two who write at once. In: a member, the version that was seen. Out: who changed what since."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection

from zhuanjie.engine.api import fail
from zhuanjie.web.store.errors import ConflictError
from zhuanjie.web.store.event import Event
from zhuanjie.web.store.history import events_of
from zhuanjie.web.store.members import Member

_MOST_CHANGES: Final = 50


def conflict(conn: Connection, member: Member, expected: int) -> ConflictError:
    """That a member is another than the caller saw, with who changed what since."""
    since = events_of(conn, member.id, after=expected)
    error = fail(ConflictError, "register.acts.conflict", expected=expected,
                 version=member.version, changes=len(since))
    error.changes = [_change(event) for event in since[-_MOST_CHANGES:]]
    return error


def _change(event: Event) -> dict[str, Any]:
    """What an event changed, without what fields hold."""
    fields = sorted(name for name in event.values if not name.startswith("#"))
    return {"event": event.id, "version": event.seq, "at": event.at, "actor": event.actor,
            "kind": event.kind, "act": event.data.get("act"), "fields": fields}
