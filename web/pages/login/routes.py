"""Signing in and out. In: forms. Out: sessions, as cookies that no script reads.

Whoever was signed out in the middle of a form finds what they typed after the login.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.responses import Response

from zhuanjie.engine.api import ZhuanjieError
from zhuanjie.web.access.errors import LockedOutError, LoginError
from zhuanjie.web.access.logins import LoggedIn
from zhuanjie.web.access.sessions import UserSession
from zhuanjie.web.api.callers import check_page, cookie_name, is_secure, stranger
from zhuanjie.web.pages.errors import PASSWORD, describe_error, error_page
from zhuanjie.web.pages.forms import KEPT, FormValues
from zhuanjie.web.pages.frame import go, render
from zhuanjie.web.pages.login.kept import titled
from zhuanjie.web.pages.navigation import home
from zhuanjie.web.pages.visitors import (
    LoginNeeded,
    Seen,
    Sent,
    Typed,
    Visitor,
    check_form,
    own_path,
    register_of,
    session_visitor,
    visitor_of,
    wanted_language,
    wanted_theme,
)

router = APIRouter()
Stranger = Depends(stranger)
"""Counts a request of somebody who need not be signed in."""
_CODE = "register.access.code"


@router.get("/")
def begin(request: Request, visitor: Seen) -> Response:
    """The first page of whoever is signed in."""
    return go(request, home(visitor.permissions))


@router.get("/login", dependencies=[Stranger])
def show(request: Request, next: Annotated[str, Query(max_length=4000)] = "/") -> Response:
    """The form to sign in; whoever is signed in goes on."""
    try:
        session_visitor(request, must_change=True)
    except LoginNeeded:
        return _login(request, None, own_path(next))
    return go(request, own_path(next))


@router.post("/login", dependencies=[Stranger])
def log_in(request: Request, typed: Typed) -> Response:
    """Sign in."""
    check_page(request)
    user, way = typed.one("user"), own_path(typed.one("next"))
    kept = [(name.removeprefix(KEPT), value) for name, value in typed.texts
            if name.startswith(KEPT)]
    try:
        done = register_of(request).access.logins.log_in(
            user, _password(typed, "password"), code=typed.one("code") or None,
            address=address_of(request), instead_of=request.cookies.get(cookie_name(request)))
    except (LoginError, LockedOutError) as error:
        return _login(request, error, way, user=user, kept=kept)
    if done.session.must_change:
        answer = go(request, PASSWORD)
    elif kept:
        answer = _resumed(request, _begun(request, done), way, kept)
    else:
        answer = go(request, way)
    return with_session(request, answer, done)


@router.post("/logout")
def log_out(request: Request, visitor: Sent, typed: Typed) -> Response:
    """Sign out: of this session, or of all that one has."""
    register_of(request).access.logins.log_out(visitor.token, everywhere=typed.has("everywhere"))
    answer = go(request, "/login", "login.left")
    answer.delete_cookie(cookie_name(request), path="/", secure=is_secure(request), httponly=True,
                         samesite="lax")
    return answer


@router.get("/login/password")
def show_password(request: Request) -> Response:
    """The form to change one's own password; the first one has to be changed."""
    return _change(request, visitor_of(request, must_change=True), None)


@router.post("/login/password")
async def change_password(request: Request, typed: Typed) -> Response:
    """Change one's own password; every other session ends."""
    check_page(request)
    visitor = await run_in_threadpool(visitor_of, request, must_change=True)
    await check_form(request, visitor.token)
    return await run_in_threadpool(_changed, request, visitor, typed)


def with_session(request: Request, answer: Response, done: LoggedIn) -> Response:
    """An answer that begins a session."""
    answer.set_cookie(cookie_name(request), done.token, path="/", httponly=True,
                      secure=is_secure(request), samesite="lax")
    return answer


def address_of(request: Request) -> str | None:
    """From where a request came."""
    return request.client.host if request.client is not None else None


def _changed(request: Request, visitor: Visitor, typed: FormValues) -> Response:
    new = _password(typed, "new")
    if new != _password(typed, "again"):
        return _change(request, visitor, None, again=True)
    try:
        done = register_of(request).access.logins.change_password(
            visitor.token, _password(typed, "password"), new, address=address_of(request))
    except ZhuanjieError as error:
        return _change(request, visitor, error)
    return with_session(request, go(request, "/", "login.changed"), done)


def _login(request: Request, error: ZhuanjieError | None, way: str, *, user: str = "",
           kept: list[tuple[str, str]] | None = None) -> Response:
    lang = wanted_language(request)
    said = describe_error(error, lang) if error is not None else None
    code = said is not None and said["code"] == _CODE
    return render(request, None, "login/login.html", status=said["status"] if said else 200,
                  next=way, kept=kept or [], lost=False, expired=bool(kept), error=said,
                  user=user, code=code,
                  providers=register_of(request).access.sign_ins.providers)


def _change(request: Request, visitor: Visitor, error: ZhuanjieError | None, *,
            again: bool = False) -> Response:
    said = describe_error(error, visitor.lang) if error is not None else None
    return render(request, visitor, "login/password.html", error=said, again=again,
                  status=said["status"] if said else 422 if again else 200,
                  first=visitor.session.must_change)


def _resumed(request: Request, visitor: Visitor, way: str,
             kept: list[tuple[str, str]]) -> Response:
    """The form that was being filled in, as it was; where no room makes it again, what it held."""
    path, values = urlsplit(way).path, FormValues(FormData([*kept]))
    resumes: Mapping[str, Callable[..., Response]] = request.app.state.resumes
    for pattern, resume in resumes.items():
        if found := re.fullmatch(pattern, path):
            try:
                return resume(request, visitor, values, *found.groups())
            except ZhuanjieError as error:
                return error_page(request, visitor, error)
    return render(request, visitor, "login/resume.html", next=way, kept=kept, shown=titled(
        kept, path, register_of(request).vocabulary, visitor.lang))


def _begun(request: Request, done: LoggedIn) -> Visitor:
    """Whoever has just signed in."""
    session: UserSession = done.session
    table = register_of(request).guard.table
    return Visitor(session, frozenset(p for p in table.permissions
                                      if table.reach(session.role, p)),
                   done.token, wanted_language(request), wanted_theme(request))


def _password(typed: FormValues, name: str) -> str:
    """A password as it was typed, spaces and all."""
    return next((value for known, value in reversed(typed.texts) if known == name), "")

