"""What of a change is not to be. In: a member, a version that was seen, keys, values. Out: refusals
that say who changed what since, which key somebody else has, or that nothing would be another.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection

from zhuanjie.engine.api import InputError, TypedAct, Vocabulary, fail
from zhuanjie.web.acts.values import ActValues
from zhuanjie.web.store.errors import ConflictError, RefusedError
from zhuanjie.web.store.event import Event
from zhuanjie.web.store.history import events_of
from zhuanjie.web.store.members import Member, columns_of, find

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


def require_change(conn: Connection, member: Member, act: TypedAct, values: ActValues) -> None:
    """Raise InputError where an act sets fields and all of them would be as they are.

    That a field is blank is new where the member's tables had no column for it.
    """
    said = act.act
    if not (said.sets or said.sets_any) or said.ends or said.opens or said.closes \
            or values.changes(member.record):
        return
    if said.sets.keys() <= columns_of(conn, member.columns):
        raise fail(InputError, "register.acts.unchanged", act=said.title)


def _change(event: Event) -> dict[str, Any]:
    """What an event changed, without what fields hold."""
    fields = sorted(name for name in event.values if not name.startswith("#"))
    return {"event": event.id, "version": event.seq, "at": event.at, "actor": event.actor,
            "kind": event.kind, "act": event.data.get("act"), "fields": fields}
