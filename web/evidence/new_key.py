"""The key that signs, begun anew. In: a register, why. Out: a new key, and the event that says so.

A register that has a history signs with the key that it signed with before, or with the last that
was begun by an event. Anything else is told, not done: whoever puts a key of their own in the place
of the register's could otherwise write history anew and sign it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import orjson
from sqlalchemy import Connection, select

from zhuanjie.engine.api import UsageError, fail
from zhuanjie.web.evidence.checkpoints import KeptCheckpoint, Trail
from zhuanjie.web.evidence.keys import (
    make_signer,
    new_signer,
    note_verifier,
    private_path,
    read_verifiers,
    signer_of,
)
from zhuanjie.web.evidence.tables import TRAIL_CHECKPOINTS
from zhuanjie.web.store.change import trail_head
from zhuanjie.web.store.event import Actor, EventDraft
from zhuanjie.web.store.private_files import replace_private
from zhuanjie.web.store.store import RegisterStore
from zhuanjie.web.store.tables import EVENTS
from zhuanjie.web.trail.note import NoteError, Signer

KEY_BEGUN: Final = "trail.key-begun"


def signer_for(conn: Connection, folder: Path) -> Signer:
    """The key that signs this register, made where nothing has happened in it yet.

    Raises UsageError where its key is lost, or another stands in its place.
    """
    known, path = signer_of(folder), str(private_path(folder))
    if known is None:
        if trail_head(conn)[0]:
            raise fail(UsageError, "register.trail.key-lost", path=path,
                       hint="register.trail.key-lost.hint")
        return make_signer(folder)
    if not _is_ours(conn, known):
        raise fail(UsageError, "register.trail.key-other", path=path,
                   hint="register.trail.key-other.hint")
    return known


def begin_key(store: RegisterStore, trail: Trail, folder: Path, actor: Actor,
              reason: str) -> KeptCheckpoint:
    """Sign with a new key from now on; returns its first checkpoint.

    The old key, where it is there and the register's, signs what happened until now, and is gone
    then. Raises UsageError, OutputError.
    """
    old = signer_of(folder)
    with store.database.reading() as conn:
        ours = old is not None and _is_ours(conn, old)
    if old is not None and ours:
        trail.signer = old
        trail.checkpoint(store)
    made = new_signer(old.name if old is not None else _origin(folder))
    # Its public half first: a checkpoint that nobody can verify would be worse than one too many.
    note_verifier(folder, made.verifier)
    trail.signer = made
    with store.change(actor) as work:
        work.record(EventDraft(KEY_BEGUN, reason=reason, data={
            "key": made.verifier.text, "lost": not ours,
            "before": old.verifier.text if old is not None and ours else None}))
        replace_private(private_path(folder), made.text)
    return trail.checkpoint(store)


def _is_ours(conn: Connection, signer: Signer) -> bool:
    begun = conn.execute(select(EVENTS.c.body).where(EVENTS.c.kind == KEY_BEGUN).order_by(
        EVENTS.c.seq.desc()).limit(1)).scalar()
    if begun is not None:
        return bool(orjson.loads(begun)["data"]["key"] == signer.verifier.text)
    note = conn.execute(select(TRAIL_CHECKPOINTS.c.note).order_by(
        TRAIL_CHECKPOINTS.c.size.desc()).limit(1)).scalar()
    try:
        if note is not None:
            signer.verifier.open(note)
    except NoteError as error:
        # One that was tampered with is for who verifies to say.
        return error.code != "other-key"
    return True


def _origin(folder: Path) -> str | None:
    """The name that the register signed under, as far as is known."""
    try:
        return read_verifiers(folder)[-1].name
    except (UsageError, IndexError):
        return None
