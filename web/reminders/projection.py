"""Who is told. In: events. Out: rows of `reminder_lists`, and drafts of such events."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, delete, insert, select

from zhuanjie.engine.api import LANGS, UsageError, fail
from zhuanjie.web.reminders.mail import checked_address
from zhuanjie.web.reminders.settings import ReminderSettings
from zhuanjie.web.reminders.tables import REMINDER_LISTS
from zhuanjie.web.store.change import Projector
from zhuanjie.web.store.errors import NotFoundError
from zhuanjie.web.store.event import Event, EventDraft

MAIL: Final = "mail"
WEBHOOK: Final = "webhook"
ADDRESS: Final = "reminder.address"
"""The value of an event that holds a reader's address, which can be erased."""


@dataclass(frozen=True, slots=True)
class ReminderList:
    """One reader of a unit's digests: a person's mailbox, or a group's robot."""

    id: str
    unit: str
    channel: str
    target: str
    lang: str


def added(unit: str, channel: str, target: str, lang: str,
          settings: ReminderSettings) -> EventDraft:
    """The event that has `target` told of `unit`; raises UsageError for what cannot be told."""
    if lang not in LANGS or channel not in {MAIL, WEBHOOK} or not unit:
        raise fail(UsageError, "register.reminders.channel", channel=channel)
    if channel == MAIL:
        checked_address(target)
    elif target not in settings.webhooks:
        raise fail(UsageError, "register.reminders.webhook", name=target,
                   known=", ".join(sorted(settings.webhooks)))
    return EventDraft("reminder.added", unit=unit, values={ADDRESS: (None, target)},
                      data={"list": uuid.uuid4().hex, "channel": channel, "lang": lang})


def removed(conn: Connection, id: str) -> EventDraft:
    """The event that ends a list; raises NotFoundError where there is none."""
    row = conn.execute(select(REMINDER_LISTS).where(REMINDER_LISTS.c.id == id)).first()
    if row is None:
        raise fail(NotFoundError, "register.reminders.no-list")
    return EventDraft("reminder.removed", unit=row.unit, values={ADDRESS: (row.target, None)},
                      data={"list": id})


def reminder_lists(conn: Connection) -> list[ReminderList]:
    """Every list, by unit."""
    rows = conn.execute(select(REMINDER_LISTS).order_by(
        REMINDER_LISTS.c.unit, REMINDER_LISTS.c.id))
    return [ReminderList(*row) for row in rows]


def _add(conn: Connection, events: Sequence[Event]) -> None:
    rows = [{"id": e.data["list"], "unit": e.unit, "channel": e.data["channel"],
             "target": e.after[ADDRESS], "lang": e.data["lang"]}
            for e in events if ADDRESS not in e.erased]
    if rows:
        conn.execute(insert(REMINDER_LISTS), rows)


def _remove(conn: Connection, events: Sequence[Event]) -> None:
    conn.execute(delete(REMINDER_LISTS).where(
        REMINDER_LISTS.c.id.in_([e.data["list"] for e in events])))


PROJECTORS: Final[Mapping[str, Projector]] = {
    "reminder.added": _add, "reminder.removed": _remove}
PROJECTIONS: Final = (REMINDER_LISTS.name,)
