"""Tables in the tests' server. In: frames and rows of text. Out: tables, and the same as files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl
import psycopg
from psycopg import sql

from support import engines

TYPES: dict[Any, str] = {pl.Boolean: "boolean", pl.Int64: "bigint", pl.Date: "date"}


def execute(statement: str | sql.Composable, params: Sequence[Any] = ()) -> None:
    """Run a statement as the owner of the server."""
    with psycopg.connect("", autocommit=True) as connection:
        connection.execute(statement, params)  # type: ignore[arg-type]


def load(table: str, frame: pl.DataFrame, types: dict[str, str] | None = None) -> None:
    """Make a table of a frame, its columns typed as the frame's are, or as `types` says."""
    engines.need("postgresql")
    name = sql.SQL(".").join(map(sql.Identifier, table.split(".")))
    kinds = {n: TYPES.get(type(k), "text") for n, k in frame.schema.items()} | (types or {})
    columns = sql.SQL(", ").join(
        sql.SQL("{} " + kind).format(sql.Identifier(n)) for n, kind in kinds.items())
    with psycopg.connect("", autocommit=True) as connection:
        # A test that failed may hold the table: fail as well rather than wait for ever.
        connection.execute("SET lock_timeout = '20s'")
        connection.execute(sql.SQL("DROP TABLE IF EXISTS {} CASCADE").format(name))
        connection.execute(sql.SQL("CREATE TABLE {} ({})").format(name, columns))
        copy = sql.SQL("COPY {} FROM STDIN").format(name)
        with connection.cursor() as cursor, cursor.copy(copy) as out:
            for row in frame.iter_rows():
                out.write_row(row)
