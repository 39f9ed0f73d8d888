"""A register's database. In: a URL. Out: connections that read one state, or write alone.

SQLite keeps a write-ahead log: many read while one writes. PostgreSQL has whoever writes lock the
row of the trail's head, so that events have an order there too.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any, Final

import orjson
from sqlalchemy import Connection, Engine, create_engine, event, func, make_url, select
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.pool import QueuePool

from zhuanjie.engine.api import UsageError, fail, shown_name
from zhuanjie.web.store import row_security
from zhuanjie.web.store.metadata import METADATA
from zhuanjie.web.store.protection import protect
from zhuanjie.web.store.row_security import Limit, bypasses, secure

EVERYTHING: Final = row_security.EVERYTHING
Scope = row_security.Scope
_WRITES: Final = "zhuanjie_writes"
_BUSY_SECONDS: Final = 30
_MAKES: Final = 0x7A6875616E6A6965
"""The number of the lock that whoever makes tables takes: the program's name in ASCII."""
_SQLITE: Final = (
    "PRAGMA journal_mode=WAL",
    # What was acknowledged outlives a power cut, not only the process.
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA trusted_schema=OFF",
    # What is erased is overwritten, not only forgotten.
    "PRAGMA secure_delete=FAST",
)


class RegisterDatabase:
    """The database behind a register; safe to share among threads."""

    def __init__(self, url: str, *, connections: int = 10) -> None:
        """`url` is `sqlite:///file` or `postgresql://…`; raises UsageError for another."""
        self.url = _url(url)
        self.is_postgresql = self.url.get_backend_name() == "postgresql"
        self._writer = threading.Lock()
        self._bypasses: bool | None = None
        self.engine = self._engine(connections)

    @property
    def file(self) -> Path | None:
        """SQLite's file; None for a server."""
        return None if self.is_postgresql or not self.url.database else Path(self.url.database)

    def _engine(self, connections: int) -> Engine:
        options: dict[str, Any] = {
            "poolclass": QueuePool, "pool_size": connections, "max_overflow": connections,
            "pool_pre_ping": True, "json_serializer": lambda v: orjson.dumps(v).decode(),
            "json_deserializer": orjson.loads}
        if not self.is_postgresql:
            options["connect_args"] = {"timeout": _BUSY_SECONDS, "check_same_thread": False}
        engine = create_engine(self.url, **options)
        if self.is_postgresql:
            event.listen(engine, "connect", _plan_plainly)
        else:
            event.listen(engine, "do_connect", self._make_file)
            event.listen(engine, "connect", _configure)
            event.listen(engine, "begin", _begin)
        return engine

    def _make_file(self, *_how: object) -> None:
        """Make SQLite's file, its owner's alone, where it is not there; what it cannot it says."""
        if self.file is not None and not self.file.exists():
            with suppress(OSError):
                self.file.touch(mode=0o600)

    def create(self) -> None:
        """Make the tables that are not there; keep events as they are, each unit to its rows."""
        with self.writing() as conn:
            if self.is_postgresql:  # one process at a time
                conn.execute(select(func.pg_advisory_xact_lock(_MAKES)))
            METADATA.create_all(conn)
            protect(conn)
            secure(conn)

    @contextmanager
    def reading(self, scope: Scope = EVERYTHING) -> Iterator[Connection]:
        """A connection that sees one state of the register, of the units in `scope`."""
        snapshot: dict[str, Any] = {"isolation_level": "REPEATABLE READ",
                                    "postgresql_readonly": True} if self.is_postgresql else {}
        with self.engine.connect() as plain:
            conn = plain.execution_options(**snapshot)
            with conn.begin() as transaction:
                self.limit(conn, scope).on()
                yield conn
                transaction.rollback()

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A connection that writes alone, until the end of the block: all of it, or nothing."""
        # Within a process the lock is fair where SQLite's waiting is not.
        alone = nullcontext() if self.is_postgresql else self._writer
        with alone, self.engine.connect() as plain:
            conn = plain.execution_options(**{_WRITES: True})
            with conn.begin():
                self.limit(conn, EVERYTHING).on()
                yield conn

    @contextmanager
    def migrating(self) -> Iterator[Connection]:
        """A connection that changes the schema alone: all of it, or nothing.

        A table of SQLite is changed by making it anew, which keys that refer to it must bear.
        """
        alone = nullcontext() if self.is_postgresql else self._writer
        with alone, self.engine.connect() as plain:
            conn = plain.execution_options(**{_WRITES: True})
            raw: Any = conn.connection.driver_connection
            if not self.is_postgresql:
                raw.execute("PRAGMA foreign_keys=OFF").close()
            try:
                with conn.begin():
                    self.limit(conn, EVERYTHING).on()
                    if self.is_postgresql:
                        conn.execute(select(func.pg_advisory_xact_lock(_MAKES)))
                    yield conn
                    if not self.is_postgresql:
                        broken = conn.exec_driver_sql("PRAGMA foreign_key_check").first()
                        assert broken is None, "a migration left a key that refers to nothing"
            finally:
                if not self.is_postgresql:
                    raw.execute("PRAGMA foreign_keys=ON").close()

    def limit(self, conn: Connection, scope: Scope) -> Limit:
        """What a transaction is to see: turned on, it hides every other unit's rows."""
        if self.is_postgresql and self._bypasses is None:
            self._bypasses = bypasses(conn)
        return Limit(conn, scope, takes_role=bool(self._bypasses))

    def close(self) -> None:
        """Close every connection that nobody uses."""
        self.engine.dispose()


def _url(given: str) -> URL:
    try:
        url = make_url(given)
        backend = url.get_backend_name()
    except (ArgumentError, NoSuchModuleError, ValueError):
        raise fail(UsageError, "register.url", url=shown_name(given)) from None
    if backend in {"postgresql", "postgres"}:
        return url.set(drivername="postgresql+psycopg")
    if backend == "sqlite":
        return url.set(drivername="sqlite+pysqlite")
    raise fail(UsageError, "register.url", url=shown_name(given))


def _configure(connection: sqlite3.Connection, _record: object) -> None:
    # The driver would begin transactions of its own, and only before some statements.
    connection.isolation_level = None
    for statement in _SQLITE:
        connection.execute(statement).close()


def _plan_plainly(connection: Any, _record: object) -> None:
    # A tenth of a second to compile what runs for a hundredth: what hides rows looks costly.
    connection.execute("SET jit = off")
    connection.commit()


def _begin(conn: Connection) -> None:
    writes = conn.get_execution_options().get(_WRITES, False)
    conn.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def lost(error: DBAPIError) -> bool:
    """Whether a statement failed because the database is not to be reached now."""
    return bool(error.connection_invalidated)
