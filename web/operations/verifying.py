"""A restored register verified. In: its database, its backup. Out: the first flaw; lost keys."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, select

from zhuanjie.engine.api import InputError, default_lang, fail, say
from zhuanjie.web.access.code_keys import keys_path
from zhuanjie.web.evidence.keys import PUBLIC, private_path
from zhuanjie.web.evidence.verify import verify
from zhuanjie.web.operations.backup_format import FILES, BackupReader
from zhuanjie.web.settings.reading import held_secrets
from zhuanjie.web.settings.secrets import SecretFolder
from zhuanjie.web.store.database import RegisterDatabase
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


def lacking_keys(database: RegisterDatabase, folder: Path) -> list[str]:
    """The files of keys and secrets that the register means and that are not there."""
    with database.reading() as conn:
        secrets = sorted(held_secrets(conn))
    wanted = [private_path(folder), keys_path(folder), *map(SecretFolder(folder).path, secrets)]
    return [str(path.relative_to(folder) if path.is_relative_to(folder) else path)
            for path in wanted if not path.is_file()]


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
