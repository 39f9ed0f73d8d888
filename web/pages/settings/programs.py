"""Keys of programs. In: forms. Out: pages; a key is shown this once."""

from __future__ import annotations

import secrets
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import Response

from zhuanjie.engine.api import UsageError, ZhuanjieError, fail, office_zone
from zhuanjie.web.access.keys import ApiKey
from zhuanjie.web.pages.forms import FormValues
from zhuanjie.web.pages.frame import go
from zhuanjie.web.pages.once import shown_once
from zhuanjie.web.pages.settings.people import role_options, unit_options
from zhuanjie.web.pages.settings.tabs import ROOT, part
from zhuanjie.web.pages.visitors import Seen, Sent, Typed, Visitor, register_of

router = APIRouter(prefix=ROOT)
KEYS: Final = f"{ROOT}/keys"
_DAYS: Final = 90
"""For how long a key holds where nobody says otherwise."""


@router.get("/keys")
def keys(request: Request, visitor: Seen, made: str = "") -> Response:
    """The keys that one looks after; one that was just made is shown, this once."""
    return _keys(request, visitor, shown=shown_once(request).take(visitor, made))


@router.post("/keys")
def make_key(request: Request, visitor: Sent, typed: Typed) -> Response:
    """Make one; the key itself is shown this once."""
    once = typed.one("once")[:64]
    try:
        shown_once(request).make(visitor, once, lambda: register_of(request).access.make_key(
            visitor.actor, title=typed.one("title"), role=typed.one("role"),
            unit=typed.one("unit"), expires=_end_of(typed.one("until"))))
    except ZhuanjieError as error:
        return _keys(request, visitor, error=error, typed=typed)
    return go(request, f"{KEYS}?{urlencode({'made': once})}")


@router.post("/keys/{id}/revoke")
def revoke_key(request: Request, visitor: Sent, id: str) -> Response:
    """End one for good."""
    register_of(request).access.revoke_key(visitor.actor, id)
    return go(request, KEYS, "settings.key_revoked")


def _keys(request: Request, visitor: Visitor, *, error: ZhuanjieError | None = None,
          typed: FormValues | None = None, shown: tuple[ApiKey, str] | None = None) -> Response:
    visitor.need("keys")
    register = register_of(request)
    access, table = register.access, register.guard.table
    known, now = access.units(visitor.actor), register.store.now()
    today = now.astimezone(office_zone()).date()
    rows = [(each, "key_is_revoked" if each.revoked
             else "key_ended" if datetime.fromisoformat(each.expires_at) <= now else "active")
            for each in reversed(access.keys(visitor.actor))]
    longest = access.settings.longest_key_days
    values = {name: typed.one(name) if typed else "" for name in ("title", "role", "unit")}
    until = typed.one("until") if typed else today + timedelta(min(_DAYS, longest - 1))
    answer = part(request, visitor, "keys", error=error, rows=rows, values=values, until=until,
                  last=today + timedelta(longest - 1), longest=longest,
                  shown=shown, once=secrets.token_hex(16),
                  titles={each.id: each.title for each in known}, table=table,
                  roles=role_options(visitor, table), options=unit_options(known))
    answer.headers["cache-control"] = "no-store"
    return answer


def _end_of(text: str) -> datetime:
    """The end of a day of the office."""
    try:
        day = date.fromisoformat(text) + timedelta(1)
    except (ValueError, OverflowError):
        raise fail(UsageError, "register.settings.value", part="until") from None
    return datetime.combine(day, time(), office_zone()).astimezone(UTC)
