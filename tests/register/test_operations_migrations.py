"""What migrations make is what the program declares; forward and back, with what is in it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import inspect, select, text
from support import engines

from zhuanjie.engine.api import UsageError
from zhuanjie.web.operations.migrating import BASE, Revisions, SchemaState
from zhuanjie.web.operations.migrations.draft import draft
from zhuanjie.web.operations.schema import REVISION_TABLE, differences, whole_schema
from zhuanjie.web.store.database import RegisterDatabase
from zhuanjie.web.store.event import Actor, EventDraft
from zhuanjie.web.store.history import events
from zhuanjie.web.store.store import RegisterStore

ACTOR = Actor("li", "department")
NEXT = '''
import sqlalchemy as sa
from alembic import op

revision = "9001"
down_revision = "{head}"


def upgrade():
    with op.batch_alter_table("events") as batch:
        batch.add_column(sa.Column("note", sa.Text(), nullable=False, server_default="-"))
        batch.alter_column("kind", new_column_name="sort")
    with op.batch_alter_table("members") as batch:
        batch.create_unique_constraint("uq_members_version", ["version"])
        batch.drop_index("ix_members_withdrawn")
        batch.drop_column("withdrawn")
    op.execute("UPDATE members SET unit = upper(unit)")


def downgrade():
    op.execute("UPDATE members SET unit = lower(unit)")
    with op.batch_alter_table("members") as batch:
        batch.drop_constraint("uq_members_version", type_="unique")
        batch.add_column(sa.Column("withdrawn", sa.Boolean(), nullable=False,
                                   server_default=sa.false()))
    with op.batch_alter_table("members") as batch:
        batch.alter_column("withdrawn", server_default=None)
        batch.create_index("ix_members_withdrawn", ["id"],
                           sqlite_where=sa.text("withdrawn IS 1"),
                           postgresql_where=sa.text("withdrawn IS true"))
    with op.batch_alter_table("events") as batch:
        batch.alter_column("sort", new_column_name="kind")
        batch.drop_column("note")
'''
BROKEN = '''
from alembic import op

revision = "9001"
down_revision = "{head}"


def upgrade():
    op.drop_table("member_keys")
    op.execute("DELETE FROM members")
    op.execute("SELECT nothing FROM nowhere")


def downgrade():
    pass
'''


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RegisterDatabase]:
    """A database without a table."""
    made = RegisterDatabase(f"sqlite:///{tmp_path / 'empty.db'}" if request.param == "sqlite"
                            else engines.fresh_database())
    yield made
    made.close()


def later(folder: Path, revision: str) -> Revisions:
    """The program's revisions, and one more."""
    folder.mkdir(exist_ok=True)
    (folder / "next.py").write_text(revision.format(head=Revisions().head))
    return Revisions(folder)


def filled(database: RegisterDatabase) -> RegisterStore:
    store = RegisterStore(database, {"letter.serial": str}, projectors=())
    store.begin()
    with store.change(ACTOR) as work:
        work.record_all([EventDraft("member.imported", f"m{n}", "maths",
                                    {"letter.serial": (None, f"A{n}")}) for n in range(5)])
    return store


def contents(database: RegisterDatabase) -> dict[str, list[Any]]:
    with database.reading() as conn:
        return {t.name: sorted(map(repr, map(tuple, conn.execute(select(t)))))
                for t in whole_schema().sorted_tables}


def shape(database: RegisterDatabase) -> Any:
    """What a database says of its tables, apart from the order of columns."""
    with database.reading() as conn:
        seen = inspect(conn)
        return {name: (sorted((c["name"], str(c["type"]), c["nullable"], str(c["default"]))
                              for c in seen.get_columns(name)),
                       sorted(repr({**index, "dialect_options": {
                           option: str(value)
                           for option, value in index.get("dialect_options", {}).items()}})
                              for index in seen.get_indexes(name)),
                       seen.get_pk_constraint(name), seen.get_foreign_keys(name),
                       sorted(map(repr, seen.get_unique_constraints(name))))
                for name in sorted(seen.get_table_names()) if name != REVISION_TABLE}


def guards(database: RegisterDatabase) -> list[Any]:
    """The triggers and policies that stand over tables."""
    with database.reading() as conn:
        if not database.is_postgresql:
            return sorted(map(tuple, conn.execute(text(
                "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"))))
        return sorted(map(repr, [
            *conn.execute(text("SELECT event_object_table, trigger_name, event_manipulation,"
                               " action_condition FROM information_schema.triggers")),
            *conn.execute(text("SELECT tablename, policyname, qual, with_check FROM pg_policies")),
            *conn.execute(text("SELECT relname, relrowsecurity, relforcerowsecurity FROM pg_class"
                               " WHERE relrowsecurity"))]))


def test_migrations_make_what_the_program_declares(
        empty: RegisterDatabase, tmp_path: Path) -> None:
    database = RegisterDatabase(engines.fresh_database() if empty.is_postgresql
                                else f"sqlite:///{tmp_path / 'other.db'}")
    assert Revisions().upgrade(empty).changed
    with empty.reading() as conn:
        assert differences(conn) == []
        assert Revisions().standing(conn).state is SchemaState.CURRENT
    whole_schema()
    database.create()
    assert shape(empty) == shape(database)
    assert guards(empty) == guards(database)
    database.close()
    assert not Revisions().upgrade(empty).changed


def test_a_change_of_a_table_without_a_revision_is_seen(empty: RegisterDatabase) -> None:
    Revisions().upgrade(empty)
    with empty.migrating() as conn:
        conn.exec_driver_sql("ALTER TABLE members ADD COLUMN more TEXT")
        assert [d[0] for d in differences(conn)] == ["remove_column"]
        made = draft(conn, "Less", "0002", "0001")
        assert 'batch_op.drop_column("more")' in made.replace("'", '"')
        compile(made, "made", "exec")


def test_forward_and_back_with_what_is_in_it(empty: RegisterDatabase, tmp_path: Path) -> None:
    Revisions().upgrade(empty)
    filled(empty)
    held, had, guarded, saved = contents(empty), shape(empty), guards(empty), list[str]()
    known = later(tmp_path / "more", NEXT)
    found = known.upgrade(empty, before=saved.append)
    assert (found.before, found.after) == (Revisions().head, "9001")
    assert saved == [Revisions().head]
    with empty.reading() as conn:
        assert conn.execute(text("SELECT DISTINCT unit FROM members")).scalars().all() == ["MATHS"]
        assert conn.execute(text("SELECT DISTINCT sort, note FROM events")).all() == [
            ("member.imported", "-")]
    assert known.downgrade(empty, Revisions().head).changed
    assert contents(empty) == held
    assert shape(empty) == had
    assert guards(empty) == guarded
    store = RegisterStore(empty, {}, projectors=())
    with store.change(ACTOR) as work:
        work.record(EventDraft("member.set", "m1", values={"a": (None, "b")}))
    with empty.reading() as conn:
        assert len(list(events(conn))) == 6


def test_all_the_way_back_and_forward_again(empty: RegisterDatabase) -> None:
    known = Revisions()
    known.upgrade(empty)
    had = shape(empty)
    for revision in [*reversed(known.known[:-1]), BASE]:
        known.downgrade(empty, revision)
    assert shape(empty) == {}
    for revision in known.known:
        known.upgrade(empty, to=revision)
    assert shape(empty) == had
    filled(empty)


def test_a_migration_that_fails_leaves_all_as_it_was(
        empty: RegisterDatabase, tmp_path: Path) -> None:
    Revisions().upgrade(empty)
    filled(empty)
    held, had, guarded = contents(empty), shape(empty), guards(empty)
    with pytest.raises(Exception, match="nowhere"):
        later(tmp_path / "more", BROKEN).upgrade(empty)
    assert (contents(empty), shape(empty), guards(empty)) == (held, had, guarded)
    with empty.reading() as conn:
        assert Revisions().standing(conn).state is SchemaState.CURRENT


def test_a_newer_register_is_refused_and_left_alone(
        empty: RegisterDatabase, tmp_path: Path) -> None:
    Revisions().upgrade(empty)
    later(tmp_path / "more", NEXT).upgrade(empty)
    had = shape(empty)
    known = Revisions()
    for refused in (lambda: known.upgrade(empty), lambda: known.downgrade(empty, BASE)):
        with pytest.raises(UsageError) as caught:
            refused()
        assert caught.value.diagnostics[0].code == "register.schema.newer"
    with empty.reading() as conn, pytest.raises(UsageError):
        known.require_current(conn)
    assert shape(empty) == had


def test_an_older_register_is_not_served_before_it_is_brought_up(empty: RegisterDatabase) -> None:
    known = Revisions()
    known.upgrade(empty, to=known.known[0])
    with empty.reading() as conn:
        assert known.standing(conn).state is (
            SchemaState.OLDER if len(known.known) > 1 else SchemaState.CURRENT)
        if len(known.known) > 1:
            with pytest.raises(UsageError) as caught:
                known.require_current(conn)
            assert caught.value.diagnostics[0].code == "register.schema.older"


def test_tables_without_a_revision_are_taken_only_if_they_are_ours(
        database: RegisterDatabase) -> None:
    whole_schema()
    database.create()
    assert Revisions().upgrade(database).after == Revisions().head
    with database.migrating() as conn:
        conn.exec_driver_sql(f"DROP TABLE {REVISION_TABLE}")
        conn.exec_driver_sql("ALTER TABLE members ADD COLUMN more TEXT")
    with pytest.raises(UsageError) as caught:
        Revisions().upgrade(database)
    assert caught.value.diagnostics[0].code == "register.schema.unmarked"


def test_several_processes_that_start_at_once_migrate_once(empty: RegisterDatabase) -> None:
    others = [RegisterDatabase(empty.url.render_as_string(hide_password=False)) for _ in range(4)]
    failed: list[Exception] = []

    def start(database: RegisterDatabase) -> None:
        try:
            Revisions().upgrade(database)
        except Exception as error:  # noqa: BLE001 - any is told below
            failed.append(error)

    threads = [threading.Thread(target=start, args=(d,)) for d in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for database in others:
        database.close()
    assert failed == []
    with empty.reading() as conn:
        assert differences(conn) == []
