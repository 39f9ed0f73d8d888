"""Units, users and roles. In: forms. Out: pages; a first password is shown once."""

from __future__ import annotations

import secrets
from typing import Any, Final
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request
from starlette.responses import Response

from zhuanjie.engine.api import ZhuanjieError
from zhuanjie.web.access.permissions import PermissionTable
from zhuanjie.web.access.tables import LOCAL
from zhuanjie.web.access.units import Unit, tree_of
from zhuanjie.web.access.users import User
from zhuanjie.web.pages.forms import FormValues
from zhuanjie.web.pages.frame import go
from zhuanjie.web.pages.once import shown_once
from zhuanjie.web.pages.settings.tabs import ROOT, part, saved
from zhuanjie.web.pages.visitors import Seen, Sent, Typed, Visitor, register_of

router = APIRouter(prefix=ROOT)
USERS: Final = f"{ROOT}/users"


@router.get("/units")
def units(request: Request, visitor: Seen, unit: str = "") -> Response:
    """The tree of units; `unit` is put into the form to be changed."""
    return _units(request, visitor, unit=unit)


@router.post("/units")
def set_unit(request: Request, visitor: Sent, typed: Typed) -> Response:
    """Make a unit, or change one."""
    return saved(request, visitor, typed, "units", lambda: register_of(request).access.set_unit(
        visitor.actor, typed.one("id"), title=typed.one("title"),
        parent=typed.one("parent") or None, closed=typed.has("closed")), _units)


@router.get("/users")
def users(request: Request, visitor: Seen, search: str = "") -> Response:
    """The users that one looks after."""
    return _users(request, visitor, search=search)


@router.post("/users")
def add_user(request: Request, visitor: Sent, typed: Typed) -> Response:
    """Make a user; the password to tell them is shown this once."""
    once, id = typed.one("once")[:64], typed.one("id")
    try:
        shown_once(request).make(visitor, once, lambda: register_of(request).access.add_user(
            visitor.actor, id, role=typed.one("role"), unit=typed.one("unit"),
            name=typed.one("name") or None, email=typed.one("email") or None,
            provider=typed.one("provider") or LOCAL).password)
    except ZhuanjieError as error:
        return _users(request, visitor, error=error, typed=typed)
    return go(request, _told(id, once), "settings.saved")


@router.get("/users/{id}")
def user(request: Request, visitor: Seen, id: str, told: str = "") -> Response:
    """One user; a password to tell them is shown this once."""
    return _user(request, visitor, id, password=shown_once(request).take(visitor, told))


@router.post("/users/{id}")
def set_user(request: Request, visitor: Sent, typed: Typed, id: str) -> Response:
    """Change a user."""
    try:
        register_of(request).access.set_user(
            visitor.actor, id, role=typed.one("role") or None, unit=typed.one("unit") or None,
            name=typed.one("name") or None, email=typed.one("email") or None)
    except ZhuanjieError as error:
        return _user(request, visitor, id, error=error, typed=typed)
    return go(request, f"{USERS}/{id}", "settings.saved")


@router.post("/users/{id}/password")
def reset_password(request: Request, visitor: Sent, typed: Typed, id: str) -> Response:
    """Give a user a password that holds once."""
    once = typed.one("once")[:64]
    try:
        shown_once(request).make(visitor, once, lambda: register_of(
            request).access.reset_password(visitor.actor, id))
    except ZhuanjieError as error:
        return _user(request, visitor, id, error=error)
    return go(request, _told(id, once))


@router.post("/users/{id}/codes")
def reset_codes(request: Request, visitor: Sent, id: str) -> Response:
    """Forget a user's app for one-time codes."""
    try:
        register_of(request).access.reset_codes(visitor.actor, id)
    except ZhuanjieError as error:
        return _user(request, visitor, id, error=error)
    return go(request, f"{USERS}/{id}", "settings.codes_forgotten")


@router.post("/users/{id}/disable")
def disable_user(request: Request, visitor: Sent, id: str) -> Response:
    """Let a user in no more."""
    try:
        register_of(request).access.disable_user(visitor.actor, id)
    except ZhuanjieError as error:
        return _user(request, visitor, id, error=error)
    return go(request, f"{USERS}/{id}", "settings.saved")


@router.get("/roles")
def roles(request: Request, visitor: Seen) -> Response:
    """Who may do what: the table that is asked for everything."""
    table = register_of(request).guard.table
    return part(request, visitor, "roles", table=table, assignable=table.assignable)


def _told(id: str, once: str) -> str:
    """The page of a user that shows what a form has made."""
    return f"{USERS}/{quote(id, safe='')}?{urlencode({'told': once})}"


def _units(request: Request, visitor: Visitor, *, unit: str = "",
           error: ZhuanjieError | None = None, typed: FormValues | None = None) -> Response:
    known = register_of(request).access.units(visitor.actor)
    chosen = next((each for each in known if each.id == unit), None)
    nested = _nested(known)
    values: dict[str, Any] = {"id": "", "title": "", "closed": False,
                              "parent": nested[0][0].id if nested else ""}
    if chosen is not None:
        values = {"id": chosen.id, "title": chosen.title, "parent": chosen.parent or "",
                  "closed": chosen.closed}
    if typed is not None:
        values = {name: typed.one(name) for name in ("id", "title", "parent")} | {
            "closed": typed.has("closed")}
    return part(request, visitor, "units", error=error, units=nested, values=values,
                chosen=chosen, options=unit_options(known))


def _users(request: Request, visitor: Visitor, *, search: str = "",
           error: ZhuanjieError | None = None, typed: FormValues | None = None) -> Response:
    access, table = register_of(request).access, register_of(request).guard.table
    visitor.need("users")
    known = access.units(visitor.actor)
    wanted = search.strip().casefold()
    found = [each for each in access.users(visitor.actor) if not wanted or any(
        wanted in (text or "").casefold() for text in (each.id, each.name, each.email))]
    names = ("id", "name", "email", "role", "unit", "provider")
    return part(request, visitor, "users", error=error, users=found[:MOST], more=len(found) > MOST,
                search=search, titles={each.id: each.title for each in known},
                roles=role_options(visitor, table), options=unit_options(known),
                providers=[(name, name) for name in (
                    LOCAL, *access.settings.oidc, *access.settings.cas)],
                table=table, once=secrets.token_hex(16),
                values={name: typed.one(name) if typed else "" for name in names})


MOST: Final = 500
"""Users that a page shows; more are found by searching."""


def _user(request: Request, visitor: Visitor, id: str, *, error: ZhuanjieError | None = None,
          typed: FormValues | None = None, password: str | None = None) -> Response:
    access, table = register_of(request).access, register_of(request).guard.table
    visitor.need("users")
    one: User = access.user(visitor.actor, id)
    known = access.units(visitor.actor)
    values = {name: typed.one(name) if typed else getattr(one, name) or ""
              for name in ("name", "email", "role", "unit")}
    answer = part(request, visitor, "users", template="user", error=error, user=one, values=values,
                  roles=role_options(visitor, table), options=unit_options(known),
                  once=secrets.token_hex(16), password=password,
                  hours=access.settings.one_time_password // 3600)
    answer.headers["cache-control"] = "no-store"
    return answer


def role_options(visitor: Visitor, table: PermissionTable) -> list[tuple[str, str]]:
    """The roles of users and keys, to choose from."""
    return [(name, getattr(table.roles[name].title, visitor.lang)) for name in table.assignable]


def _nested(units: list[Unit]) -> list[tuple[Unit, int]]:
    """Units below one another, each with how deep it is."""
    tree, known = tree_of(units), {each.id for each in units}
    found: list[tuple[Unit, int]] = []

    def put(unit: Unit, depth: int) -> None:
        found.append((unit, depth))
        for each in units:
            if each.parent == unit.id:
                put(each, depth + 1)

    for each in tree.units.values():
        if each.parent not in known:
            put(each, 0)
    return found


def unit_options(units: list[Unit]) -> list[tuple[str, str]]:
    """Units to choose from, as the tree has them."""
    return [(each.id, "\u3000" * depth + each.title) for each, depth in _nested(units)]
