"""Digests count and name nobody; each is decided once, and lists of readers follow from events."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select

from zhuanjie.engine.api import Outcome, UsageError
from zhuanjie.web.reminders import outbox
from zhuanjie.web.reminders.digest import Digests
from zhuanjie.web.reminders.open_items import Group, OpenItem, group_of, grouped
from zhuanjie.web.reminders.outbox import Message
from zhuanjie.web.reminders.projection import (
    PROJECTIONS,
    PROJECTORS,
    added,
    reminder_lists,
    removed,
)
from zhuanjie.web.reminders.settings import ReminderSettings, reminder_settings
from zhuanjie.web.reminders.tables import OUTBOX
from zhuanjie.web.store.database import EVERYTHING, RegisterDatabase, Scope
from zhuanjie.web.store.errors import NotFoundError
from zhuanjie.web.store.event import SYSTEM, Actor
from zhuanjie.web.store.store import RegisterStore

ACTOR = Actor("li", "department")
DAY = date(2026, 11, 30)  # a Monday
NOW = datetime(2026, 11, 30, 0, 0, tzinfo=UTC)
ITEMS = {
    "maths": [OpenItem("1.6b", Outcome.VIOLATION, date(2026, 11, 1), 3),
              OpenItem("1.6b", Outcome.VIOLATION, date(2026, 11, 20), 1),
              OpenItem("1.3a", Outcome.UNDETERMINED, None, 2)],
    "physics": [OpenItem("1.6b", Outcome.PENDING, date(2026, 12, 5), 4),
                OpenItem("2.1", Outcome.PENDING, date(2027, 6, 1), 5),
                OpenItem("2.2", Outcome.WAIVED, date(2026, 12, 1), 7)],
}


def items(_conn: Connection, units: Scope) -> list[OpenItem]:
    chosen = list(ITEMS) if units == EVERYTHING else units
    return [item for unit in chosen for item in ITEMS.get(unit, [])]


def register(database: RegisterDatabase) -> RegisterStore:
    store = RegisterStore(database, {}, projectors=[PROJECTORS], projections=PROJECTIONS)
    store.begin()
    return store


def put_lists(store: RegisterStore, *lists: tuple[str, str, str]) -> None:
    settings = ReminderSettings()
    with store.change(ACTOR) as work:
        work.record_all([added(unit, "mail", to, lang, settings) for unit, to, lang in lists])


def bodies(database: RegisterDatabase) -> dict[str, Any]:
    with database.reading() as conn:
        return {row.target: row for row in conn.execute(select(OUTBOX))}


def test_a_digest_counts_by_clause_and_how_pressing(database: RegisterDatabase) -> None:
    store = register(database)
    put_lists(store, ("maths", "a@example.edu.cn", "zh"), ("physics", "b@example.edu.cn", "en"),
              (EVERYTHING, "c@example.edu.cn", "zh"), ("history", "d@example.edu.cn", "zh"))
    settings = ReminderSettings(address="https://register.example.edu.cn")
    titles = {"1.6b": "回执"}
    digests = Digests(database, settings, items, lambda lang: titles if lang == "zh" else {})
    assert digests.decide(DAY, NOW) == 3
    made = bodies(database)
    assert made["a@example.edu.cn"].subject == "maths 2026-11-30 提醒"
    assert made["a@example.edu.cn"].body == (
        "**maths 2026-11-30 提醒**\n\n已经逾期\n\n"
        "- [1.6b 回执](https://register.example.edu.cn/members?clause=1.6b&group=overdue&unit=maths)"
        "：4 项，最早 2026-11-01\n\n"
        "资料不全，无法核对\n\n"
        "- [1.3a](https://register.example.edu.cn/members?clause=1.3a&group=unknown&unit=maths)：2 项\n\n"
        "详情请登录登记库查看。本消息不含个人信息。\n")
    english = made["b@example.edu.cn"].body
    assert "Due soon" in english
    assert ": 4, the first on 2026-12-05" in english
    assert "To be done" in english
    assert "2.2" not in english  # what is waived needs nothing
    assert "全部单位" in made["c@example.edu.cn"].subject
    assert "d@example.edu.cn" not in made  # nothing is open there


def test_a_day_is_decided_once_however_often_it_is_tried(database: RegisterDatabase) -> None:
    store = register(database)
    put_lists(store, ("maths", "a@example.edu.cn", "zh"))
    digests = Digests(database, ReminderSettings(), items)
    counts: list[int] = []
    threads = [threading.Thread(target=lambda: counts.append(digests.decide(DAY, NOW)))
               for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(counts) == [0] * 7 + [1]
    assert digests.decide(DAY + timedelta(days=1), NOW) == 1
    assert digests.decide(date(2026, 12, 5), NOW) == 0  # a Saturday
    assert len(bodies(database)) == 1
    with database.reading() as conn:
        assert outbox.counts(conn) == {"waiting": 2, "sent": 0, "failed": 0}


def test_what_is_decided_in_a_change_that_fails_is_not_sent(database: RegisterDatabase) -> None:
    store = register(database)
    message = Message("1" * 32, "mail", "a@example.edu.cn", "maths", "s", "b")
    with pytest.raises(RuntimeError), store.change(ACTOR) as work:
        assert outbox.put(work.conn, message, NOW)
        raise RuntimeError
    with database.writing() as conn:
        assert outbox.claim(conn, "x", NOW) == []
        assert outbox.put(conn, message, NOW)
        assert not outbox.put(conn, message, NOW)


def test_lists_are_made_of_events(database: RegisterDatabase) -> None:
    store = register(database)
    put_lists(store, ("maths", "a@example.edu.cn", "zh"), ("maths", "b@example.edu.cn", "en"))
    with store.reading(SYSTEM) as conn:
        first, second = sorted(reminder_lists(conn), key=lambda r: r.target)
        gone = removed(conn, first.id)
    with store.change(ACTOR) as work:
        work.record(gone)
    with store.reading(SYSTEM) as conn:
        assert reminder_lists(conn) == [second]
        with pytest.raises(NotFoundError):
            removed(conn, first.id)
    store.rebuild()
    with store.reading(SYSTEM) as conn:
        assert reminder_lists(conn) == [second]


@pytest.mark.parametrize("target", [
    "", "a", "a@", "@b", "a@b\nBcc: c@d.cn", "a@b.cn\r\n", "a b@c.cn", "甲@b.cn", "a@b.cn,c@d.cn",
    "<a@b.cn>", '"a"@b.cn', "a@b..cn", "a@-", f"{'a' * 250}@b.cn", "a@[127.0.0.1]", "a\x00@b.cn"])
def test_an_address_that_is_none_is_refused(target: str) -> None:
    if target == "a@-":  # a name that no server has, but nothing to inject
        added("maths", "mail", target, "zh", ReminderSettings())
        return
    with pytest.raises(UsageError) as caught:
        added("maths", "mail", target, "zh", ReminderSettings())
    assert caught.value.diagnostics[0].code == "register.reminders.address"


@pytest.mark.parametrize(("channel", "lang", "code"), [
    ("webhook", "zh", "register.reminders.webhook"),
    ("fax", "zh", "register.reminders.channel"),
    ("mail", "fr", "register.reminders.channel")])
def test_a_way_that_is_not_set_is_refused(channel: str, lang: str, code: str) -> None:
    with pytest.raises(UsageError) as caught:
        added("maths", channel, "group", lang, ReminderSettings())
    assert caught.value.diagnostics[0].code == code


@pytest.mark.parametrize(("outcome", "due", "group"), [
    (Outcome.VIOLATION, DAY - timedelta(1), Group.OVERDUE),
    (Outcome.VIOLATION, DAY, Group.WRONG),
    (Outcome.VIOLATION, None, Group.WRONG),
    (Outcome.PENDING, DAY, Group.SOON),
    (Outcome.PENDING, DAY + timedelta(7), Group.SOON),
    (Outcome.PENDING, DAY + timedelta(8), Group.WAITING),
    (Outcome.PENDING, None, Group.WAITING),
    (Outcome.UNDETERMINED, DAY, Group.UNKNOWN),
    (Outcome.WAIVED, DAY, None)])
def test_how_pressing(outcome: Outcome, due: date | None, group: Group | None) -> None:
    item = OpenItem("1", outcome, due, 1)
    assert group_of(item, DAY, 7) == group
    assert [line.group for line in grouped([item], DAY, 7)] == ([group] if group else [])


@pytest.mark.parametrize(("said", "key"), [
    ({"mial": {}}, "register.reminders.mial"),
    ({"mail": {"host": "h", "sender": "a@b.cn", "port": 0}}, "register.reminders.mail.port"),
    ({"mail": {"host": "h", "sender": "a@b.cn", "password": "x"}},
     "register.reminders.mail.password"),
    ({"webhooks": {"g": {"kind": "slack", "url": {"variable": "X"}}}},
     "register.reminders.webhooks.g.kind"),
    ({"weekdays": [0]}, "register.reminders"),
    ({"address": "javascript:alert(1)"}, "register.reminders"),
    ([], "register.reminders")])
def test_settings_name_what_is_wrong(said: Any, key: str) -> None:
    with pytest.raises(UsageError) as caught:
        reminder_settings(said)
    assert caught.value.diagnostics[0].args == {"key": key}
