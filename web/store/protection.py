"""Events are written once. In: a connection. Out: triggers that refuse to change or delete them.

They keep programs and people at a console from mistakes; against whoever may drop a trigger stand
the trail's hashes. A migration calls `unprotect` before it alters such a table, `protect` after it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sqlalchemy import DDL, Connection, ExecutableDDLElement, Table, inspect, text

from zhuanjie.web.store.metadata import METADATA
from zhuanjie.web.store.tables import EVENT_VALUES

FIXED: Final = ("events", "event_values", "column_sets", "trail_checkpoints")
"""Tables whose rows are never changed nor deleted; of `event_values` a redaction takes some out."""

_REDACTS: Final = (
    "NEW.seq = OLD.seq AND NEW.secret IS NULL AND NEW.erased IS NOT NULL"
    " AND length(NEW.erased) > coalesce(length(OLD.erased), 0)"
    " AND length(NEW.content) < length(OLD.content)")
"""What an update of `event_values` must be: less in clear, more erased, no secret left."""

_SQLITE: Final = {
    "updated": "CREATE TRIGGER %(table)s_updated BEFORE UPDATE ON %(table)s{when}"
               " BEGIN SELECT RAISE(ABORT, 'events are never changed'); END",
    "deleted": "CREATE TRIGGER %(table)s_deleted BEFORE DELETE ON %(table)s"
               " BEGIN SELECT RAISE(ABORT, 'events are never deleted'); END",
    # Who replaces a row deletes it, and no trigger is told.
    "replaced": "CREATE TRIGGER %(table)s_replaced BEFORE INSERT ON %(table)s"
                " WHEN EXISTS (SELECT 1 FROM %(table)s WHERE {same})"
                " BEGIN SELECT RAISE(ABORT, 'events are never replaced'); END",
}
_FUNCTION: Final = """
CREATE OR REPLACE FUNCTION zhuanjie_written_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'events are never changed' USING ERRCODE = 'integrity_constraint_violation';
END $$"""
_POSTGRESQL: Final = {
    "updated": "CREATE TRIGGER zhuanjie_updated BEFORE UPDATE ON %(table)s FOR EACH ROW{when}"
               " EXECUTE FUNCTION zhuanjie_written_once()",
    "deleted": "CREATE TRIGGER zhuanjie_deleted BEFORE DELETE ON %(table)s FOR EACH ROW"
               " EXECUTE FUNCTION zhuanjie_written_once()",
    "emptied": "CREATE TRIGGER zhuanjie_emptied BEFORE TRUNCATE ON %(table)s"
               " EXECUTE FUNCTION zhuanjie_written_once()",
}
_KNOWN_SQLITE: Final = (
    "SELECT tbl_name, name FROM main.sqlite_master WHERE type = 'trigger'"
    " AND (name LIKE '%_updated' OR name LIKE '%_deleted' OR name LIKE '%_replaced')")
_KNOWN_POSTGRESQL: Final = (
    "SELECT c.relname, t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
    " WHERE t.tgname LIKE 'zhuanjie_%' AND c.relnamespace = current_schema()::regnamespace")
_ALWAYS: Final = "ALTER TABLE %(table)s ENABLE ALWAYS TRIGGER zhuanjie_{act}"
"""Also where a session says that it replicates."""


def protect(conn: Connection) -> None:
    """Lay the triggers over the tables that are there, where they are not yet."""
    is_postgresql = conn.dialect.name == "postgresql"
    known = _triggers(conn)
    if is_postgresql:
        conn.execute(text(_FUNCTION))
    for table in _there(conn):
        when = f" WHEN (NOT ({_REDACTS}))" if table is EVENT_VALUES else ""
        same = " OR ".join(f"{name} = NEW.{name}" for name in _unique(table))
        for act, statement in (_POSTGRESQL if is_postgresql else _SQLITE).items():
            if (table.name, act) in known:
                continue
            conn.execute(_ddl(statement.format(when=when, same=same), table))
            if is_postgresql:
                conn.execute(_ddl(_ALWAYS.format(act=act), table))


def unprotect(conn: Connection) -> None:
    """Take the triggers away."""
    drop = ("DROP TRIGGER zhuanjie_{act} ON %(table)s" if conn.dialect.name == "postgresql"
            else "DROP TRIGGER %(table)s_{act}")
    known = _triggers(conn)
    for table in _there(conn):
        for name, act in sorted(known):
            if name == table.name:
                conn.execute(_ddl(drop.format(act=act), table))


def unprotected(conn: Connection) -> list[str]:
    """The tables that lack a trigger which belongs there."""
    acts = _POSTGRESQL if conn.dialect.name == "postgresql" else _SQLITE
    known = _triggers(conn)
    return [table.name for table in _there(conn)
            if any((table.name, act) not in known for act in acts)]


def _triggers(conn: Connection) -> set[tuple[str, str]]:
    """The triggers that are there, by table and act."""
    rows = conn.execute(text(_KNOWN_POSTGRESQL if conn.dialect.name == "postgresql"
                             else _KNOWN_SQLITE))
    return {(table, name.removeprefix("zhuanjie_").removeprefix(f"{table}_"))
            for table, name in rows}


def _ddl(statement: str, table: Table) -> ExecutableDDLElement:
    made: ExecutableDDLElement = DDL(statement)  # type: ignore[no-untyped-call]  # the library's
    return made.against(table)


def _there(conn: Connection) -> Iterator[Table]:
    names = set(inspect(conn).get_table_names())
    for name in FIXED:
        if name in names and name in METADATA.tables:
            yield METADATA.tables[name]


def _unique(table: Table) -> list[str]:
    return [c.name for c in table.columns if c.primary_key or c.unique]
