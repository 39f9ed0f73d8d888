"""Many rows at once. In: rows of one table. Out: the table with them.

A server of PostgreSQL takes a row as a statement of its own; columns as arrays it takes all at
once, which an import feels. (It refuses COPY where rows are secured.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final

from sqlalchemy import Connection, Table, TextClause, insert, text
from sqlalchemy.dialects import postgresql

_DIALECT: Final = postgresql.dialect()  # type: ignore[no-untyped-call]
_quoted = _DIALECT.identifier_preparer.quote
_MANY: Final = 8


def insert_rows(conn: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows that all have the same columns; none at all where there are none."""
    if not rows:
        return
    if len(rows) < _MANY or conn.dialect.name != "postgresql":
        conn.execute(insert(table), rows)
        return
    names = tuple(rows[0])
    conn.execute(_from_arrays(table, names), {
        f"c{at}": [row[name] for row in rows] for at, name in enumerate(names)})


def plan_anew(conn: Connection, table: Table) -> None:
    """Have a server's planner know of the many rows that this transaction wrote.

    It learns of them by itself when the transaction ends; until then it takes a table that was
    empty for an empty one, and goes through it whole for every key.
    """
    if conn.dialect.name == "postgresql":
        conn.execute(text(f"ANALYZE {_quoted(table.name)}"))


@cache
def _from_arrays(table: Table, names: tuple[str, ...]) -> TextClause:
    arrays = ", ".join(f"CAST(:c{at} AS {table.c[name].type.compile(_DIALECT)}[])"
                       for at, name in enumerate(names))
    return text(f"INSERT INTO {_quoted(table.name)} ({', '.join(map(_quoted, names))})"
                f" SELECT * FROM unnest({arrays})")
