"""Signing in at other servers. In: browsers that go and come back. Out: a session's cookie.

These addresses are for browsers and for the servers that the settings name; they are no part of the
interface for programs.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from zhuanjie.web.access.sign_in import PATH
from zhuanjie.web.api.callers import cookie_name, is_secure
from zhuanjie.web.api.deps import Register
from zhuanjie.web.api.problem import HttpError

AFTERWARDS: Final = "/api/v1/session"
"""Where the browser is sent in the end, unless there are pages: the address has no code or ticket.
"""
_COOKIE: Final = "zhuanjie-sign-in"
_MOST: Final = 64 * 1024

router = APIRouter(prefix="/sign-in", include_in_schema=False)


@router.get("")
def providers(register: Register) -> dict[str, str]:
    """The servers that people can sign in at, and what they are called."""
    return register.access.sign_ins.providers


@router.get("/{provider}")
def begin(request: Request, register: Register, provider: str) -> Response:
    """Send the browser to a server."""
    begun = register.access.sign_ins.begin(provider)
    answer = RedirectResponse(begun.url, 303)
    # Strict would not come back with the browser, which another site sends.
    answer.set_cookie(_COOKIE, begun.browser, path=PATH, httponly=True, samesite="lax",
                      secure=is_secure(request), max_age=register.access.settings.sign_in)
    return answer


@router.get("/{provider}/callback")
def finish(request: Request, register: Register, provider: str) -> Response:
    """Let in who comes back."""
    done = register.access.sign_ins.finish(
        provider, dict(request.query_params), request.cookies.get(_COOKIE, ""),
        address=request.client.host if request.client is not None else None,
        instead_of=request.cookies.get(cookie_name(request)))
    answer = RedirectResponse(getattr(request.app.state, "afterwards", AFTERWARDS), 303)
    answer.delete_cookie(_COOKIE, path=PATH, httponly=True, samesite="lax",
                         secure=is_secure(request))
    answer.set_cookie(cookie_name(request), done.token, path="/", httponly=True,
                      secure=is_secure(request), samesite="lax")
    return answer


@router.post("/{provider}/callback", status_code=204)
async def log_out(request: Request, register: Register, provider: str) -> None:
    """End the sessions that a server says have ended (CAS: single log-out)."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _MOST:
            raise HttpError(413, "register.http.large", {"limit": _MOST})
    try:
        form = {name: values[0] for name, values in parse_qs(
            body.decode(), max_num_fields=8).items()}
    except ValueError:
        form = {}
    await run_in_threadpool(register.access.sign_ins.log_out_from, provider, form)
