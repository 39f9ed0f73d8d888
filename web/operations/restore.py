"""A register restored. In: a backup, an empty database. Out: the register, verified.

It is one transaction: what does not verify leaves nothing. A backup of an older revision is taken
in as it was, then brought up.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, Final

from sqlalchemy import Connection, Table, func, insert, inspect, select, text
from sqlalchemy.exc import StatementError

from zhuanjie.engine.api import InputError, OutputError, UsageError, fail
from zhuanjie.web.operations.backup import PASSING, tables_of
from zhuanjie.web.operations.backup_format import FILES, KEYS, TABLES, BackupManifest, BackupReader
from zhuanjie.web.operations.migrating import LAY, LIFT, Revisions
from zhuanjie.web.store.database import RegisterDatabase
from zhuanjie.web.store.tables import EVENTS

Check = Callable[[Connection, BackupReader], None]
"""What verifies a register; raises InputError for one that does not hold."""
_AT_ONCE: Final = 1000
_PRIVATE: Final = 0o600
_PRIVATE_FOLDER: Final = 0o700


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored."""

    manifest: BackupManifest
    rows: int
    files: Sequence[Path]


def restore_backup(path: Path | BinaryIO, database: RegisterDatabase, folder: Path, *,
                   check: Check = lambda _conn, _reader: None, revisions: Revisions | None = None,
                   progress: Callable[[str], None] = lambda _table: None) -> Restored:
    """Restore `path`, or an open file, into a database without tables, and a folder without the
    files it has.

    `check` is asked whether the register that came of it holds. Raises InputError for a file that
    is no backup or was changed, UsageError where something would be written over.
    """
    known = revisions or Revisions()
    try:
        opened = zipfile.ZipFile(path)
    except FileNotFoundError:
        raise fail(InputError, "register.backup.no-file", path=str(path)) from None
    except (zipfile.BadZipFile, OSError):
        raise fail(InputError, "register.backup.none") from None
    with opened as archive:
        reader = BackupReader(archive)
        if reader.manifest.revision not in known.known:
            raise fail(UsageError, "register.backup.newer", hint="register.schema.newer.hint",
                       program=reader.manifest.program)
        reader.verify()
        targets = list(_targets(reader, folder))
        written: list[Path] = []
        made = database.file if database.file and not database.file.exists() else None
        try:
            with database.migrating() as conn:
                _require_empty(conn)
                rows = _load(conn, reader, known, progress)
                _require_same(conn, reader.manifest)
                check(conn, reader)
                for name, target in targets:
                    _unpack(reader, name, target, written)
        except BaseException:
            database.close()
            for file in (*written, *_files_of(made)):
                file.unlink(missing_ok=True)
            raise
    return Restored(reader.manifest, rows, written)


def _files_of(made: Path | None) -> list[Path]:
    """The files of a database of SQLite that was made here."""
    return [] if made is None else [made.with_name(f"{made.name}{end}")
                                    for end in ("", "-wal", "-shm")]


def _require_empty(conn: Connection) -> None:
    if inspect(conn).get_table_names():
        raise fail(UsageError, "register.restore.there", hint="register.restore.there.hint")


def _load(conn: Connection, reader: BackupReader, revisions: Revisions,
          progress: Callable[[str], None]) -> int:
    revisions.upgrade_within(conn, reader.manifest.revision)
    for lift in LIFT:
        lift(conn)
    count = 0
    there = {table.name: table for table in tables_of(conn)}
    for name, table in there.items():
        if name in PASSING or f"{TABLES}{name}.jsonl" not in reader.manifest.names(TABLES):
            continue
        progress(name)
        count += _fill(conn, table, reader)
    odd = {PurePosixPath(n).stem for n in reader.manifest.names(TABLES)} - there.keys()
    if odd:
        raise fail(InputError, "register.backup.entry", name=f"{TABLES}{min(odd)}.jsonl")
    revisions.upgrade_within(conn)
    for lay in LAY:
        lay(conn)
    return count


def _fill(conn: Connection, table: Table, reader: BackupReader) -> int:
    count = 0
    try:
        rows = reader.rows(table.name)
        while some := list(islice(rows, _AT_ONCE)):
            conn.execute(insert(table), some)
            count += len(some)
    except (StatementError, ValueError, TypeError, KeyError, StopIteration):
        raise fail(InputError, "register.backup.entry",
                   name=f"{TABLES}{table.name}.jsonl") from None
    if conn.dialect.name == "postgresql" and count:
        for column in table.primary_key.columns:
            _go_on_from(conn, table, column.name)
    return count


def _go_on_from(conn: Connection, table: Table, column: str) -> None:
    """Have a server's sequence go on after the numbers that were brought in."""
    sequence = conn.execute(text("SELECT pg_get_serial_sequence(:table, :column)"),
                            {"table": table.name, "column": column}).scalar()
    if sequence is not None:
        top = conn.execute(select(func.max(table.c[column]))).scalar_one()
        conn.execute(text("SELECT setval(CAST(:name AS regclass), greatest(:top, 1))"),
                     {"name": sequence, "top": top})


def _require_same(conn: Connection, manifest: BackupManifest) -> None:
    """The register that came of it ends with the event that the backup ended with."""
    last: Any = conn.execute(select(EVENTS.c.seq, EVENTS.c.leaf).order_by(
        EVENTS.c.seq.desc()).limit(1)).first()
    size, leaf = (last.seq, bytes(last.leaf).hex()) if last is not None else (0, "")
    if size != manifest.events or (size and leaf != manifest.last):
        raise fail(InputError, "register.restore.other")


def _targets(reader: BackupReader, folder: Path) -> Iterator[tuple[str, Path]]:
    """Where its files go; raises UsageError where one is there already."""
    for prefix in (FILES, KEYS):
        for name in reader.manifest.names(prefix):
            target = folder / name.removeprefix(prefix)
            if not target.resolve().is_relative_to(folder.resolve()):
                raise fail(InputError, "register.backup.entry", name=name)
            if target.exists():
                raise fail(UsageError, "register.restore.file", path=str(target))
            yield name, target


def _unpack(reader: BackupReader, name: str, target: Path, written: list[Path]) -> None:
    try:
        target.parent.mkdir(mode=_PRIVATE_FOLDER, parents=True, exist_ok=True)
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
        written.append(target)
        with os.fdopen(handle, "wb") as out, reader.open(name) as file:
            while part := file.read(1024 * 1024):
                out.write(part)
            out.flush()
            os.fsync(out.fileno())
    except OSError as error:
        raise fail(OutputError, "register.backup.unwritable", path=str(target),
                   reason=error.strerror or "") from None
