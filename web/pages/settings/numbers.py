"""Series of numbers, and who is told of what. In: forms. Out: pages, events."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from zhuanjie.engine.api import UsageError, ZhuanjieError, fail
from zhuanjie.web.access.units import need_unit, unit_tree
from zhuanjie.web.pages.forms import FormValues
from zhuanjie.web.pages.frame import go
from zhuanjie.web.pages.settings.people import unit_options
from zhuanjie.web.pages.settings.tabs import ROOT, part, saved
from zhuanjie.web.pages.visitors import Seen, Sent, Typed, Visitor, register_of
from zhuanjie.web.pages.words import words
from zhuanjie.web.reminders.projection import MAIL, WEBHOOK, added, reminder_lists, removed
from zhuanjie.web.service.series import series_standing
from zhuanjie.web.store.row_security import EVERYTHING

router = APIRouter(prefix=ROOT)
_DIGITS: Final = 12


@router.get("/series")
def series(request: Request, visitor: Seen) -> Response:
    """How far each series is."""
    return _series(request, visitor)


@router.post("/series")
def set_series(request: Request, visitor: Sent, typed: Typed) -> Response:
    """Say how one goes on."""
    register = register_of(request)

    def put() -> None:
        with register.store.change(visitor.actor) as work:
            register.guard.require(work.conn, visitor.actor, "series", typed.one("unit") or None)
            register.acts.desk.book.set_series(
                work, typed.one("series"), unit=typed.one("unit"), year=_whole(typed, "year"),
                prefix=typed.one("prefix"), next=_whole(typed, "next"),
                reason=typed.one("reason") or None)

    return saved(request, visitor, typed, "series", put, _series)


@router.get("/reminders")
def reminders(request: Request, visitor: Seen) -> Response:
    """Who is told of what is due."""
    return _reminders(request, visitor)


@router.post("/reminders")
def add_reminder(request: Request, visitor: Sent, typed: Typed) -> Response:
    """Tell somebody of a unit and those below it."""
    register = register_of(request)

    def put() -> None:
        channel, _, target = typed.one("channel").partition(":")
        with register.store.change(visitor.actor) as work:
            work.record(added(typed.one("unit"), channel, target or typed.one("address"),
                              typed.one("lang"), register.settings.reminders(work.conn)))
            need_unit(work.conn, typed.one("unit"))

    return saved(request, visitor, typed, "reminders", put, _reminders)


@router.post("/reminders/{id}/remove")
def remove_reminder(request: Request, visitor: Sent, id: str) -> Response:
    """Tell them no more."""
    register = register_of(request)
    with register.store.change(visitor.actor) as work:
        work.record(removed(work.conn, id))
    return go(request, f"{ROOT}/reminders", "settings.saved")


def _series(request: Request, visitor: Visitor, *, error: ZhuanjieError | None = None,
            typed: FormValues | None = None) -> Response:
    visitor.need("series")
    register = register_of(request)
    known = register.access.units(visitor.actor)
    with register.store.reading(visitor.actor) as conn:
        found = series_standing(conn, register.acts.desk.book, register.day().year)
    names = ("series", "unit", "year", "prefix", "next", "reason")
    return part(request, visitor, "series", error=error, series=found,
                titles={each.id: each.title for each in known}, options=unit_options(known),
                year=register.day().year,
                typed={name: typed.one(name) for name in names} if typed else None)


def _reminders(request: Request, visitor: Visitor, *, error: ZhuanjieError | None = None,
               typed: FormValues | None = None) -> Response:
    visitor.need("reminders")
    register, actor = register_of(request), visitor.actor
    with register.database.reading() as conn:
        register.guard.require(conn, actor, "reminders")
        scope = register.guard.units(conn, actor, "reminders")
        lists = [each for each in reminder_lists(conn)
                 if scope == EVERYTHING or each.unit in scope]
        tree, said = unit_tree(conn), register.settings.reminders(conn)
    units = [each for each in tree.units.values() if scope == EVERYTHING or each.id in scope]
    return part(request, visitor, "reminders", error=error, lists_of=lists,
                titles={each.id: each.title for each in units}, options=unit_options(units),
                webhooks=sorted(said.webhooks), has_mail=said.mail is not None, said=said,
                channels=[(MAIL, words("settings.by_mail", visitor.lang)),
                          *((f"{WEBHOOK}:{name}", name) for name in sorted(said.webhooks))],
                values={name: typed.one(name) if typed else "" for name in (
                    "unit", "channel", "address", "lang")})


def _whole(typed: FormValues, name: str) -> int | None:
    text = typed.one(name)
    if not text:
        return None
    found = typed.whole(name)
    if found is None or len(text) > _DIGITS:
        raise fail(UsageError, "register.settings.value", part=name)
    return found
