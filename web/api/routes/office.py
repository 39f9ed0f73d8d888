"""What is done besides acts: erasing values, reminders, calendars. In: requests. Out: events."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from pydantic import Field

from zhuanjie.engine.api import fail
from zhuanjie.web.access.guard import KEY
from zhuanjie.web.access.units import need_unit
from zhuanjie.web.api.deps import Register, Who
from zhuanjie.web.api.fields import Id, Line, Paragraph
from zhuanjie.web.api.models.base import AnswerModel, Sent
from zhuanjie.web.api.models.members import EventShown
from zhuanjie.web.api.routes.members import event_shown
from zhuanjie.web.evidence.redaction import redact
from zhuanjie.web.reminders.calendar import revoke, subscribe, subscriptions
from zhuanjie.web.reminders.projection import added, reminder_lists, removed
from zhuanjie.web.service.cases import member_of
from zhuanjie.web.store.errors import ForbiddenError
from zhuanjie.web.store.row_security import EVERYTHING

router = APIRouter(tags=["office"])
REMINDERS = "reminders"


class RedactionAsked(Sent):
    """What is to be erased: of one event, or of a member in every event."""

    event: int | None = Field(default=None, ge=1, lt=2**53)
    member: Line | None = None
    fields: list[Line] | None = Field(default=None, max_length=300,
                                      description="all that is held where it is left out")
    reason: Paragraph = Field(min_length=1)


class ReminderShown(AnswerModel):
    """Who is told of a unit, and how."""

    id: str
    unit: str
    channel: str
    target: str
    lang: str


class ReminderAsked(Sent):
    """A mailbox, or a robot of the settings, that is to be told."""

    unit: Id
    channel: Literal["mail", "webhook"]
    target: Line
    lang: Literal["zh", "en"] = "zh"


class CalendarShown(AnswerModel):
    """A subscription to deadlines, without its address."""

    id: str
    unit: str
    named: bool
    lang: str
    made_at: str
    revoked_at: str | None


class CalendarAsked(Sent):
    """A unit whose deadlines a calendar is to show, by counts or with names."""

    unit: Id
    named: bool = False
    lang: Literal["zh", "en"] = "zh"


class CalendarMade(AnswerModel):
    """A subscription that was made: whoever has the address sees it."""

    id: str
    path: str


@router.post("/redactions", tags=["trail"])
def erase(register: Register, who: Who, asked: RedactionAsked) -> list[EventShown]:
    """Erase values for good, as the law may ask; the trail stays whole."""
    case = None
    if asked.event is None:
        with register.store.reading(who) as conn:
            case = member_of(conn, asked.member or "", register.vocabulary).id
    return [event_shown(event) for event in redact(
        register.store, who, event=asked.event, case=case, fields=asked.fields,
        reason=asked.reason)]


@router.get("/reminders")
def reminders(register: Register, who: Who) -> list[ReminderShown]:
    """Who is told of the units that one looks after."""
    with register.store.reading(who) as conn:
        register.guard.require(conn, who, REMINDERS)
        units = register.guard.units(conn, who, REMINDERS)
        found = reminder_lists(conn)
    return [ReminderShown.model_validate(each) for each in found
            if units == EVERYTHING or each.unit in units]


@router.post("/reminders", status_code=201)
def add_reminder(register: Register, who: Who, asked: ReminderAsked) -> ReminderShown:
    """Have somebody told of a unit and those below it."""
    with register.store.change(who) as work:
        event = work.record(added(asked.unit, asked.channel, asked.target, asked.lang,
                                  register.settings.reminders(work.conn)))
        need_unit(work.conn, asked.unit)
    return ReminderShown(id=str(event.data["list"]), unit=asked.unit, channel=asked.channel,
                         target=asked.target, lang=asked.lang)


@router.delete("/reminders/{id}", status_code=204)
def remove_reminder(register: Register, who: Who, id: Id) -> None:
    """Tell somebody no more."""
    with register.store.change(who) as work:
        work.record(removed(work.conn, id))


@router.get("/calendars")
def calendars(register: Register, who: Who) -> list[CalendarShown]:
    """One's own subscriptions to deadlines."""
    with register.store.reading(who) as conn:
        return [CalendarShown.model_validate(each) for each in subscriptions(conn, who.id)]


@router.post("/calendars", status_code=201)
def subscribe_(register: Register, who: Who, asked: CalendarAsked) -> CalendarMade:
    """Subscribe to the deadlines of a unit; the address is shown this once."""
    if who.via == KEY:  # who it is shown to is asked anew each time, and a program is nobody
        raise fail(ForbiddenError, "register.access.person",
                   **register.guard.table.called("calendars"))
    with register.store.change(who) as work:
        register.guard.require(work.conn, who, "read", asked.unit)
        with work.everything():  # what is limited to units is written by nobody's own hand
            token = subscribe(work, asked.unit, who.id, asked.lang, named=asked.named,
                              now=register.store.now())
    return CalendarMade(id=token.partition(".")[0], path=f"/calendar/{token}.ics")


@router.delete("/calendars/{id}", status_code=204)
def revoke_calendar(register: Register, who: Who, id: Id) -> None:
    """End a subscription of one's own."""
    with register.store.change(who) as work, work.everything():
        revoke(work, id, register.store.now(), owner=who.id)
