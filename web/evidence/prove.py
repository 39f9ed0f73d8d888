"""Proofs of events. In: a connection, checkpoints. Out: documents by themselves."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select

from zhuanjie.engine.api import UsageError, fail
from zhuanjie.web.evidence.tree import tree
from zhuanjie.web.evidence.values import HeldValues, read_values
from zhuanjie.web.store.errors import NotFoundError
from zhuanjie.web.store.tables import EVENT_VALUES, EVENTS
from zhuanjie.web.trail import merkle
from zhuanjie.web.trail.proof import consistency_proof, inclusion_proof

_SIZE_LINE = 1


def event_document(conn: Connection, seq: int, note: str,
                   fields: tuple[str, ...] = ()) -> dict[str, Any]:
    """What shows that the event with this number is in the checkpoint of a note.

    Raises NotFoundError where there is no such event, UsageError for a field that it has not.
    """
    row = conn.execute(
        select(EVENTS.c.body, EVENT_VALUES)
        .outerjoin_from(EVENTS, EVENT_VALUES, EVENTS.c.seq == EVENT_VALUES.c.seq)
        .where(EVENTS.c.seq == seq)).first()
    size = _size(note)
    if row is None or not 0 < seq <= size:
        raise fail(NotFoundError, "register.trail.no-event", number=seq)
    held = (read_values(row.secret, row.content, row.salts, row.erased)
            if row.content is not None else HeldValues({}, {}, {}))
    for name in fields:
        if name not in held.values:
            raise fail(UsageError, "register.trail.no-value", number=seq, field=name)
    return inclusion_proof(
        note, row.body, merkle.inclusion(tree(conn, size), seq - 1, size), held.commitments,
        {name: (*held.values[name], held.salts[name]) for name in fields})


def consistency_document(conn: Connection, first: str, second: str) -> dict[str, Any]:
    """What shows that the checkpoint of one note goes on from that of another."""
    before, after = _size(first), _size(second)
    if before > after:
        raise fail(UsageError, "register.trail.beyond", size=before, now=after)
    return consistency_proof(
        first, second, merkle.consistency(tree(conn, after), before, after))


def _size(note: str) -> int:
    lines = note.split("\n")
    if len(lines) <= _SIZE_LINE or not lines[_SIZE_LINE].isdecimal():
        raise fail(UsageError, "register.trail.no-checkpoint", path=lines[0])
    return int(lines[_SIZE_LINE])
