"""DuckDB as an engine. In: statements and frames. Out: rows.

A frame goes over as a Parquet file: DuckDB reads it in parallel, and no other library is needed
in between. Each call has a database of its own, in memory.
"""

from __future__ import annotations

import tempfile
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

_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}


class DuckDbBackend(SqlBackend):
    """Judges in DuckDB, inside the process."""

    name = "duckdb"
    dialect = DUCKDB

    def rows(self, frame: pl.DataFrame, query: Query) -> list[tuple[Any, ...]]:
        """See `SqlBackend.rows`."""
        with self._connection() as connection, tempfile.TemporaryDirectory("zhuanjie-") as folder:
            path = Path(folder) / "frame.parquet"
            frame.write_parquet(path, compression="uncompressed")
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
                yield connection
        except duckdb.Error as error:
            # Its message may quote records.
            raise fail(BackendError, "backend.failed", name=self.name,
                       detail=type(error).__name__) from error


ENGINE = DuckDbBackend()
