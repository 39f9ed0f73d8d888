"""What a page says of a failure. In: an error. Out: a page, or a part for the page that is there.

Programs are answered by the interface's own problems, as before.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote, urlsplit

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Scope

from zhuanjie.engine.api import Diagnostic, FieldTable, Lang, ZhuanjieError, say
from zhuanjie.web.api.problem import (
    AWAY,
    BodyError,
    HttpError,
    database_code,
    refusal,
    status_of,
)
from zhuanjie.web.pages.frame import go, render
from zhuanjie.web.pages.visitors import (
    LoginNeeded,
    PasswordNeeded,
    Visitor,
    is_part,
    own_path,
    register_of,
    session_visitor,
    wanted_language,
)
from zhuanjie.web.service.saying import told
from zhuanjie.web.store.errors import ConflictError, RefusedError

LOGIN: Final = "/login"
PASSWORD: Final = "/login/password"
_LOG: Final = logging.getLogger(__name__)
_PROGRAMS: Final = ("/api/", "/healthz", "/readyz", "/metrics")
_SIGN_IN: Final = "/api/v1/sign-in/"
_INTO_MESSAGES: Final = {"hx-retarget": "#messages", "hx-reswap": "innerHTML show:#messages:top"}
Handler = Callable[[Request, Exception], Response]


def is_page(path: str) -> bool:
    """Whether people look at what is at `path`."""
    return path.startswith(_SIGN_IN) or not path.startswith(_PROGRAMS)


def page_errors(app: FastAPI) -> None:
    """Have failures of pages answered as pages, those of the interface as before."""
    known: Mapping[Any, Any] = dict(app.exception_handlers)
    for kind, said in ((ZhuanjieError, _of_ours), (HttpError, _of_http),
                       (HTTPException, _of_starlette), (RequestValidationError, _of_values),
                       (SQLAlchemyError, _of_database)):
        app.add_exception_handler(kind, _either(said, known[kind]))
    app.add_exception_handler(LoginNeeded, _to_login)
    app.add_exception_handler(PasswordNeeded, _to_password)


def page_refusal(scope: Scope, status: int, code: str, **values: Any) -> Response:
    """The answer to a request that does not pass the gate, or that the program fails at."""
    if not is_page(scope["path"]):
        return refusal(scope, status, code, **values)
    scope.setdefault("state", {})["refused"] = code
    return _error_page(Request(scope), None, status, Diagnostic(code, values))


def describe_error(error: ZhuanjieError, lang: Lang,
                   fields: FieldTable | None = None) -> dict[str, Any]:
    """What `parts/error.html` shows of an error: `status`, `title`, `messages`, `hint`, and what
    its kind brings (`findings`, `changes`, `decision`). `fields` are called by their names.
    """
    first = error.diagnostics[0] if error.diagnostics else Diagnostic("register.http.internal")
    status = status_of(error)
    found = _described(status, first, lang)
    found["messages"] = [told(d, lang, fields) for d in error.diagnostics] or \
        found["messages"]
    if isinstance(error, RefusedError):
        found |= {"findings": [dict(each) for each in error.findings], "decision": error.decision}
    if isinstance(error, ConflictError):
        found["changes"] = [dict(each) for each in error.changes]
    return found


def error_page(request: Request, visitor: Visitor | None, error: ZhuanjieError) -> Response:
    """The page, or the part, that says what an error says."""
    found = describe_error(error, visitor.lang if visitor else wanted_language(request),
                           register_of(request).vocabulary.fields)
    return _shown(request, visitor, found)


def _either(page: Handler, program: Handler) -> Any:
    def answer(request: Request, error: Exception) -> Response:
        return (page if is_page(request.url.path) else program)(request, error)

    return answer


def _of_ours(request: Request, error: Exception) -> Response:
    assert isinstance(error, ZhuanjieError)
    if status_of(error) >= 500:
        _LOG.error("%s", [d.code for d in error.diagnostics],
                   extra={"request": request.scope["state"].get("id")})
    return error_page(request, _visitor(request), error)


def _of_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HttpError)
    answer = _error_page(request, _visitor(request), error.status,
                         Diagnostic(error.code, error.values))
    answer.headers.update(error.headers)
    return answer


def _of_starlette(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if isinstance(error, BodyError):
        said = Diagnostic(error.code, error.values)
    else:
        said = Diagnostic({404: "register.http.none", 405: "register.http.method"}.get(
            error.status_code, "register.http.unreadable"))
    return _error_page(request, _visitor(request), error.status_code, said)


def _of_values(request: Request, _error: Exception) -> Response:
    return _error_page(request, _visitor(request), 422, Diagnostic("register.http.values"))


def _of_database(request: Request, error: Exception) -> Response:
    if not isinstance(error, AWAY):
        raise error
    _LOG.error("the database: %s", type(error).__name__,
               extra={"request": request.scope["state"].get("id")})
    return _error_page(request, None, 503, Diagnostic(database_code(error)))


def _to_login(request: Request, error: Exception) -> Response:
    assert isinstance(error, LoginNeeded)
    if error.form is not None:
        return render(request, None, "login/login.html", status=401,
                      next=_address(request) if error.form.texts else _asking_page(request),
                      kept=error.form.texts, lost=error.form.has_files, expired=True, error=None,
                      user="", code=False,
                      providers=request.app.state.register.access.sign_ins.providers,
                      headers={"hx-retarget": "body", "hx-reswap": "innerHTML"})
    return go(request, _with_next(request))


def _asking_page(request: Request) -> str:
    """The page that a form came from: where nothing was typed, there is nothing to send again."""
    return _path_of(request.headers.get("referer", ""))


def _address(request: Request) -> str:
    query = request.url.query
    return f"{request.url.path}?{query}" if query else request.url.path


def _to_password(request: Request, _error: Exception) -> Response:
    return go(request, PASSWORD)


def _with_next(request: Request) -> str:
    """The login, and where to go from there."""
    path = request.url.path
    if is_part(request):  # to the page, not to a part of it
        path = _path_of(request.headers.get("hx-current-url", ""))
    elif request.url.query:
        path += f"?{request.url.query}"
    return LOGIN if path in {"", "/"} else f"{LOGIN}?next={quote(path, safe='/')}"


def _path_of(address: str) -> str:
    """The path and query of a page of ours, as a header has its address."""
    try:
        shown = urlsplit(address)
    except ValueError:
        return "/"
    return own_path(shown.path + (f"?{shown.query}" if shown.query else ""))


def _visitor(request: Request) -> Visitor | None:
    try:
        return session_visitor(request)
    except (LoginNeeded, PasswordNeeded, SQLAlchemyError):
        return None


def _error_page(request: Request, visitor: Visitor | None, status: int,
                said: Diagnostic) -> Response:
    lang = visitor.lang if visitor else wanted_language(request)
    request.scope.setdefault("state", {})["refused"] = said.code
    return _shown(request, visitor, _described(status, said, lang))


def _shown(request: Request, visitor: Visitor | None, found: dict[str, Any]) -> Response:
    template, headers = "errors/error.html", {}
    # What the log has: only where the program is at fault is there anything to look up.
    state = request.scope.get("state", {})
    found["request"] = state.get("id") if found["status"] >= 500 else None
    if is_part(request):
        template, headers = "errors/_error.html", _INTO_MESSAGES
    return render(request, visitor, template, status=found["status"], headers=headers,
                  error=found)


def _described(status: int, said: Diagnostic, lang: Lang) -> dict[str, Any]:
    try:
        title = say(f"register.status.{status}", lang)
    except KeyError:
        title = str(status)
    return {"status": status, "title": title, "code": said.code,
            "messages": [told(said, lang)],
            "hint": told(Diagnostic(said.hint, said.args), lang) if said.hint else None,
            "findings": [], "changes": [], "decision": None}
