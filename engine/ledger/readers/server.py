"""A PostgreSQL server. In: what libpq takes. Out: a connection, and every failure in our words.

A session reads only, sees one state of the data, and writes texts in one way whatever its server
is set to. A message of the server may quote data, so that none is passed on but those about the
connection itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import psycopg
from psycopg import errors
from psycopg.abc import PQGen
from psycopg.generators import fetch_many
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGconn
from psycopg.waiting import WAIT_R

from zhuanjie.engine.core.diagnostics import Place
from zhuanjie.engine.core.errors import BackendError, InputError, ZhuanjieError, fail

NAME = "postgresql"
_PATIENCE = "10"
"""Seconds to wait for a server that does not answer, where the caller says nothing else."""

_SESSION = {
    "standard_conforming_strings": "on", "DateStyle": "ISO, YMD", "IntervalStyle": "iso_8601",
    "bytea_output": "hex", "extra_float_digits": "1", "client_encoding": "UTF8",
    "idle_in_transaction_session_timeout": "0",
    # All records are wanted, not the first few soon; and compiling large conditions takes longer
    # than it saves.
    "cursor_tuple_fraction": "1.0", "jit": "off",
}
_BEGIN = "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
_SHOW = "SELECT pg_catalog.current_setting($1)"
_SET = "SELECT pg_catalog.set_config($1, $2, false)"


class OutOfRangeError(BackendError):
    """A statement asked for the number of a day that has none."""


class Server:
    """A connection in one transaction that reads only."""

    def __init__(self, conninfo: str, place: Place, secrets: Sequence[str] = ()) -> None:
        """Connect; raises InputError where that is not possible. `secrets` are never shown."""
        self.place = place
        self._cursors = 0
        try:
            self._connection = psycopg.connect(
                _patient(conninfo), autocommit=True, cursor_factory=psycopg.RawCursor)
        except psycopg.Error as error:
            raise fail(InputError, "records.db.connect", place, "records.db.hint.connect",
                       detail=_about(error, secrets)) from None
        self._connection.server_cursor_factory = psycopg.RawServerCursor
        with self.failing():
            if self._connection.info.parameter_status("server_encoding") != "UTF8":
                raise fail(InputError, "records.db.encoding", place, "records.db.hint.encoding",
                           encoding=self._connection.info.parameter_status("server_encoding"))
            # How long a statement and the wait for a lock may take is for whoever set it.
            self._patience = {name: str(value) for name in ("statement_timeout", "lock_timeout")
                              for value, in self._connection.execute(_SHOW, (name,))}
            for name, value in _SESSION.items():
                self._connection.execute(_SET, (name, value))
            self._connection.execute(_BEGIN)

    def attempt(self, statement: str, params: Sequence[Any]) -> Any:
        """The only value of a statement that may fail, which must not end the transaction.

        Raises the driver's own exception.
        """
        with self.failing():
            self._connection.execute("SAVEPOINT attempt")
        try:
            row = self._connection.execute(statement, params).fetchone()
        except psycopg.OperationalError as error:
            raise self._failure(error) from None
        except psycopg.Error:
            with self.failing():
                self._connection.execute("ROLLBACK TO SAVEPOINT attempt")
            raise
        return row[0] if row else None

    def rows(self, statement: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of a statement."""
        with self.failing():
            return self._connection.execute(statement, params).fetchall()

    def batches(self, statement: str, size: int,
                params: Sequence[Any] = ()) -> Iterator[list[tuple[Any, ...]]]:
        """The rows of a statement, so many at a time: the server keeps the rest."""
        self._cursors += 1
        with self.failing(), self._connection.cursor(f"zhuanjie{self._cursors}") as cursor:
            cursor.execute(statement, params)
            while rows := cursor.fetchmany(size):
                yield rows

    def copy(self, statement: str, size: int) -> Iterator[bytes]:
        """The rows of a statement as CSV, in blocks of whole rows of about `size` bytes.

        Nothing else can be asked until it is exhausted; who stops before ends the transaction.
        """
        with (self.failing(), self._connection.cursor() as cursor,
              cursor.copy(f"COPY ({statement}) TO STDOUT (FORMAT csv)")):
            more = True
            while more:
                block, more = self._connection.wait(_block(self._connection.pgconn, size))
                if block:
                    yield block

    @contextmanager
    def trying(self) -> Iterator[None]:
        """What is asked here may end with OutOfRangeError, and can then be asked otherwise."""
        with self.failing():
            self._connection.execute("SAVEPOINT trying")
        try:
            yield
        except OutOfRangeError:
            with self.failing():
                self._connection.execute("ROLLBACK TO SAVEPOINT trying")
            raise

    def alone(self) -> None:
        """Have one process of the server work for what follows: rows that others hand over to it,
        for it to write, cost more than they spare."""
        with self.failing():
            self._connection.execute(_SET, ("max_parallel_workers_per_gather", "0"))

    def only(self, search_path: str) -> None:
        """Look names up in one place only, so that nobody's function stands in for another."""
        with self.failing():
            self._connection.execute(_SET, ("search_path", search_path))

    def close(self) -> None:
        """End the session."""
        self._connection.close()

    @contextmanager
    def failing(self) -> Iterator[None]:
        """Turn the driver's exceptions into ours."""
        try:
            yield
        except psycopg.Error as error:
            raise self._failure(error) from None

    def _failure(self, error: psycopg.Error) -> ZhuanjieError:
        if isinstance(error, errors.InsufficientPrivilege):
            return fail(InputError, "records.db.denied", self.place, "records.db.hint.denied")
        if isinstance(error, errors.LockNotAvailable):
            return fail(InputError, "records.db.locked", self.place, "records.db.hint.locked",
                        time=self._patience["lock_timeout"])
        if isinstance(error, errors.QueryCanceled) and not self._connection.broken:
            limit = self._patience["statement_timeout"]
            if limit == "0":
                return fail(InputError, "records.db.cancelled", self.place,
                            "records.db.hint.cancelled")
            return fail(InputError, "records.db.timeout", self.place, "records.db.hint.timeout",
                        time=limit)
        lost = self._connection.broken or self._connection.closed or isinstance(
            error, (errors.AdminShutdown, errors.CrashShutdown, errors.IdleSessionTimeout))
        if lost:
            return fail(BackendError, "backend.postgresql.lost", self.place,
                        "backend.postgresql.hint.lost")
        state = f" {error.sqlstate}" if error.sqlstate else ""
        beyond = isinstance(error, errors.DatetimeFieldOverflow)
        return fail(OutOfRangeError if beyond else BackendError, "backend.failed", self.place,
                    name=NAME, detail=f"{type(error).__name__}{state}")


def _block(connection: PGconn, size: int) -> PQGen[tuple[bytes, bool]]:
    """The next rows that a server copies, and whether there may be more.

    Each is written away at once: to keep them until there are many takes longer than to read them.
    """
    block = BytesIO()
    held, write, take = 0, block.write, connection.get_copy_data
    while held < size:
        more, row = take(1)
        if not more:
            while not (yield WAIT_R):
                continue
            connection.consume_input()
        elif more > 0:
            write(row)
            held += more
        else:
            said = (yield from fetch_many(connection))[0]
            if said.status != ExecStatus.COMMAND_OK:
                raise errors.error_from_result(said)
            return block.getvalue(), False
    return block.getvalue(), True


def _patient(conninfo: str) -> str:
    """`conninfo` with an end to the waiting, unless it has its own."""
    given = psycopg.conninfo.conninfo_to_dict(conninfo)
    defaults = {"connect_timeout": _PATIENCE, "fallback_application_name": "zhuanjie"}
    return psycopg.conninfo.make_conninfo("", **{**defaults, **given})


def _about(error: psycopg.Error, secrets: Sequence[str]) -> str:
    """Why a server could not be reached, in one line and without any secret."""
    lines = [line.strip(" -\t") for line in str(error).splitlines() if line.strip()]
    # Several addresses may have been tried; hints stand below what failed.
    failed = [line for line in lines if " failed: " in line]
    detail = (failed or lines or [type(error).__name__])[-1]
    for secret in secrets:
        detail = detail.replace(secret, "***")
    return detail.removeprefix("connection failed: ")
