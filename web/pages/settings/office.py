"""Closing days, servers, and what was changed. In: forms. Out: pages, no secret."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from zhuanjie.engine.api import Diagnostic, UsageError, ZhuanjieError, fail
from zhuanjie.web.pages.forms import FormValues, whole_number
from zhuanjie.web.pages.settings.tabs import ROOT, part, saved
from zhuanjie.web.pages.visitors import Seen, Sent, Typed, Visitor, register_of
from zhuanjie.web.settings.models import ClosingDays
from zhuanjie.web.settings.names import CLOSING_DAYS, MAIL, ROBOTS, name_of, setting_of
from zhuanjie.web.settings.projection import VALUE
from zhuanjie.web.settings.trying import SENT

router = APIRouter(prefix=ROOT)
_SHOWN: Final = 12
_MARK: Final = 4


@router.get("/closing")
def closing(request: Request, visitor: Seen) -> Response:
    """The days as of which figures are closed."""
    return _closing(request, visitor)


@router.post("/closing")
def set_closing(request: Request, visitor: Sent, typed: Typed) -> Response:
    """Set them."""
    def put() -> None:
        monthly = typed.one("monthly")
        days = re.split(r"[\s,;\uff0c\uff1b\u3001]+", typed.one("days"))
        said = {"monthly": _whole(monthly, "monthly") if monthly else None,
                "days": [day for day in days if day]}
        _put(request, visitor, CLOSING_DAYS, said, typed)

    return saved(request, visitor, typed, "closing", put, _closing)


@router.get("/mail")
def mail(request: Request, visitor: Seen) -> Response:
    """The server that takes mail."""
    return _mail(request, visitor)


@router.post("/mail")
def set_mail(request: Request, visitor: Sent, typed: Typed) -> Response:
    """Set it, or have none."""
    def put() -> None:
        if typed.has("remove"):
            register_of(request).settings.clear(visitor.actor, MAIL, version=typed.whole("version"))
        else:
            said: dict[str, Any] = {name: typed.one(name) for name in (
                "host", "sender", "encryption")} | {"port": _whole(typed.one("port"), "port")}
            _put(request, visitor, MAIL, said | ({"user": typed.one("user")}
                 if typed.one("user") else {}), typed, "password")

    return saved(request, visitor, typed, "mail", put, _mail)


@router.post("/mail/test")
def try_mail(request: Request, visitor: Sent, typed: Typed) -> Response:
    """Send a test message to a mailbox."""
    return _tried(request, visitor, MAIL, typed.one("to"), _mail)


@router.post("/robots/{name}/test")
def try_robot(request: Request, visitor: Sent, name: str) -> Response:
    """Send a test message to a group."""
    return _tried(request, visitor, name_of(ROBOTS, name), "", _robots)


@router.get("/robots")
def robots(request: Request, visitor: Seen) -> Response:
    """The robots of groups."""
    return _robots(request, visitor)


@router.post("/robots")
def set_robot(request: Request, visitor: Sent, typed: Typed) -> Response:
    """Set one, or take it away."""
    def put() -> None:
        name = name_of(ROBOTS, typed.one("name"))
        if typed.has("remove"):
            register_of(request).settings.clear(visitor.actor, name, version=typed.whole("version"))
        else:
            _put(request, visitor, name, {"kind": typed.one("kind")}, typed, "url", "secret")

    return saved(request, visitor, typed, "robots", put, _robots)


@router.get("/history")
def history(request: Request, visitor: Seen) -> Response:
    """Who set what, and when."""
    visitor.need("settings")
    found = register_of(request).settings.history(visitor.actor)
    rows = []
    for event in found:
        secrets = setting_of(event.data["name"]).secrets
        before, after = event.values.get(VALUE, (None, None))
        rows.append((event, event.data["name"], _lines(before, after, secrets),
                     _lines(after, before, secrets)))
    return part(request, visitor, "history", events=rows)


def _closing(request: Request, visitor: Visitor, *, error: ZhuanjieError | None = None,
             typed: FormValues | None = None) -> Response:
    visitor.need("settings")
    register = register_of(request)
    held = register.settings.one(visitor.actor, CLOSING_DAYS)
    days = ClosingDays.read(held.value or {})
    values = {"monthly": days.monthly or "", "version": held.version,
              "days": "\n".join(day.isoformat() for day in days.days)}
    if typed is not None:
        values |= {name: typed.one(name) for name in ("monthly", "days")}
    return part(request, visitor, "closing", error=error, values=values,
                last=days.upto(register.day(), _SHOWN))


def _mail(request: Request, visitor: Visitor, *, error: ZhuanjieError | None = None,
          typed: FormValues | None = None, tried: Mapping[str, Any] | None = None) -> Response:
    visitor.need("servers")
    held = register_of(request).settings.one(visitor.actor, MAIL)
    names = ("host", "port", "sender", "encryption", "user")
    values = dict.fromkeys(names, "") | {"port": 587, "encryption": "starttls"} | {
        n: v or "" for n, v in (held.value or {}).items()}
    if typed is not None:
        values |= {name: typed.one(name) for name in names}
    return part(request, visitor, "mail", error=error, values=values, held=held, tried=tried)


def _robots(request: Request, visitor: Visitor, *, error: ZhuanjieError | None = None,
            typed: FormValues | None = None, tried: Mapping[str, Any] | None = None) -> Response:
    visitor.need("servers")
    register = register_of(request)
    found = [(each.name.removeprefix(f"{ROBOTS}/"), each)
             for each in register.settings.shown(visitor.actor)
             if each.name.startswith(f"{ROBOTS}/")]
    values = {name: typed.one(name) if typed else "" for name in ("name", "kind")}
    return part(request, visitor, "robots", error=error, robots=found, values=values,
                tried=tried)


def _put(request: Request, visitor: Visitor, name: str, said: dict[str, Any], typed: FormValues,
         *secrets: str) -> None:
    """Have it hold; a secret whose field is blank stays."""
    given: dict[str, str | None] = {part: typed.one(part) for part in secrets if typed.one(part)}
    given |= {part: None for part in secrets if typed.has(f"forget-{part}")}
    register_of(request).settings.put(visitor.actor, name, said, secrets=given,
                                      version=typed.whole("version"))


def _tried(request: Request, visitor: Visitor, name: str, to: str,
           page: Callable[..., Response]) -> Response:
    """The page again, with what came of a test message."""
    try:
        outcome = register_of(request).settings.try_out(visitor.actor, name, to=to,
                                                        lang=visitor.lang)
    except ZhuanjieError as error:
        return page(request, visitor, error=error)
    return page(request, visitor, tried={"name": name, "to": to, "sent": outcome == SENT,
                                         "outcome": Diagnostic(outcome)})


def _whole(text: str, name: str) -> int:
    found = whole_number(text)
    if found is None:
        raise fail(UsageError, "register.settings.value", part=name)
    return found


def _lines(value: Any, other: Any, secrets: Collection[str]) -> list[tuple[str, str]]:
    """What held, a line each; of a secret a mark that tells it from another, and no more; of things
    that have parts, those that are not in `other`, too."""
    lines = []
    for name, each in (value or {}).items():
        if isinstance(each, list):
            same = [thing for thing in (other or {}).get(name, ()) if isinstance(thing, dict)]
            lines.append((name, "; ".join(_said(one) for one in each if one not in same)))
        elif each is not None:
            lines.append((name, f"\u2022\u2022\u2022 {each[:_MARK]}" if name in secrets
                          else str(each)))
    return [(name, text) for name, text in lines if text]


def _said(each: Any) -> str:
    return " ".join(f"{name} {part}" for name, part in each.items() if part is not None) \
        if isinstance(each, dict) else str(each)
