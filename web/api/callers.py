"""Who asks. In: a request's key, or its session's cookie. Out: an actor, or a refusal.

A browser sends its cookie with whatever any page makes it ask. So a change by cookie counts only
where the browser says that a page of this register asked (Sec-Fetch-Site, else Origin), and where
the request has the token that only such a page can know.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from typing import Final

from fastapi import Request, Security
from fastapi.security import APIKeyCookie, HTTPBearer
from sqlalchemy.exc import SQLAlchemyError

from zhuanjie.engine.api import ZhuanjieError
from zhuanjie.web.access.errors import LoginError
from zhuanjie.web.api.limits import RequestLimits
from zhuanjie.web.api.problem import CHALLENGE, HttpError
from zhuanjie.web.api.settings import HttpSettings
from zhuanjie.web.service.register import Register
from zhuanjie.web.store.event import Actor

COOKIE: Final = "zhuanjie-session"
TOKEN: Final = "x-csrf-token"
SAFE: Final = frozenset({"GET", "HEAD"})
_OWN: Final = frozenset({"same-origin", "none"})

by_key = HTTPBearer(scheme_name="key", auto_error=False,
                    description="a program's key: `zhuanjie_…`")
by_session = APIKeyCookie(name=COOKIE, scheme_name="session", auto_error=False,
                          description="a session, begun by `POST /session`; changes need its "
                                      "`X-CSRF-Token` besides")


def caller_of(request: Request, _key: object = Security(by_key),
              _session: object = Security(by_session)) -> Actor:
    """Who asks; raises HttpError, LoginError, ForbiddenError."""
    limits: RequestLimits = request.app.state.limits
    try:
        actor = _let_in(request)
    except LoginError:
        limits.of_stranger(request.scope)
        raise
    except HttpError as error:
        if error.status == 401:
            limits.of_stranger(request.scope)
        raise
    request.state.actor = actor  # for the log
    limits.of_actor(actor, request.method, request.url.path)
    return actor


def stranger(request: Request) -> None:
    """Count a request that nobody need be signed in for; raises HttpError."""
    limits: RequestLimits = request.app.state.limits
    limits.of_stranger(request.scope)


def _let_in(request: Request) -> Actor:
    access = _register(request).access
    key = key_of(request)
    if key is not None:
        return access.actor_of_key(key)
    token = session_of(request)
    if request.method not in SAFE:
        check_page(request)
        check_token(request, token)
    return access.actor_of_session(token)


def still(request: Request, register: Register) -> Callable[[], bool]:
    """What tells whether whoever asked would still be let in: their key or session holds."""
    key = key_of(request)
    token = None if key is not None else session_of(request)

    def holds() -> bool:
        try:
            if key is not None:
                register.access.actor_of_key(key)
            else:
                register.access.actor_of_session(token or "")
        except SQLAlchemyError:  # nobody knows just now; they are asked again
            return True
        except ZhuanjieError:
            return False
        return True

    return holds


def key_of(request: Request) -> str | None:
    """The key of a program, where one is given."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" and key.strip() else None


def session_of(request: Request) -> str:
    """The token of a session; raises HttpError where there is none."""
    token = request.cookies.get(cookie_name(request))
    if not token:
        raise HttpError(401, "register.http.login", headers=CHALLENGE)
    return token


def cookie_name(request: Request) -> str:
    """What the cookie is called: over TLS, so that no other host can have set it."""
    return f"__Host-{COOKIE}" if is_secure(request) else COOKIE


def is_secure(request: Request) -> bool:
    """Whether the request came over TLS."""
    http: HttpSettings = request.app.state.http
    return http.secure or request.url.scheme == "https"


def check_page(request: Request) -> None:
    """Raise HttpError where a page of another site asks, or nobody can tell."""
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    own = origin is not None and _is_own(request, origin)
    if not (own if site is None else site in _OWN) or (origin is not None and not own):
        raise HttpError(403, "register.http.origin")


def csrf_of(token: str) -> str:
    """What a page that belongs to a session knows of it, and no other does."""
    return hmac.digest(token.encode(), b"csrf", hashlib.sha256).hex()


def check_token(request: Request, token: str) -> None:
    """Raise HttpError where a change lacks the token of its session."""
    said = request.headers.get(TOKEN, "")
    if not hmac.compare_digest(said.encode("utf-8", "surrogatepass"), csrf_of(token).encode()):
        raise HttpError(403, "register.http.token")


def _is_own(request: Request, origin: str) -> bool:
    http: HttpSettings = request.app.state.http
    if http.address is not None and origin.lower() == http.address:
        return True
    return origin.lower() == f"{request.url.scheme}://{request.headers.get('host', '').lower()}"


def _register(request: Request) -> Register:
    register: Register = request.app.state.register
    return register
