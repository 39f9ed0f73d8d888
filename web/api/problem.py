"""What an answer says of a failure. In: an error. Out: a problem (RFC 9457), in Chinese or English.

A problem has a code, which never changes, beside words, which may; no text of the program's own
insides, and no value that the caller did not send.
"""

from __future__ import annotations

import errno
import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from pathlib import PurePath
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.exc import (
    DBAPIError,
    InterfaceError,
    OperationalError,
    SQLAlchemyError,
)
from sqlalchemy.exc import (
    TimeoutError as PoolTimeoutError,
)
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Scope

from zhuanjie.engine.api import (
    BackendError,
    Diagnostic,
    InputError,
    Lang,
    OutputError,
    PolicyError,
    Text,
    UsageError,
    ZhuanjieError,
    default_lang,
    hide_numbers,
    say,
)
from zhuanjie.web.access.errors import LockedOutError, LoginError
from zhuanjie.web.store.database import lost
from zhuanjie.web.store.errors import (
    ConflictError,
    ForbiddenError,
    NotFoundError,
    RefusedError,
)

MEDIA: Final = "application/problem+json"
_LOG: Final = logging.getLogger(__name__)

STATUS: Final[Mapping[type[ZhuanjieError], int]] = {
    LoginError: 401, LockedOutError: 429, NotFoundError: 404, ForbiddenError: 403,
    ConflictError: 409, RefusedError: 422,
    UsageError: 400, InputError: 422, OutputError: 507, PolicyError: 500, BackendError: 500,
}
"""The status of an error, by the nearest of its classes."""
AWAY: Final = (OperationalError, InterfaceError, PoolTimeoutError)
"""A database that cannot be had now, not one that was asked wrongly."""
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
CHALLENGE: Final = {"www-authenticate": 'Bearer realm="zhuanjie"'}
_RETRY: Final = {"retry-after": "2"}


class FieldProblem(BaseModel):
    """What is wrong with one value of a request."""

    at: str = Field(description="where it stands: body.values.member.name, query.limit",
                    examples=["query.limit"])
    code: str = Field(examples=["int_parsing"])
    detail: str = Field(examples=["这里要一个整数"])


class Problem(BaseModel):
    """Why a request was not carried out (RFC 9457)."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(examples=["urn:zhuanjie:problem:register.none"])
    title: str = Field(examples=["没有找到"])
    status: int = Field(examples=[404])
    detail: str = Field(examples=["没有这条记录，或者不在您的单位"])
    code: str = Field(description="what is wrong, for programs", examples=["register.none"])
    instance: str | None = Field(
        default=None, description="this request, as the server's log knows it",
        examples=["urn:zhuanjie:request:9f2c51d07ab4e310"])
    hint: str | None = Field(default=None, description="what to do")
    values: dict[str, Any] | None = Field(default=None, description="what `detail` quotes")
    errors: list[FieldProblem] | None = Field(default=None, description="value by value")
    changes: list[dict[str, Any]] | None = Field(
        default=None, description="what others changed since the version that was sent")
    findings: list[dict[str, Any]] | None = Field(
        default=None, description="the clauses that stand against it, and what would mend it")
    decision: str | None = Field(default=None, description="the id of what was judged")
    fix: dict[str, Any] | None = Field(
        default=None, description="the smallest changes that would let the act through")


class HttpError(Exception):
    """A refusal of the interface itself: a status, a code, and what its message quotes."""

    def __init__(self, status: int, code: str, values: Mapping[str, Any] | None = None,
                 headers: Mapping[str, str] | None = None) -> None:
        super().__init__(code)
        self.status, self.code = status, code
        self.values, self.headers = dict(values or {}), dict(headers or {})


class BodyError(HTTPException):
    """A body that is cut off while it is read; passes through whoever reads it."""

    def __init__(self, status: int, code: str, **values: Any) -> None:
        super().__init__(status)
        self.code, self.values = code, values


def language(headers: Headers) -> Lang:
    """The language that a caller prefers, of the two that there are."""
    best, weight = default_lang(), 0.0
    for part in headers.get("accept-language", "").lower().split(","):
        tag, _, rest = part.strip().partition(";")
        try:
            wanted = float(rest.strip().removeprefix("q=")) if rest else 1.0
        except ValueError:
            continue
        name = tag.split("-")[0]
        if wanted > weight and name in {"zh", "en"}:
            best, weight = ("zh" if name == "zh" else "en"), wanted
    return best


def refusal(scope: Scope, status: int, code: str, *, headers: Mapping[str, str] | None = None,
            **values: Any) -> Response:
    """The answer to a request that fails with `code`."""
    return _answer(scope, status, Diagnostic(code, values), headers=headers)


def handle_errors(app: FastAPI) -> None:
    """Have every failure of `app` answered as a problem."""
    app.add_exception_handler(ZhuanjieError, _of_ours)
    app.add_exception_handler(HttpError, _of_http)
    app.add_exception_handler(HTTPException, _of_starlette)
    app.add_exception_handler(RequestValidationError, _of_request)
    app.add_exception_handler(SQLAlchemyError, _of_database)
    app.add_exception_handler(OSError, _of_system)


def _of_ours(request: Request, error: Exception) -> Response:
    assert isinstance(error, ZhuanjieError)
    status = status_of(error)
    if status == 409 and "if-match" in request.headers:
        status = 412
    if status >= 500:
        _LOG.error("%s", [d.code for d in error.diagnostics], extra={"request": _id(request.scope)})
    lang = language(request.headers)
    headers = CHALLENGE if status == 401 else {}
    if isinstance(error, LockedOutError):
        headers = {"retry-after": str(max(1, error.retry_after))}
    return _answer(request.scope, status, _first(error), _more(error, lang), headers=headers)


def status_of(error: ZhuanjieError) -> int:
    """The status of an answer to what raised `error`."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 400)


def problem_of(error: ZhuanjieError, lang: Lang) -> dict[str, Any]:
    """A problem of one part of a request, as plain data."""
    problem = _problem(status_of(error), _first(error), lang, _more(error, lang))
    return problem.model_dump(mode="json", exclude_none=True)


def _first(error: ZhuanjieError) -> Diagnostic:
    return error.diagnostics[0] if error.diagnostics else Diagnostic("register.http.internal")


def _more(error: ZhuanjieError, lang: Lang) -> dict[str, Any]:
    """What kinds of errors say besides."""
    more: dict[str, Any] = {}
    if isinstance(error, ConflictError):
        more["changes"] = [dict(change) for change in error.changes]
    if isinstance(error, RefusedError):
        more |= {"findings": [dict(found) for found in error.findings],
                 "decision": error.decision, "fix": error.fix}
    if len(error.diagnostics) > 1:
        more["errors"] = [{"at": _place(d), "code": d.code, "detail": say(d.code, lang, **d.args)}
                          for d in error.diagnostics]
    return more


def _of_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HttpError)
    return _answer(request.scope, error.status, Diagnostic(error.code, error.values),
                   headers=error.headers)


def _of_starlette(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if isinstance(error, BodyError):
        return refusal(request.scope, error.status_code, error.code, **error.values)
    code = {404: "register.http.none", 405: "register.http.method"}.get(
        error.status_code, "register.http.unreadable")
    return refusal(request.scope, error.status_code, code, headers=error.headers)


def _of_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    lang = language(request.headers)
    errors = []
    for found in error.errors():
        kind = str(found["type"])
        code = f"register.value.{kind}"
        try:
            detail = say(code, lang, **_plain(found.get("ctx", {}), lang))
        except KeyError:
            detail = say("register.value", lang)
        errors.append({"at": ".".join(map(str, found["loc"])), "code": kind, "detail": detail})
    return _answer(request.scope, 422, Diagnostic("register.http.values"), {"errors": errors})


def _of_database(request: Request, error: Exception) -> Response:
    if not isinstance(error, AWAY):
        raise error
    _LOG.error("the database: %s", type(error).__name__, extra={"request": _id(request.scope)})
    return refusal(request.scope, 503, database_code(error), headers=_RETRY)


def database_code(error: Exception) -> str:
    """What is said of a database that cannot be had now."""
    away = isinstance(error, DBAPIError) and lost(error)
    return "register.http.database" if away else "register.http.busy"


def _of_system(request: Request, error: Exception) -> Response:
    if not isinstance(error, OSError) or error.errno not in _FULL:
        raise error
    _LOG.error("no room on the disk", extra={"request": _id(request.scope)})
    return refusal(request.scope, 507, "register.http.room")


def _answer(scope: Scope, status: int, said: Diagnostic, more: Mapping[str, Any] | None = None, *,
            headers: Mapping[str, str] | None = None) -> Response:
    lang = language(Headers(scope=scope))
    scope.setdefault("state", {})["refused"] = said.code
    problem = _problem(status, said, lang, {
        "instance": f"urn:zhuanjie:request:{_id(scope)}", **(more or {})})
    return Response(problem.model_dump_json(exclude_none=True), status, media_type=MEDIA,
                    headers={"content-language": lang, **(headers or {})})


def _problem(status: int, said: Diagnostic, lang: Lang, more: Mapping[str, Any]) -> Problem:
    return Problem(
        type=f"urn:zhuanjie:problem:{said.code}", title=_title(status, lang), status=status,
        detail=say(said.code, lang, **said.args), code=said.code,
        hint=say(said.hint, lang, **said.args) if said.hint else None,
        values=_plain(said.args, lang) or None, **more)


def _title(status: int, lang: Lang) -> str:
    try:
        return say(f"register.status.{status}", lang)
    except KeyError:
        return HTTPStatus(status).phrase


def _id(scope: Scope) -> str:
    return str(scope.get("state", {}).get("id", ""))


def _place(said: Diagnostic) -> str:
    at = said.place
    file = None if at.file is None else PurePath(at.file).name  # where it is kept is told nobody
    return ":".join(str(part) for part in (file, at.sheet, at.line, at.path) if part is not None)


def _plain(values: Mapping[str, Any], lang: Lang) -> dict[str, Any]:
    """Values as JSON has them, nobody's number among them."""
    return {name: _shown(value, lang) for name, value in values.items()}


def _shown(value: Any, lang: Lang) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Text):
        return getattr(value, lang)
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_shown(each, lang) for each in value]
    return hide_numbers(str(value))
