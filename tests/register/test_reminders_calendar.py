"""A calendar's address is its key: told once, kept as a hash, ended at any time."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from icalendar import Calendar
from sqlalchemy import Connection, select
from starlette.applications import Starlette
from starlette.testclient import TestClient

from zhuanjie.engine.api import Outcome
from zhuanjie.web.reminders.calendar import (
    Calendars,
    NamedItem,
    Subscription,
    revoke,
    subscribe,
    subscriptions,
)
from zhuanjie.web.reminders.open_items import OpenItem
from zhuanjie.web.reminders.routes import calendar_routes
from zhuanjie.web.reminders.tables import CALENDARS
from zhuanjie.web.store.database import RegisterDatabase, Scope
from zhuanjie.web.store.errors import NotFoundError
from zhuanjie.web.store.event import SYSTEM, Actor
from zhuanjie.web.store.history import events
from zhuanjie.web.store.store import RegisterStore

NOW = datetime(2026, 11, 30, tzinfo=UTC)
LATE, SOON = date(2026, 11, 1), date(2026, 12, 5)


def items(_conn: Connection, units: Scope) -> list[OpenItem]:
    assert list(units) == ["maths"]
    return [OpenItem("1.6b", Outcome.VIOLATION, LATE, 2), OpenItem("1.6b", Outcome.PENDING, SOON, 1),
            OpenItem("1.6b", Outcome.PENDING, SOON, 3), OpenItem("1.3a", Outcome.UNDETERMINED, SOON, 9),
            OpenItem("2", Outcome.PENDING, None, 9)]


def named(_conn: Connection, units: Scope) -> list[NamedItem]:
    assert list(units) == ["maths"]
    return [NamedItem("m1", "王一", "1.6b", Outcome.VIOLATION, LATE),
            NamedItem("m2", "李二", "1.6b", Outcome.PENDING, SOON)]


def setting(database: RegisterDatabase, **more: Any) -> tuple[RegisterStore, Calendars]:
    store = RegisterStore(database, {}, projectors=())
    store.begin()
    return store, Calendars(database, items, named, day=NOW.date, titles=lambda _: {"1.6b": "回执"},
                            **more)


def token(store: RegisterStore, *, named: bool = False) -> str:
    with store.change(Actor("li", "department")) as work:
        return subscribe(work, "maths", "li", "zh", named=named, now=NOW)


def shown(made: bytes) -> list[tuple[str, date]]:
    return [(str(e["summary"]), e.decoded("dtstart")) for e in Calendar.from_ical(made).walk("VEVENT")]


def test_counts_by_day_and_clause_and_nobody_is_named(database: RegisterDatabase) -> None:
    store, calendars = setting(database)
    made = calendars.calendar(token(store))
    assert shown(made) == [("1.6b 回执：2 项逾期", LATE), ("1.6b 回执：4 项到期", SOON)]
    assert "王" not in made.decode()
    assert calendars.calendar(token(store)) != made  # whose entries are its own
    with store.reading(SYSTEM) as conn:
        assert not [e for e in events(conn) if "secret" in str(e.data)]


def test_names_are_for_those_who_may_see_them_today(database: RegisterDatabase) -> None:
    may = {"names": True, "unit": True}

    def asked(_conn: Connection, of: Subscription) -> tuple[bool, bool]:
        assert of.owner == "li"
        return may["unit"], may["names"]

    store, calendars = setting(database, may=asked)
    secret = token(store, named=True)
    assert len(shown(calendars.calendar(secret))) == 2
    assert "王一" in calendars.calendar(secret).decode()
    assert "王一" not in calendars.calendar(token(store, named=False)).decode()
    may["names"] = False
    assert "王一" not in calendars.calendar(secret).decode()
    may["unit"] = False
    with pytest.raises(NotFoundError):
        calendars.calendar(secret)


def test_only_a_hash_is_kept_and_nothing_else_opens_it(database: RegisterDatabase) -> None:
    store, calendars = setting(database)
    secret = token(store)
    id, _, part = secret.partition(".")
    with database.reading() as conn:
        (row,) = conn.execute(select(CALENDARS))
        assert part not in str(row)
        assert part.encode() not in bytes(row.secret)
    other = token(store)
    for wrong in ("", ".", id, f"{id}.", f"{id}.{part[:-1]}", f"{id}.{part}x", f"{id.upper()}.{part}",
                  f"{other.partition('.')[0]}.{part}", f"{id}\x00.{part}", f"{id}.\ud800",
                  f"' OR 1=1 --.{part}"):
        with pytest.raises(NotFoundError):
            calendars.calendar(wrong)
    assert calendars.calendar(secret)


def test_a_subscription_is_ended_by_its_owner_alone(database: RegisterDatabase) -> None:
    store, calendars = setting(database)
    secret = token(store)
    with store.reading(SYSTEM) as conn:
        (one,) = subscriptions(conn, "li")
        assert subscriptions(conn, "wang") == []
    for owner in ("wang", "li"):
        try:
            with store.change(Actor(owner, "department")) as work:
                revoke(work, one.id, NOW, owner=owner)
        except NotFoundError:
            assert owner == "wang"
            assert calendars.calendar(secret)
    with pytest.raises(NotFoundError):
        calendars.calendar(secret)
    with pytest.raises(NotFoundError), store.change(Actor("li", "department")) as work:
        revoke(work, one.id, NOW)
    with store.reading(SYSTEM) as conn:
        assert [e.kind for e in events(conn)] == ["calendar.made", "calendar.revoked"]


def test_the_address_answers_as_calendar_programs_ask(database: RegisterDatabase) -> None:
    store, calendars = setting(database)
    secret = token(store)
    client = TestClient(Starlette(routes=calendar_routes(calendars)))
    answer = client.get(f"/calendar/{secret}.ics")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.content.startswith(b"BEGIN:VCALENDAR\r\n")
    for wrong in ("x", f"{secret}x", "%00", "%ff", "..%2f..%2fetc"):
        answer = client.get(f"/calendar/{wrong}.ics")
        assert answer.status_code == 404
    assert client.post(f"/calendar/{secret}.ics").status_code == 405
