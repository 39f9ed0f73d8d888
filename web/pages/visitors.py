"""Who looks at a page. In: a request's cookies. Out: a visitor, or the way to the login.

Pages are for sessions: a program's key opens none. `Seen` is what a route that shows something
depends on, `Sent` one that changes something: it has checked that a page of this register asked.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool

from zhuanjie.engine.api import Lang, fail
from zhuanjie.web.access.errors import LoginError
from zhuanjie.web.access.permissions import permission_table
from zhuanjie.web.access.sessions import UserSession
from zhuanjie.web.api.callers import TOKEN, check_page, cookie_name, csrf_of
from zhuanjie.web.api.limits import RequestLimits
from zhuanjie.web.api.problem import HttpError, language
from zhuanjie.web.pages.forms import CSRF, FormValues, form_of, form_values
from zhuanjie.web.service.register import Register
from zhuanjie.web.store.errors import ForbiddenError
from zhuanjie.web.store.event import Actor

LANGUAGE: Final = "zhuanjie-language"
THEME: Final = "zhuanjie-theme"
Theme = Literal["auto", "light", "dark"]


@dataclass(frozen=True, slots=True)
class Visitor:
    """Whoever is signed in, and how they want pages."""

    session: UserSession
    permissions: frozenset[str]
    token: str
    lang: Lang
    theme: Theme

    @property
    def actor(self) -> Actor:
        """Whoever acts."""
        return self.session.actor

    def may(self, *permissions: str) -> bool:
        """Whether their role has one of these anywhere: what a page shows, never what it allows."""
        return any(name in self.permissions for name in permissions)

    def need(self, *permissions: str) -> None:
        """Raise ForbiddenError where their role has none of these."""
        if not self.may(*permissions):
            raise fail(ForbiddenError, "register.access.forbidden",
                       **permission_table().called(permissions[0], self.session.role))


class LoginNeeded(Exception):
    """Nobody is signed in; a form that came is carried on."""

    def __init__(self, form: FormValues | None = None) -> None:
        super().__init__()
        self.form = form


class PasswordNeeded(Exception):
    """The password is to be changed before all else."""


def wanted_language(request: Request) -> Lang:
    """The language that was chosen, else that of the browser."""
    chosen = request.cookies.get(LANGUAGE)
    if chosen in {"zh", "en"}:
        return "zh" if chosen == "zh" else "en"
    return language(request.headers)


def wanted_theme(request: Request) -> Theme:
    """Light or dark as it was chosen, else as the machine has it."""
    chosen = request.cookies.get(THEME)
    return "light" if chosen == "light" else "dark" if chosen == "dark" else "auto"


def is_part(request: Request) -> bool:
    """Whether HTMX asks, which puts the answer into the page that is there."""
    return request.headers.get("hx-request") == "true" and \
        request.headers.get("hx-history-restore-request") != "true"


def session_visitor(request: Request, *, must_change: bool = False) -> Visitor:
    """Whoever is signed in; raises LoginNeeded, PasswordNeeded unless it `must_change`."""
    register = register_of(request)
    token = request.cookies.get(cookie_name(request), "")
    try:
        session = register.access.logins.need_session(token)
    except LoginError:
        raise LoginNeeded from None
    if session.must_change and not must_change:
        raise PasswordNeeded
    request.state.actor = session.actor  # for the log
    table = register.guard.table
    permissions = frozenset(p for p in table.permissions if table.reach(session.role, p))
    return Visitor(session, permissions, token, wanted_language(request), wanted_theme(request))


def visitor_of(request: Request, *, must_change: bool = False) -> Visitor:
    """The same for a page that is asked for, which counts; raises HttpError for one too many."""
    limits: RequestLimits = request.app.state.limits
    try:
        visitor = session_visitor(request, must_change=must_change)
    except (LoginNeeded, PasswordNeeded):
        limits.of_stranger(request.scope)
        raise
    limits.of_actor(visitor.actor, request.method, request.url.path)
    return visitor


def page_visitor(request: Request) -> Visitor:
    """Whoever looks at a page; raises LoginNeeded, PasswordNeeded, HttpError."""
    return visitor_of(request)


async def sender_of(request: Request) -> Visitor:
    """Whoever sends a form, checked; raises HttpError where no page of this register asks."""
    check_page(request)
    try:
        visitor = await run_in_threadpool(visitor_of, request)
    except LoginNeeded:
        raise LoginNeeded(FormValues(await form_of(request))) from None
    await check_form(request, visitor.token)
    return visitor


async def check_form(request: Request, token: str) -> None:
    """Raise HttpError where a form lacks its session's token, in a field or a header."""
    said = request.headers.get(TOKEN) or (await form_of(request)).get(CSRF)
    if not isinstance(said, str) or not hmac.compare_digest(
            said.encode("utf-8", "surrogatepass"), csrf_of(token).encode()):
        raise HttpError(403, "register.http.token")


def own_path(text: str | None) -> str:
    """`text` where it is a path of this register, else `/`: no link leads elsewhere."""
    if not text or not text.startswith("/") or text.startswith(("//", "/\\")) or "\\" in text \
            or not text.isprintable():
        return "/"
    parts = urlsplit(text)
    return "/" if parts.scheme or parts.netloc else text


def register_of(request: Request) -> Register:
    """The register that is served."""
    register: Register = request.app.state.register
    return register


Seen = Annotated[Visitor, Depends(page_visitor)]
"""Whoever looks at a page."""
Sent = Annotated[Visitor, Depends(sender_of)]
"""Whoever sends a form."""
Typed = Annotated[FormValues, Depends(form_values)]
"""What the form holds."""
