"""Signing in and out. In: passwords, codes. Out: sessions, as cookies that no script reads."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from zhuanjie.web.access.logins import LoggedIn
from zhuanjie.web.access.sessions import UserSession
from zhuanjie.web.api.callers import (
    check_page,
    check_token,
    cookie_name,
    csrf_of,
    is_secure,
    session_of,
)
from zhuanjie.web.api.deps import Register
from zhuanjie.web.api.models.access import (
    CodeShown,
    EnrolAsked,
    Enrolled,
    Enrolment,
    LoginAsked,
    PasswordChange,
    SessionShown,
)
from zhuanjie.web.service import register as service

router = APIRouter(tags=["session"], prefix="/session")


@router.post("")
def log_in(request: Request, register: Register, asked: LoginAsked,
           response: Response) -> SessionShown:
    """Sign in. The session is a cookie; `csrf` belongs into `X-CSRF-Token` of every change."""
    check_page(request)
    done = register.access.logins.log_in(
        asked.user, asked.password, code=asked.code, address=_address(request),
        instead_of=request.cookies.get(cookie_name(request)))
    return _begun(request, response, register, done)


@router.get("")
def show(request: Request, register: Register) -> SessionShown:
    """Who is signed in."""
    token = session_of(request)
    return SessionShown(**_shown(register, register.access.logins.need_session(token), token))


@router.delete("", status_code=204)
def log_out(request: Request, register: Register, response: Response,
            everywhere: Annotated[bool, Query()] = False) -> None:
    """Sign out: of this session, or of all that one has."""
    token = _own(request)
    register.access.logins.log_out(token, everywhere=everywhere)
    response.delete_cookie(cookie_name(request), path="/", secure=is_secure(request),
                           httponly=True, samesite="lax")


@router.post("/password")
def change_password(request: Request, register: Register, asked: PasswordChange,
                    response: Response) -> SessionShown:
    """Change one's own password; every session ends, and a new one begins."""
    done = register.access.logins.change_password(
        _own(request), asked.password, asked.new, address=_address(request))
    return _begun(request, response, register, done)


@router.post("/code")
def show_code(request: Request, register: Register, asked: CodeShown,
              response: Response) -> SessionShown:
    """Show a one-time code, for what asks for a second factor."""
    return _begun(request, response, register,
                  register.access.logins.show_code(_own(request), asked.code))


@router.post("/codes")
def enrol(request: Request, register: Register, asked: EnrolAsked) -> Enrolment:
    """Begin to use an app for one-time codes."""
    return Enrolment(uri=register.access.logins.enrol(_own(request), asked.password,
                                                      address=_address(request)))


@router.post("/codes/confirm")
def confirm(request: Request, register: Register, asked: CodeShown,
            response: Response) -> Enrolled:
    """Show the first code of the app; recovery codes are shown this once."""
    done, codes = register.access.logins.confirm(_own(request), asked.code)
    begun = _begun(request, response, register, done)
    return Enrolled(**begun.model_dump(), recovery_codes=codes)


def _own(request: Request) -> str:
    """The token of the session that a page of ours changes."""
    token = session_of(request)
    check_page(request)
    check_token(request, token)
    return token


def _begun(request: Request, response: Response, register: service.Register,
           done: LoggedIn) -> SessionShown:
    response.set_cookie(cookie_name(request), done.token, path="/", httponly=True,
                        secure=is_secure(request), samesite="lax")
    return SessionShown(**_shown(register, done.session, done.token))


def _shown(register: service.Register, session: UserSession, token: str) -> dict[str, Any]:
    table = register.guard.table
    return {
        "user": session.user, "name": session.name, "role": session.role, "unit": session.unit,
        "provider": session.provider, "second_factor": session.second_factor,
        "must_change": session.must_change, "ends": datetime.fromtimestamp(session.ends, UTC),
        "csrf": csrf_of(token),
        "permissions": [name for name in table.permissions if table.reach(session.role, name)]}


def _address(request: Request) -> str | None:
    return request.client.host if request.client is not None else None
