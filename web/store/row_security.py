"""Rows that a transaction sees. In: tables, the units of a scope. Out: SQL that hides the rest.

What belongs to a member is seen by whoever sees the member's unit; so is what belongs to a unit
alone, and a row that continues another (its primary key refers to it) follows that one. Which
tables these are is read from their columns: a table with a column `member` or `unit` is covered
unless its `info` is UNSCOPED.

PostgreSQL does it by row-level security, forced on the tables' owner too. A superuser passes it
by: for such a login a limited transaction takes on the role ROLE, which has no such right. SQLite
has no row-level security: there views of the transaction's own stand before the tables. A query
that forgot a condition is kept from another unit's rows. Whoever may run any SQL at all is not:
that one can lift it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from functools import cache
from typing import Final
from weakref import WeakKeyDictionary

import orjson
from sqlalchemy import Connection, Table, inspect, text
from sqlalchemy.exc import DBAPIError

from zhuanjie.web.store.metadata import METADATA

EVERYTHING: Final = "*"
"""The scope of whoever sees every unit."""
Scope = str | Sequence[str]
"""The units that somebody sees, or EVERYTHING."""
OWN_UNIT: Final = {"own_unit": True}
"""The `info` of a table whose rows name their members' units, always as they are now: no member is
looked up to hide them."""
UNSCOPED: Final = {"scoped": False}
"""The `info` of a table with such a column whose rows are not a member's, nor a unit's."""
ROLE: Final = "zhuanjie_limited"
_MEMBERS: Final = "members"
_SETTING: Final = "zhuanjie.units"
_POLICY: Final = "zhuanjie_units"

_FUNCTION: Final = """
CREATE OR REPLACE FUNCTION zhuanjie_units() RETURNS text[] LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN current_setting('zhuanjie.units', true) ^@ '['
    THEN ARRAY(SELECT jsonb_array_elements_text(current_setting('zhuanjie.units', true)::jsonb))
    ELSE '{}'::text[] END
$$"""
_ALL: Final = "(SELECT coalesce(current_setting('zhuanjie.units', true), '') = '*')"
# Asked once a statement, not once a row.
_UNIT_POSTGRESQL: Final = "unit = ANY ((SELECT zhuanjie_units())::text[])"
_UNIT_SQLITE: Final = "unit IN (SELECT unit FROM temp.zhuanjie_units)"


def covered() -> list[Table]:
    """The tables whose rows are hidden from other units, each after those that it asks."""
    return [table for table in METADATA.sorted_tables if _condition(table, "", "") is not None]


def _condition(table: Table, unit: str, place: str, *, own_unit: bool = True) -> str | None:
    """When a row is seen; None for a table that is not covered. `place` is where others stand,
    `own_unit` says that the table has the column `unit` if its description has."""
    if table.info.get("scoped") is False:
        return None
    columns = table.columns
    # Each is looked up: to list every member that is seen takes as long as there are members.
    of_member = f"EXISTS (SELECT 1 FROM {place}{_MEMBERS} AS seen WHERE seen.id = member)"
    if "member" in columns and not (own_unit and table.info.get("own_unit")):
        if "unit" in columns and columns["member"].nullable:
            return f"({of_member} OR member IS NULL AND {unit})"
        return of_member
    if "unit" in columns:
        return unit
    for column in table.primary_key.columns:
        for key in column.foreign_keys:
            parent = key.column.table
            if parent is not table and _condition(parent, unit, place) is not None:
                return (f"EXISTS (SELECT 1 FROM {place}{parent.name} AS seen"
                        f" WHERE seen.{key.column.name} = {table.name}.{column.name})")
    return None


def secure(conn: Connection) -> None:
    """Lay row-level security over the tables that are there and lack it. SQLite needs nothing."""
    if conn.dialect.name != "postgresql":
        return
    conn.exec_driver_sql(_FUNCTION)
    found = inspect(conn)
    there = set(found.get_table_names())
    has = set(conn.execute(text("SELECT tablename FROM pg_policies WHERE policyname = :name"
                                " AND schemaname = current_schema()"), {"name": _POLICY}).scalars())
    for table in covered():
        if table.name in there and table.name not in has:
            # At an earlier revision of the schema a table may have no units yet.
            own = not table.info.get("own_unit") or "unit" in {
                column["name"] for column in found.get_columns(table.name)}
            when = _condition(table, _UNIT_POSTGRESQL, "", own_unit=own)
            seen = f"{_ALL} OR {when}"
            for statement in (
                    f"ALTER TABLE {table.name} ENABLE ROW LEVEL SECURITY",
                    f"ALTER TABLE {table.name} FORCE ROW LEVEL SECURITY",
                    f"CREATE POLICY {_POLICY} ON {table.name} USING ({seen})"):
                conn.exec_driver_sql(statement)
    if bypasses(conn):
        _make_role(conn)


def unsecure(conn: Connection) -> None:
    """Take row-level security away, as a migration does before it alters a table."""
    if conn.dialect.name != "postgresql":
        return
    there = set(inspect(conn).get_table_names())
    for table in covered():
        if table.name in there:
            for statement in (f"DROP POLICY IF EXISTS {_POLICY} ON {table.name}",
                              f"ALTER TABLE {table.name} NO FORCE ROW LEVEL SECURITY",
                              f"ALTER TABLE {table.name} DISABLE ROW LEVEL SECURITY"):
                conn.exec_driver_sql(statement)


def bypasses(conn: Connection) -> bool:
    """Whether the login passes row-level security by: a superuser, or one with BYPASSRLS."""
    return bool(conn.execute(text(
        "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = session_user")).scalar())


def _make_role(conn: Connection) -> None:
    known = text("SELECT 1 FROM pg_roles WHERE rolname = :name")
    if conn.execute(known, {"name": ROLE}).first() is None:
        try:
            with conn.begin_nested():
                conn.exec_driver_sql(f"CREATE ROLE {ROLE} NOLOGIN")
        except DBAPIError:  # another process was first
            if conn.execute(known, {"name": ROLE}).first() is None:
                raise
    schema = conn.dialect.identifier_preparer.quote(
        conn.execute(text("SELECT current_schema()")).scalar_one())
    conn.exec_driver_sql(f"GRANT USAGE ON SCHEMA {schema} TO {ROLE}")
    conn.exec_driver_sql(
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {ROLE}")


class Limit:
    """What one transaction sees: the units of a scope while it is on, everything while not."""

    def __init__(self, conn: Connection, scope: Scope, *, takes_role: bool) -> None:
        """`takes_role` says that the login of a PostgreSQL server passes its policies by."""
        self._conn, self.scope, self._takes_role = conn, scope, takes_role
        self._is_postgresql = conn.dialect.name == "postgresql"
        self._units_laid = False

    @property
    def _is_real(self) -> bool:
        return self.scope != EVERYTHING

    def on(self) -> None:
        """Hide what is not in the scope."""
        if self._is_postgresql:
            if not self._is_real and _EVER_LIMITED.get(self._conn) is False:
                return  # it sees everything as it is, and each time would be a round trip
            self._set(self.scope)
            # A savepoint that is taken back brings back a scope unseen.
            _EVER_LIMITED[self._conn] = self._is_real or _EVER_LIMITED.get(self._conn, False)
            if self._is_real and self._takes_role:
                self._conn.exec_driver_sql(f"SET LOCAL ROLE {ROLE}")
        elif self._is_real:
            self._lay_units()
            self._run(_views(len(METADATA.tables))[0])

    def off(self) -> None:
        """Show everything again."""
        if not self._is_real:
            return
        if self._is_postgresql:
            if self._takes_role:
                self._conn.exec_driver_sql("RESET ROLE")
            self._set(EVERYTHING)
        else:
            self._run(_views(len(METADATA.tables))[1])

    def _lay_units(self) -> None:
        """Write down the units of the scope, once a transaction."""
        if self._units_laid:
            return
        # It outlives a transaction that is kept, and nobody reads it but the views.
        for statement in ("CREATE TEMP TABLE IF NOT EXISTS zhuanjie_units"
                          " (unit TEXT PRIMARY KEY) WITHOUT ROWID",
                          "DELETE FROM temp.zhuanjie_units"):
            self._conn.exec_driver_sql(statement)
        units = [(unit,) for unit in dict.fromkeys(self.scope)]
        if units:
            self._conn.exec_driver_sql("INSERT INTO temp.zhuanjie_units VALUES (?)", units)
        self._units_laid = True

    def _run(self, statements: Sequence[str]) -> None:
        """Run statements by the driver itself: there are many, at every change."""
        connection = self._conn.connection.driver_connection
        assert isinstance(connection, sqlite3.Connection)
        for statement in statements:
            connection.execute(statement).close()

    def _set(self, scope: Scope) -> None:
        units = scope if isinstance(scope, str) else orjson.dumps(list(scope)).decode()
        self._conn.execute(_SET, {"units": units})


_EVER_LIMITED: Final[WeakKeyDictionary[Connection, bool]] = WeakKeyDictionary()
"""Whether a connection, which has one transaction, was ever limited in it."""
_SET: Final = text(f"SELECT set_config('{_SETTING}', :units, true)")


@cache
def _views(_tables: int) -> tuple[list[str], list[str]]:
    """What lays the views of SQLite, and takes them away; `_tables` is how many there are."""
    tables = covered()
    made = [f"CREATE TEMP VIEW {t.name} AS SELECT * FROM main.{t.name} WHERE"
            f" {_condition(t, _UNIT_SQLITE, 'temp.')}" for t in tables]
    return made, [f"DROP VIEW temp.{t.name}" for t in reversed(tables)]
