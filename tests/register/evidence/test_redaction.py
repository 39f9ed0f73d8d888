"""Values are erased: gone from every table, explained by an event, and the chain stays whole."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import DBAPIError
from support.register_history import ACTOR, History, empty

from zhuanjie.engine.api import UsageError
from zhuanjie.web.evidence.flaws import Flaws
from zhuanjie.web.evidence.projections import compare_projections
from zhuanjie.web.evidence.reads import FILTER, read_in_bulk
from zhuanjie.web.evidence.redaction import redact, redact_event, redact_member
from zhuanjie.web.evidence.verify import verify
from zhuanjie.web.store.database import RegisterDatabase
from zhuanjie.web.store.errors import NotFoundError
from zhuanjie.web.store.event import EventDraft
from zhuanjie.web.store.history import events_numbered
from zhuanjie.web.store.members import members
from zhuanjie.web.store.tables import EVENT_VALUES, EVENTS, MEMBER_KEYS, MEMBERS
from zhuanjie.web.trail.leaf import REASON

SECRET = "不应留下的"


@pytest.fixture
def kept(database: RegisterDatabase) -> History:
    """A member whose name was set twice, and another."""
    made = empty(database)
    with made.store.change(ACTOR) as work:
        work.record(EventDraft("member.imported", "m1", "maths", {
            "member.name": (None, f"{SECRET}甲"), "letter.serial": (None, "A1")}, reason=SECRET))
        work.record(EventDraft("member.set", "m1", "maths", {
            "member.name": (f"{SECRET}甲", f"{SECRET}乙")}, reason="更名"))
        work.record(EventDraft("member.imported", "m2", "maths", {"member.name": (None, "丙")}))
    return made


def flaws(kept: History) -> list[tuple[str, Any]]:
    with kept.store.database.reading() as conn:
        found = [(f.code, f.seq) for f in verify(conn, [kept.verifier]).flaws]
    more = Flaws()
    compare_projections(kept.store, more)
    return found + [(f.code, f.args) for f in more]


def everything(kept: History) -> str:
    """All that the tables of events and members hold, as text."""
    with kept.store.database.reading() as conn:
        rows = [tuple(row) for table in (EVENTS, EVENT_VALUES, MEMBERS, MEMBER_KEYS)
                for row in conn.execute(select(table))]
    return " ".join(v.decode(errors="replace") if isinstance(v, bytes) else str(v)
                    for row in rows for v in row)


def test_all_of_a_member(kept: History) -> None:
    with kept.store.change(ACTOR) as work:
        redact_member(work, "m1", reason="依申请")
    assert SECRET not in everything(kept)
    assert "A1" not in everything(kept)
    assert flaws(kept) == []
    with kept.store.database.reading() as conn:
        known = members(conn, ["m1", "m2"])
        assert known["m1"].record == {}
        assert known["m1"].unit == "maths"
        assert known["m2"].record == {"member.name": "丙"}
        (first,) = events_numbered(conn, [1])
        assert first.erased == {"member.name", "letter.serial", REASON}
        assert (first.values, first.reason) == ({}, None)


def test_a_field_of_a_member(kept: History) -> None:
    with kept.store.change(ACTOR) as work:
        (done,) = redact_member(work, "m1", ["member.name"], reason="依申请")
    assert done.data["events"] == [[1, ["member.name"]], [2, ["member.name"]]]
    assert flaws(kept) == []
    with kept.store.database.reading() as conn:
        assert members(conn, ["m1"])["m1"].record == {"letter.serial": "A1"}
        assert [e.reason for e in events_numbered(conn, [1, 2])] == [SECRET, "更名"]


@pytest.mark.parametrize(("seq", "left"), [
    (1, {"member.name": f"{SECRET}乙"}),  # the serial was set there, and nowhere else
    (2, {"letter.serial": "A1"}),  # the name that stood there before does not come back
])
def test_one_event(kept: History, seq: int, left: dict[str, str]) -> None:
    with kept.store.change(ACTOR) as work:
        redact_event(work, seq, reason="录错")
    with kept.store.database.reading() as conn:
        assert members(conn, ["m1"])["m1"].record == left
    assert flaws(kept) == []


def test_erased_twice(kept: History) -> None:
    with kept.store.change(ACTOR) as work:
        redact_event(work, 1, ["member.name"])
    with kept.store.change(ACTOR) as work:
        redact_member(work, "m1")
    assert flaws(kept) == []
    with kept.store.change(ACTOR) as work, pytest.raises(UsageError):
        redact_event(work, 1)
    with kept.store.change(ACTOR) as work, pytest.raises(NotFoundError):
        redact_event(work, 99)


def test_what_is_only_shown_stays(kept: History) -> None:
    before = everything(kept)
    done = redact(kept.store, ACTOR, case="m1", only_show=True)
    assert done[0].data["events"][0][0] == 1
    assert everything(kept) == before


def test_a_field_set_after_an_erasure_is_there(kept: History) -> None:
    with kept.store.change(ACTOR) as work:
        redact_event(work, 2)
        work.record(EventDraft("member.set", "m1", values={"member.name": (None, "丁")}))
    with kept.store.database.reading() as conn:
        assert members(conn, ["m1"])["m1"].record == {"letter.serial": "A1", "member.name": "丁"}
    assert flaws(kept) == []


def test_values_that_came_back_are_found(kept: History) -> None:
    with kept.store.database.reading() as conn:
        row = conn.execute(select(EVENT_VALUES).where(EVENT_VALUES.c.seq == 1)).mappings().one()
    with kept.store.change(ACTOR) as work:
        redact_event(work, 1)
    with kept.store.database.engine.begin() as conn:
        from zhuanjie.web.store.protection import unprotect

        unprotect(conn)
        conn.execute(update(EVENT_VALUES).where(EVENT_VALUES.c.seq == 1).values(**row))
    kept.store.database.create()
    with kept.store.database.reading() as conn:
        found = verify(conn, [kept.verifier]).flaws
    assert [(f.code, f.seq, f.args["redaction"]) for f in found] == [("restored", 1, 4)]


@pytest.mark.parametrize("statement", [
    update(EVENTS).values(kind="other"), delete(EVENTS).where(EVENTS.c.seq == 3),
    delete(EVENT_VALUES), update(EVENT_VALUES).values(content=b"{}"),
    update(EVENT_VALUES).values(secret=None, erased=b"{}", salts=b"{}"),
    text("INSERT INTO event_values SELECT 1, secret, content, salts, erased FROM event_values"
         " WHERE seq = 2"),
], ids=str)
def test_a_console_cannot_change_events(kept: History, statement: Any) -> None:
    with pytest.raises(DBAPIError), kept.store.database.engine.begin() as conn:
        conn.execute(statement)
    assert flaws(kept) == []


def test_a_row_cannot_be_replaced_nor_a_table_emptied(kept: History) -> None:
    if kept.store.database.is_postgresql:
        statements = ["TRUNCATE events CASCADE", "TRUNCATE event_values",
                      "SET session_replication_role = replica; DELETE FROM event_values"]
    else:
        statements = ["INSERT OR REPLACE INTO events SELECT * FROM events WHERE seq = 1",
                      "UPDATE OR REPLACE events SET seq = 1 WHERE seq = 2"]
    for statement in statements:
        with pytest.raises(DBAPIError), kept.store.database.engine.begin() as conn:
            conn.exec_driver_sql(statement)
    assert flaws(kept) == []


def test_a_projection_that_was_changed_is_found(kept: History) -> None:
    with kept.store.database.engine.begin() as conn:
        conn.execute(update(MEMBERS).where(MEMBERS.c.id == "m2").values(record=b"{}"))
        conn.execute(delete(MEMBER_KEYS).where(MEMBER_KEYS.c.member == "m1"))
    assert flaws(kept) == [
        ("projection", {"table": "members", "row": "m2"}),
        ("projection", {"table": "member_keys", "row": "letter.serial, m1"})]


def test_reading_in_bulk_is_an_event(kept: History) -> None:
    with kept.store.change(ACTOR) as work:
        read_in_bulk(work, "export", 2, {"name": SECRET})
        read_in_bulk(work, "list", 0)
    with kept.store.database.reading() as conn:
        first, second = events_numbered(conn, [4, 5])
    assert first.data == {"what": "export", "count": 2}
    assert first.values == {FILTER: (None, {"name": SECRET})}
    assert second.data == {"what": "list", "count": 0}
    with kept.store.change(ACTOR) as work:
        redact_event(work, 4)
    assert flaws(kept) == []
