"""Events are kept in one order, all of a change or none, and the tables follow from them."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from sqlalchemy import select

from zhuanjie.web.store.change import Projector
from zhuanjie.web.store.database import RegisterDatabase
from zhuanjie.web.store.event import SYSTEM, Actor, EventDraft
from zhuanjie.web.store.history import events
from zhuanjie.web.store.members import column_set, columns_of, find, members
from zhuanjie.web.store.store import RegisterStore
from zhuanjie.web.store.tables import EVENTS, MEMBER_KEYS, MEMBERS
from zhuanjie.web.trail.leaf import leaf_hash

ACTOR = Actor("li", "department")


def register(database: RegisterDatabase) -> RegisterStore:
    store = RegisterStore(database, {"letter.serial": str.casefold}, projectors=())
    store.begin()
    return store


def state(store: RegisterStore) -> list[Any]:
    with store.reading(SYSTEM) as conn:
        return [sorted(map(tuple, conn.execute(select(t)))) for t in (MEMBERS, MEMBER_KEYS)]


def test_members_are_as_events_left_them(database: RegisterDatabase) -> None:
    store = register(database)
    with store.change(ACTOR) as work:
        columns = column_set(work.conn, ["member.name", "letter.serial"])
        work.record(EventDraft("member.imported", "m1", "maths", {"member.name": (None, "王一")},
                          columns=columns))
        work.record(EventDraft("member.set", "m1", "maths", {"letter.serial": (None, "A1")}, reason="补"))
        work.record(EventDraft("member.set", "m2", "maths", {"letter.serial": (None, "a1")}))
    with store.change(ACTOR) as work:
        work.record(EventDraft("member.corrected", "m1", "physics", {"member.name": ("王一", None)}))
        work.record(EventDraft("member.withdrawn", "m2"))
    with store.reading(SYSTEM) as conn:
        known = members(conn, ["m1", "m2", "m3"])
        assert known["m1"].record == {"letter.serial": "A1"}
        assert (known["m1"].unit, known["m1"].version) == ("physics", 4)
        assert columns_of(conn, known["m1"].columns) == {"member.name", "letter.serial"}
        assert columns_of(conn, known["m2"].columns) == {"letter.serial"}
        assert known["m2"].withdrawn
        assert find(conn, "letter.serial", ["a1"]) == {"a1": ["m1"]}
        assert [e.reason for e in events(conn)] == [None, "补", None, None, None]
    before = state(store)
    store.rebuild()
    assert state(store) == before


def test_a_room_has_its_events_in_order_and_together(database: RegisterDatabase) -> None:
    """However kinds alternate: a room that is asked once an event makes a long history costly."""
    seen: list[tuple[str, list[int]]] = []

    def of(name: str) -> Projector:
        return lambda _conn, events: seen.append((name, [e.seq for e in events]))

    sets, moves, other = of("sets"), of("moves"), of("other")
    store = RegisterStore(database, {}, projectors=[
        {"a.set": sets, "b.set": sets, "a.moved": moves}, {"b.set": other, "z.set": other}])
    store.begin()
    with store.change(ACTOR) as work:
        work.record_all([EventDraft(kind) for kind in (
            "a.set", "b.set", "z.set", "a.set", "a.moved", "b.set")])
    assert seen == [("sets", [1, 2, 4]), ("moves", [5]), ("sets", [6]), ("other", [2, 3, 6])]


def test_a_change_that_fails_leaves_nothing(database: RegisterDatabase) -> None:
    store = register(database)
    with pytest.raises(RuntimeError), store.change(ACTOR) as work:
        work.record(EventDraft("member.set", "m1", "maths", {"member.name": (None, "王一")}))
        raise RuntimeError
    with store.reading(SYSTEM) as conn:
        assert list(events(conn)) == []
        assert members(conn, ["m1"]) == {}


def test_writers_take_turns(database: RegisterDatabase) -> None:
    store = register(database)

    def write() -> None:
        for _ in range(20):
            with store.change(ACTOR) as work:
                work.record(EventDraft("member.set", "m1", "maths", {"member.name": (None, "王一")}))

    writers = [threading.Thread(target=write) for _ in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    with store.reading(SYSTEM) as conn:
        kept = list(events(conn))
        bodies = list(conn.execute(select(EVENTS.c.body).order_by(EVENTS.c.seq)).scalars())
    assert [e.seq for e in kept] == list(range(1, 161))
    assert sorted(e.at for e in kept) == [e.at for e in kept]
    previous = bytes(32)
    for event, body in zip(kept, bodies, strict=True):
        assert event.leaf == leaf_hash(body)
        assert previous.hex().encode() in body
        previous = event.leaf
