"""A register saved while it runs. In: its database and folder. Out: one file, whole or not at all.

All tables are read in one state of the register, that nobody has to wait for. What passes by itself
(sessions, attempts to sign in, leases) is left out, keys too unless they are asked for.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Final

from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, MetaData, Table, select

from zhuanjie import __version__
from zhuanjie.engine.api import OutputError, UsageError, fail
from zhuanjie.web.operations.backup_format import (
    FILES,
    KEYS,
    SETTINGS,
    TABLES,
    BackupManifest,
    BackupWriter,
    table_lines,
)
from zhuanjie.web.operations.schema import REVISION_TABLE
from zhuanjie.web.store.change import NOTHING
from zhuanjie.web.store.database import RegisterDatabase
from zhuanjie.web.store.tables import TRAIL_HEAD

PASSING: Final = frozenset({"sessions", "login_attempts", "sign_ins", "used_tickets", "duties"})
"""Tables that no backup holds: what is in them ends by itself, or is of a process that runs."""
LEFT: Final = frozenset({"jobs", "backups", "uploads"})
"""Folders beside the database that are results, or backups themselves."""
KEY: Final = ".key"
_CHUNK: Final = 1024 * 1024
_AT_ONCE: Final = 2000
_PRIVATE: Final = 0o600


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that was written."""

    path: Path
    manifest: BackupManifest
    size: int


def write_backup(database: RegisterDatabase, path: Path, *, folder: Path | None = None,
                 settings: Path | None = None, keys: bool = False,
                 now: Callable[[], datetime] = lambda: datetime.now(UTC),
                 progress: Callable[[str], None] = lambda _table: None) -> Backup:
    """Write a backup to `path`, which must not be there, readable by its owner alone.

    `folder` is the register's, `settings` its settings' file, `keys` asks for secret keys too.
    Raises UsageError where the file is there, OutputError where it cannot be written.
    """
    if path.exists():
        raise fail(UsageError, "register.backup.there", path=str(path))
    if database.file is not None and not database.file.exists():  # reading would make it
        raise fail(UsageError, "register.backup.nothing")
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        handle = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, _PRIVATE)
        try:
            with os.fdopen(handle, "w+b") as out:
                manifest = _write(database, out, folder, settings, keys, now(), progress)
                out.flush()
                os.fsync(out.fileno())
            _keep(part, path)
        finally:
            with suppress(OSError):
                part.unlink()
    except OSError as error:
        raise fail(OutputError, "register.backup.unwritable", path=str(path),
                   reason=error.strerror or "") from None
    return Backup(path, manifest, path.stat().st_size)


def stream_backup(database: RegisterDatabase, out: BinaryIO, *, folder: Path | None = None,
                  settings: Path | None = None, keys: bool = False,
                  now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> BackupManifest:
    """Write a backup as it is made, for a program that encrypts it: nothing of it is kept here.

    One that is cut off is no backup, and is refused when it is restored. Raises OutputError.
    """
    if database.file is not None and not database.file.exists():
        raise fail(UsageError, "register.backup.nothing")
    try:
        manifest = _write(database, out, folder, settings, keys, now(), lambda _table: None)
        out.flush()
    except OSError as error:
        raise fail(OutputError, "register.backup.unwritable", path="-",
                   reason=error.strerror or "") from None
    return manifest


def _keep(part: Path, path: Path) -> None:
    """Give the whole file its name, unless somebody took it meanwhile."""
    try:
        path.hardlink_to(part)
    except FileExistsError:
        raise fail(UsageError, "register.backup.there", path=str(path)) from None
    except OSError:  # a file system without links
        if path.exists():
            raise fail(UsageError, "register.backup.there", path=str(path)) from None
        part.rename(path)


def _write(database: RegisterDatabase, out: BinaryIO, folder: Path | None,
           settings: Path | None, keys: bool, now: datetime,
           progress: Callable[[str], None]) -> BackupManifest:
    archive = zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=6)
    writer = BackupWriter(archive, [])
    with archive, database.reading() as conn:
        revision = MigrationContext.configure(conn).get_current_revision()
        if revision is None:
            raise fail(UsageError, "register.backup.nothing")
        head = conn.execute(select(TRAIL_HEAD.c.size, TRAIL_HEAD.c.leaf)).first()
        for table in tables_of(conn):
            if table.name in PASSING:
                continue
            progress(table.name)
            _add_table(writer, conn, table)
        for name, file in _files(database, folder, keys=keys):
            _add_file(writer, name, file)
        if settings is not None:
            _add_file(writer, SETTINGS, settings)
        return writer.close(
            program=__version__, made_at=now.astimezone(UTC).isoformat(timespec="seconds"),
            revision=revision, events=head.size if head else 0,
            last=bytes(head.leaf if head else NOTHING).hex())


def tables_of(conn: Connection) -> list[Table]:
    """The tables that are there, whatever the revision, each after those that it refers to."""
    found = MetaData()
    found.reflect(conn)
    return [table for table in found.sorted_tables if table.name != REVISION_TABLE]


def _add_table(writer: BackupWriter, conn: Connection, table: Table) -> None:
    count = 0

    def counted() -> Iterator[tuple[object, ...]]:
        nonlocal count
        rows = conn.execute(select(table).execution_options(yield_per=_AT_ONCE)
                            .order_by(*table.primary_key.columns))
        for row in rows:
            count += 1
            yield tuple(row)

    writer.add(f"{TABLES}{table.name}.jsonl",
               table_lines([c.name for c in table.columns], counted()), rows=lambda: count)


def _files(database: RegisterDatabase, folder: Path | None, *,
           keys: bool) -> Iterator[tuple[str, Path]]:
    """What is in the register's folder, but for the database, results and links out of it."""
    if folder is None or not folder.is_dir():
        return
    own = database.file.resolve() if database.file is not None else None
    for file in sorted(folder.rglob("*")):
        inner = file.relative_to(folder)
        if file.is_symlink() or not file.is_file() or inner.parts[0] in LEFT \
                or inner.name.startswith("."):
            continue
        if own is not None and file.resolve().name in {own.name, f"{own.name}-wal",
                                                       f"{own.name}-shm"}:
            continue
        if inner.suffix != KEY:
            yield f"{FILES}{inner.as_posix()}", file
        elif keys:
            yield f"{KEYS}{inner.as_posix()}", file


def _add_file(writer: BackupWriter, name: str, file: Path) -> None:
    def parts() -> Iterator[bytes]:
        with file.open("rb") as opened:
            while part := opened.read(_CHUNK):
                yield part

    writer.add(name, parts())
