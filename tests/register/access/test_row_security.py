"""Another unit's rows are not there, whatever SQL asks for them: on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, create_engine, select, text
from sqlalchemy.exc import DBAPIError
from support.office import NAME, OFFICE, guarded

from zhuanjie.web.service import register as service
from zhuanjie.web.store.database import RegisterDatabase
from zhuanjie.web.store.errors import NotFoundError
from zhuanjie.web.store.event import SYSTEM, Actor, EventDraft
from zhuanjie.web.store.members import find, members
from zhuanjie.web.store.metadata import METADATA
from zhuanjie.web.store.row_security import covered, secure, unsecure
from zhuanjie.web.store.store import RegisterStore
from zhuanjie.web.store.tables import EVENT_VALUES, EVENTS, MEMBER_KEYS, MEMBERS

COLLEGE = Actor("li", "college", "maths")
SEEN = {"maths", "maths-1", "maths-2"}


@pytest.fixture
def store(database: RegisterDatabase) -> RegisterStore:
    return guarded(database)[0]


def rows(conn: Connection, sql: str) -> set[object]:
    return set(conn.execute(text(sql)).scalars())


def test_raw_sql_sees_the_units_of_its_reading(store: RegisterStore) -> None:
    with store.reading(COLLEGE) as conn:
        assert rows(conn, "SELECT id FROM members") == SEEN
        assert rows(conn, "SELECT id FROM members WHERE 1=1 OR unit = 'physics'") == SEEN
        assert rows(conn, "SELECT member FROM member_keys WHERE form = 'physics'") == set()
        assert rows(conn, "SELECT member FROM events WHERE member IS NOT NULL") == SEEN
        assert len(rows(conn, "SELECT seq FROM event_values")) == len(SEEN)
        assert rows(conn, "SELECT unit FROM events WHERE kind = 'unit.set'") == SEEN
        assert rows(conn, "SELECT unit FROM events WHERE member IS NULL") == SEEN
        assert rows(conn, "SELECT a.id FROM members a JOIN members b ON a.id < b.id OR a.id > b.id"
                    ) == SEEN
        assert rows(conn, "WITH m AS (SELECT * FROM members) SELECT id FROM m"
                          " UNION SELECT member FROM events") == {*SEEN, None}
        assert conn.execute(text("SELECT count(*) FROM members")).scalar() == len(SEEN)
    with store.reading(SYSTEM) as conn:
        assert rows(conn, "SELECT id FROM members") == set(OFFICE)


def test_a_member_of_a_unit_is_looked_up_by_itself(store: RegisterStore) -> None:
    """No table is listed, hidden or not, to find what one member has."""
    on_server = store.database.is_postgresql
    with store.reading(COLLEGE) as conn:
        if on_server:  # which reads tables of three rows whole, unless it is told not to
            for way in ("seqscan", "indexonlyscan", "bitmapscan"):
                conn.execute(text(f"SET LOCAL enable_{way} = off"))
        for table in covered():
            if "member" not in table.columns:
                continue
            query = f"SELECT * FROM {table.name} WHERE member = 'maths-1'"
            if table is EVENTS:
                query = ("SELECT * FROM events LEFT JOIN event_values ON events.seq ="
                         " event_values.seq WHERE events.member = 'maths-1'")
            if on_server:
                plan = list(conn.execute(text(f"EXPLAIN {query}")).scalars())
                assert not [line for line in plan if "Seq Scan on members" in line
                            or "hashed SubPlan" in line], table.name
                continue
            plan = [row.detail for row in conn.execute(text(f"EXPLAIN QUERY PLAN {query}"))]
            assert not [line for line in plan if "LIST SUBQUERY" in line or (
                "SCAN" in line and "zhuanjie_units" not in line and table is EVENTS)], table.name


def test_whoever_has_no_unit_or_no_right_sees_nothing(store: RegisterStore) -> None:
    for actor in (Actor("a", "administrator", "office"), Actor("u", "college"),
                  Actor("u", "college", "no-such-unit"), Actor("u", "no-such-role", "office"),
                  Actor("u", "college", "*"), Actor("u", "college", "")):
        with store.reading(actor) as conn:
            for table in ("members", "member_keys", "events", "event_values"):
                assert conn.execute(text(f"SELECT count(*) FROM {table}")).scalar() == 0, actor


def test_the_next_transaction_has_a_scope_of_its_own(store: RegisterStore) -> None:
    for actor, seen in ((COLLEGE, SEEN), (SYSTEM, set(OFFICE)),
                        (Actor("b", "branch", "physics-1"), {"physics-1"}), (COLLEGE, SEEN)):
        with store.reading(actor) as conn:
            assert rows(conn, "SELECT id FROM members") == seen
    with pytest.raises(ZeroDivisionError), store.change(COLLEGE):
        raise ZeroDivisionError
    with store.change(SYSTEM) as work:
        assert rows(work.conn, "SELECT id FROM members") == set(OFFICE)


def test_a_change_sees_its_units_before_and_after_what_it_records(store: RegisterStore) -> None:
    with store.change(COLLEGE) as work:
        assert members(work.conn, ["physics"]) == {}
        work.record(EventDraft("member.set", "maths", values={NAME: ("maths", "Euler")}))
        assert members(work.conn, ["physics", "maths"])["maths"].record == {NAME: "Euler"}
        assert members(work.conn, ["physics"]) == {}
        with work.everything():
            assert find(work.conn, NAME, ["physics"]) == {"physics": ["physics"]}
            with work.everything():
                work.record(EventDraft("member.set", "maths-1", values={NAME: (None, "Abel")}))
            assert members(work.conn, ["physics"]) != {}
        assert find(work.conn, NAME, ["physics", "abel"]) == {"abel": ["maths-1"]}
    with store.reading(SYSTEM) as conn:
        assert find(conn, NAME, ["euler", "maths"]) == {"euler": ["maths"]}


def test_a_reading_that_goes_on_while_something_is_recorded(store: RegisterStore) -> None:
    with store.change(COLLEGE) as work:
        seen = []
        for id in work.conn.execute(select(MEMBERS.c.id).execution_options(yield_per=1)).scalars():
            seen.append(id)
            work.record(EventDraft("member.set", "maths", values={NAME: (None, f"n{len(seen)}")}))
    assert set(seen) == SEEN


def test_a_refused_change_leaves_nothing_and_lifts_nothing(store: RegisterStore) -> None:
    with pytest.raises(NotFoundError), store.change(COLLEGE) as work:
        work.record(EventDraft("member.set", "maths", values={NAME: (None, "x")}))
        work.record(EventDraft("member.set", "physics", values={NAME: (None, "x")}))
    with store.reading(COLLEGE) as conn:
        assert find(conn, NAME, ["x"]) == {}
        assert rows(conn, "SELECT id FROM members") == SEEN


def test_a_members_history_goes_where_the_member_goes(store: RegisterStore) -> None:
    with store.change(Actor("d", "department", "office")) as work:
        work.record(EventDraft("member.moved", "maths", "physics"))
    with store.reading(COLLEGE) as conn:
        assert rows(conn, "SELECT member FROM events WHERE member IS NOT NULL") == SEEN - {"maths"}
    with store.reading(Actor("p", "college", "physics")) as conn:
        assert list(conn.execute(select(EVENTS.c.kind).where(
            EVENTS.c.member == "maths").order_by(EVENTS.c.seq)).scalars()) == [
                "member.imported", "member.moved"]


def test_every_table_with_a_member_or_a_unit_is_covered() -> None:
    assert service.PROJECTIONS  # every room is read
    names = {table.name for table in covered()}
    assert {t.name for t in (MEMBERS, MEMBER_KEYS, EVENTS, EVENT_VALUES)} <= names
    for table in METADATA.sorted_tables:
        if {"member", "unit"} & set(table.columns.keys()) and table.name not in names:
            # Of the third only that there is somebody is asked for, never who; the last are headings,
            # which a unit reads as those above it do.
            assert table.name in {"users", "api_keys", "shared_keys", "import_columns"}, (
                f"{table.name} is not kept by unit")


@pytest.fixture
def login(database: RegisterDatabase) -> Iterator[str]:
    """The URL of a login that owns the tables and is no superuser."""
    if not database.is_postgresql:
        pytest.skip("SQLite has no logins")
    with database.writing() as conn:
        name = f"office_{conn.execute(text('SELECT current_database()')).scalar()}"
        conn.exec_driver_sql(f"CREATE ROLE {name} LOGIN")
        for table in METADATA.sorted_tables:
            conn.exec_driver_sql(f"ALTER TABLE {table.name} OWNER TO {name}")
        for function in ("zhuanjie_units", "zhuanjie_written_once"):
            conn.exec_driver_sql(f"ALTER FUNCTION {function} OWNER TO {name}")
        conn.exec_driver_sql(f"GRANT CREATE ON SCHEMA public TO {name}")
    yield database.url.set(username=name).render_as_string(hide_password=False)


def test_the_tables_owner_is_kept_to_its_units_too(database: RegisterDatabase,
                                                   login: str) -> None:
    own = RegisterDatabase(login)
    own.create()
    store, _ = guarded(own)
    with store.reading(COLLEGE) as conn:
        assert rows(conn, "SELECT id FROM members") == SEEN
    with store.change(COLLEGE) as work:
        assert rows(work.conn, "SELECT id FROM members") == SEEN
        work.record(EventDraft("member.set", "maths", values={NAME: (None, "x")}))
        with pytest.raises(DBAPIError, match="row-level security"), work.conn.begin_nested():
            work.conn.execute(text("INSERT INTO member_keys VALUES ('f', 'x', 'physics')"))
        assert work.conn.execute(text("UPDATE members SET unit = 'maths'"
                                      " WHERE id = 'physics'")).rowcount == 0
    # A program that does not say whose units it reads is shown nothing.
    plain = create_engine(own.url)
    with plain.connect() as conn:
        for table in ("members", "events", "event_values", "member_keys"):
            assert conn.execute(text(f"SELECT count(*) FROM {table}")).scalar() == 0
        conn.execute(text("SET zhuanjie.units = '[\"physics\"]'"))
        assert rows(conn, "SELECT id FROM members") == {"physics"}
        for odd in ("", "[]", "[null]", "physics", "**"):
            conn.execute(text("SELECT set_config('zhuanjie.units', :odd, false)"), {"odd": odd})
            assert rows(conn, "SELECT id FROM members") == set()
    plain.dispose()
    own.close()


def test_row_security_is_taken_away_and_laid_again(database: RegisterDatabase, login: str) -> None:
    own = RegisterDatabase(login)
    store, _ = guarded(own)
    with own.writing() as conn:
        unsecure(conn)
    with store.reading(COLLEGE) as conn:
        assert rows(conn, "SELECT id FROM members") == set(OFFICE)
    with own.writing() as conn:
        secure(conn)
        secure(conn)
    with store.reading(COLLEGE) as conn:
        assert rows(conn, "SELECT id FROM members") == SEEN
    own.close()
