"""A restored register verified. In: its database, its backup. Out: nothing, or the first flaw."""

from __future__ import annotations

from sqlalchemy import Connection, select

from zhuanjie.engine.api import InputError, default_lang, fail, say
from zhuanjie.web.evidence.keys import PUBLIC
from zhuanjie.web.evidence.verify import verify
from zhuanjie.web.operations.backup_format import FILES, BackupReader
from zhuanjie.web.store.tables import TRAIL_HEAD
from zhuanjie.web.trail.note import NoteError, Verifier


def trail_holds(conn: Connection, reader: BackupReader) -> None:
    """Raise InputError where the trail that was restored does not hold.

    The public keys are the backup's own: whoever keeps one elsewhere verifies with that afterwards.
    """
    if conn.execute(select(TRAIL_HEAD.c.id)).first() is None:
        return  # nothing was ever recorded, as the manifest says
    found = verify(conn, _verifiers(reader))
    if found.count:
        code, args = found.flaws[0].message
        raise fail(InputError, "register.restore.flaws", count=found.count,
                   first=say(code, default_lang(), **args))


def _verifiers(reader: BackupReader) -> list[Verifier]:
    name = f"{FILES}{PUBLIC}"
    if name not in reader.manifest.names(FILES):
        return []
    with reader.open(name) as file:
        lines = file.read().decode("utf-8", "replace").splitlines()
    try:
        return [Verifier.read(line.strip()) for line in lines if line.strip()]
    except NoteError:
        raise fail(InputError, "register.backup.entry", name=name) from None
