"""Checkpoints of a register. In: the end of a change, or somebody's wish. Out: signed notes, kept.

Between two of them whoever holds both the database and the key could write history anew; a copy of
one that somebody keeps elsewhere ends that, which is why they are printed on what leaves.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert, select

from zhuanjie.engine.api import UsageError, fail
from zhuanjie.web.evidence.prove import consistency_document, event_document
from zhuanjie.web.evidence.tables import TRAIL_CHECKPOINTS
from zhuanjie.web.evidence.tree import grow, tree
from zhuanjie.web.store.change import UnitOfWork, trail_head
from zhuanjie.web.store.store import RegisterStore
from zhuanjie.web.store.tables import EVENTS
from zhuanjie.web.trail.checkpoint import Checkpoint
from zhuanjie.web.trail.merkle import root
from zhuanjie.web.trail.note import Signer


@dataclass(frozen=True, slots=True)
class KeptCheckpoint:
    """A checkpoint, and the note that its key signed."""

    checkpoint: Checkpoint
    note: str


class Trail:
    """Signs checkpoints, and makes proofs. `hook` belongs to the hooks of the store."""

    def __init__(self, signer: Signer | None, *, every: int = 1000,
                 after: timedelta = timedelta(hours=1)) -> None:
        """Without a key nothing is signed; the tree grows all the same.

        A change signs one where the last is `every` events or `after` behind.
        """
        self.signer, self._every, self._after = signer, every, after
        self._last: tuple[int, str] | None = None

    def hook(self, work: UnitOfWork) -> None:
        """Let the tree grow by a change's events, and sign where it is time."""
        if not work.leaves:
            return
        grow(work)
        if self.signer is not None and self._is_due(work):
            self._last = _last(work.conn)
            if self._is_due(work):
                _sign(work.conn, self.signer, work.size)
                self._last = None  # what is not kept in the end was not signed

    def checkpoint(self, store: RegisterStore) -> KeptCheckpoint:
        """One of the register as it is now: that which is kept, or a new one.

        Raises UsageError where there is no key.
        """
        signer = self._key()
        with store.database.reading() as conn:
            size, _, _ = trail_head(conn)
            known = _at(conn, signer, size)
        if known is not None:
            return known
        with store.database.writing() as conn:
            size, _, _ = trail_head(conn, lock=True)
            return _at(conn, signer, size) or _sign(conn, signer, size)

    def line(self, store: RegisterStore) -> str | None:
        """What a report prints of the register as it is now; None where there is no key."""
        return self.checkpoint(store).checkpoint.line if self.signer is not None else None

    def prove(self, store: RegisterStore, seq: int, fields: tuple[str, ...] = ()) -> dict[str, Any]:
        """A document that shows the event with this number, and what `fields` of it held."""
        with store.database.reading() as conn:
            covers = _after(conn, seq)
        note = covers or self.checkpoint(store).note
        with store.database.reading() as conn:
            return event_document(conn, seq, note, fields)

    def connect(self, store: RegisterStore, first: str) -> dict[str, Any]:
        """A document that shows how the register as it is now goes on from a checkpoint."""
        second = self.checkpoint(store).note
        with store.database.reading() as conn:
            return consistency_document(conn, first, second)

    def _key(self) -> Signer:
        if self.signer is None:
            raise fail(UsageError, "register.trail.no-key", hint="register.trail.no-key.hint")
        return self.signer

    def _is_due(self, work: UnitOfWork) -> bool:
        if self._last is None:
            return True
        size, at = self._last
        return work.size - size >= self._every \
            or datetime.fromisoformat(work.at) - datetime.fromisoformat(at) >= self._after


def _last(conn: Connection) -> tuple[int, str] | None:
    """The size of the last checkpoint, and when its last event was."""
    found = conn.execute(
        select(TRAIL_CHECKPOINTS.c.size, EVENTS.c.at)
        .join(EVENTS, EVENTS.c.seq == TRAIL_CHECKPOINTS.c.size)
        .order_by(TRAIL_CHECKPOINTS.c.size.desc()).limit(1)).first()
    return (found.size, found.at) if found is not None else None


def _at(conn: Connection, signer: Signer, size: int) -> KeptCheckpoint | None:
    note = conn.execute(select(TRAIL_CHECKPOINTS.c.note).where(
        TRAIL_CHECKPOINTS.c.size == size)).scalar()
    return KeptCheckpoint(_checkpoint(conn, signer, size), note) if note is not None else None


def _after(conn: Connection, seq: int) -> str | None:
    """The first note that covers an event."""
    return conn.execute(select(TRAIL_CHECKPOINTS.c.note).where(
        TRAIL_CHECKPOINTS.c.size >= seq).order_by(TRAIL_CHECKPOINTS.c.size).limit(1)).scalar()


def _checkpoint(conn: Connection, signer: Signer, size: int) -> Checkpoint:
    return Checkpoint(signer.name, size, root(tree(conn, size), size))


def _sign(conn: Connection, signer: Signer, size: int) -> KeptCheckpoint:
    made = _checkpoint(conn, signer, size)
    note = made.signed(signer)
    conn.execute(insert(TRAIL_CHECKPOINTS).values(size=size, note=note))
    return KeptCheckpoint(made, note)
