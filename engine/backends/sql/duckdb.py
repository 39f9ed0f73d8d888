"""DuckDB as an engine. In: statements and frames. Out: rows.

A frame goes over as a Parquet file: DuckDB reads it in parallel, and no other library is needed
in between. Each call has a database of its own, in memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
from sqlglot import exp

from zhuanjie.engine.backends.sql.backend import Query, SqlBackend
from zhuanjie.engine.backends.sql.dialects import DUCKDB, call
from zhuanjie.engine.core.errors import BackendError, fail
from zhuanjie.engine.core.temporary import new_file, no_room, room

_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}
_NO_BAR = "SET enable_progress_bar = false"
"""Else what takes long draws one on stdout, in the midst of a report."""


@contextmanager
def _kept(frame: pl.DataFrame) -> Iterator[Path]:
    """The frame in a file of the moment."""
    with room():
        path = new_file(".parquet")
    try:
        try:
            frame.write_parquet(path, compression="uncompressed")
        except (OSError, pl.exceptions.PolarsError) as error:
            raise no_room(error) from None
        yield path
    finally:
        path.unlink(missing_ok=True)


class DuckDbBackend(SqlBackend):
    """Judges in DuckDB, inside the process."""

    name = "duckdb"
    dialect = DUCKDB

    def rows(self, frame: pl.DataFrame, query: Query) -> list[tuple[Any, ...]]:
        """See `SqlBackend.rows`."""
        with self._connection() as connection, _kept(frame) as path:
            relation = exp.Table(this=call("read_parquet", exp.Literal.string(str(path))))
            return connection.execute(self.dialect.sql(query(relation))).fetchall()

    def row(self, select: exp.Select) -> Sequence[Any]:
        """See `SqlBackend.row`."""
        with self._connection() as connection:
            found: Sequence[Any] = connection.execute(self.dialect.sql(select)).fetchall()[0]
            return found

    @contextmanager
    def _connection(self) -> Iterator[duckdb.DuckDBPyConnection]:
        try:
            with duckdb.connect(":memory:", config=_CONFIG) as connection:
                connection.execute(_NO_BAR)
                yield connection
        except duckdb.Error as error:
            # Its message may quote records.
            raise fail(BackendError, "backend.failed", name=self.name,
                       detail=type(error).__name__) from error


ENGINE = DuckDbBackend()
