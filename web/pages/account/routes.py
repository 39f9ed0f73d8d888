"""One's own account. In: forms. Out: one-time codes, the language and looks of pages."""

from __future__ import annotations

import secrets
from typing import Final

import segno
from fastapi import APIRouter, Request
from markupsafe import Markup
from starlette.responses import RedirectResponse, Response

from zhuanjie.engine.api import ZhuanjieError
from zhuanjie.web.access.logins import LoggedIn
from zhuanjie.web.access.tables import LOCAL
from zhuanjie.web.access.units import unit_tree
from zhuanjie.web.api.callers import check_page, is_secure
from zhuanjie.web.pages.errors import describe_error
from zhuanjie.web.pages.frame import go, render
from zhuanjie.web.pages.login.routes import Stranger, address_of, with_session
from zhuanjie.web.pages.once import shown_once
from zhuanjie.web.pages.visitors import (
    LANGUAGE,
    THEME,
    Seen,
    Sent,
    Typed,
    Visitor,
    own_path,
    register_of,
)

router = APIRouter()
_YEAR: Final = 366 * 24 * 3600
_LONGEST: Final = 400
"""Characters of an address for an app: what a telephone can still read as a QR code."""
_CHOICES: Final = {"language": (LANGUAGE, {"zh", "en"}),
                   "theme": (THEME, {"auto", "light", "dark"})}


@router.get("/account")
def show(request: Request, visitor: Seen) -> Response:
    """Who one is here, and what one may do."""
    return _account(request, visitor)


@router.post("/account/code")
def show_code(request: Request, visitor: Sent, typed: Typed) -> Response:
    """Show a one-time code, for what asks for one."""
    try:
        done = register_of(request).access.logins.show_code(visitor.token, typed.one("code"))
    except ZhuanjieError as error:
        return _account(request, visitor, error)
    return with_session(request, go(request, own_path(typed.one("next", "/account")),
                                    "account.code_shown"), done)


@router.post("/account/codes")
def enrol(request: Request, visitor: Sent, typed: Typed) -> Response:
    """Begin to use an app for one-time codes."""
    password = next((v for name, v in typed.texts if name == "password"), None)
    try:
        uri = register_of(request).access.logins.enrol(visitor.token, password,
                                                       address=address_of(request))
    except ZhuanjieError as error:
        return _account(request, visitor, error)
    return _enrolling(request, visitor, uri, None)


@router.post("/account/codes/confirm")
def confirm(request: Request, visitor: Sent, typed: Typed) -> Response:
    """Show the app's first code; recovery codes are shown this once."""
    done: LoggedIn
    try:
        done, codes = register_of(request).access.logins.confirm(visitor.token, typed.one("code"))
    except ZhuanjieError as error:
        return _enrolling(request, visitor, typed.one("uri"), error)
    now = Visitor(done.session, visitor.permissions, done.token, visitor.lang, visitor.theme)
    once = secrets.token_hex(16)
    shown_once(request).make(now, once, lambda: codes)
    return with_session(request, go(request, f"/account/codes/recovery?made={once}"), done)


@router.get("/account/codes/recovery")
def recovery(request: Request, visitor: Seen, made: str = "") -> Response:
    """The recovery codes that were just made, this once."""
    codes = shown_once(request).take(visitor, made)
    if codes is None:
        return go(request, "/account")
    return render(request, visitor, "account/recovery.html", codes=codes)


@router.post("/preferences", dependencies=[Stranger])
def prefer(request: Request, typed: Typed) -> Response:
    """Choose the language of pages, light or dark; for whoever is not signed in, too."""
    check_page(request)
    answer = RedirectResponse(own_path(typed.one("next")), 303)
    for name, (cookie, known) in _CHOICES.items():
        if (value := typed.one(name)) in known:
            answer.set_cookie(cookie, value, max_age=_YEAR, path="/", httponly=True,
                              samesite="lax", secure=is_secure(request))
    return answer


def _account(request: Request, visitor: Visitor, error: ZhuanjieError | None = None) -> Response:
    register, session = register_of(request), visitor.session
    with register.database.reading() as conn:
        unit = unit_tree(conn).units.get(session.unit)
    table = register.guard.table
    said = describe_error(error, visitor.lang) if error is not None else None
    return render(
        request, visitor, "account/account.html", error=said,
        status=said["status"] if said else 200, unit=unit.title if unit else session.unit,
        role=table.roles[session.role].title, local=session.provider == LOCAL,
        allowed=[p for name, p in table.permissions.items() if name in visitor.permissions])


def _enrolling(request: Request, visitor: Visitor, uri: str,
               error: ZhuanjieError | None) -> Response:
    said = describe_error(error, visitor.lang) if error is not None else None
    uri = uri if uri.startswith("otpauth://") and len(uri) <= _LONGEST else ""
    secret = uri.partition("secret=")[2].partition("&")[0]
    return render(request, visitor, "account/enrol.html", uri=uri, error=said, qr=_qr(uri),
                  status=said["status"] if said else 200,
                  secret=" ".join(secret[i:i + 4] for i in range(0, len(secret), 4)))


def _qr(uri: str) -> Markup | None:
    """The address as a QR code, part of the page: no other request, no style of its own."""
    if not uri:
        return None
    # Light on its own, whatever the page's colours: telephones read dark on light.
    code = segno.make_qr(uri, error="m")
    return Markup(code.svg_inline(scale=4, light="#fff", svgclass="qr", lineclass=None))
