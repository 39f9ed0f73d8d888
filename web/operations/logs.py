"""What a register says of itself. In: records of `logging`. Out: JSON, a line each, nobody in it.

A line has only fields of this list, each of a form that holds no name and no number of anybody's: a
path is told by its route's template, a failure by its kind and where it happened. A message stands
in the log if it is a text of the program's own source; what was put into it does not.
"""

from __future__ import annotations

import linecache
import logging
import re
import sys
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TextIO

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from zhuanjie.web.operations.metrics import OTHER, RegisterMetrics

ACCESS: Final = logging.getLogger("zhuanjie.access")
_LINES: Final = 12
"""How far after a call's line its message may stand."""
_FRAMES: Final = 8
_METHODS: Final = re.compile(r"[A-Z]{3,7}")
_FORMS: Final[dict[str, Callable[[Any], bool]]] = {
    # A letter has to be in it: what is of figures alone may be somebody's number.
    "request": lambda v: isinstance(v, str) and bool(
        re.fullmatch(r"(?=.*[a-f])(?:[0-9a-f]{16}|[0-9a-f]{32})", v)),
    "method": lambda v: isinstance(v, str) and bool(_METHODS.fullmatch(v)),
    "route": lambda v: isinstance(v, RouteTemplate),
    "status": lambda v: isinstance(v, int) and 100 <= v <= 599,
    "ms": lambda v: isinstance(v, int | float) and 0 <= v < 1e7,
    "actor": lambda v: isinstance(v, ActorId),
    "duty": lambda v: isinstance(v, str) and bool(re.fullmatch(r"[a-z][a-z-]{0,30}", v)),
}
"""The fields of a line, beside its time, level and place, and what each may hold."""


class RouteTemplate(str):
    """The template of a route, such as `/members/{key}`: said so by who read it off the route."""

    __slots__ = ()


class ActorId(str):
    """The id of a user or a key that the register gave out: said so by who looked it up."""

    __slots__ = ()


class JsonLines(logging.Formatter):
    """Puts a record into a line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, Any] = {"at": at, "level": record.levelname.lower(), "log": record.name,
                                "from": f"{Path(record.pathname).name}:{record.lineno}"}
        if (said := _own_words(record)) is not None:
            line["message"] = said
        for name, holds in _FORMS.items():
            value = record.__dict__.get(name)
            if value is not None and holds(value):
                line[name] = str(value) if isinstance(value, str) else value
        if record.exc_info and record.exc_info[1] is not None:
            line["failure"] = failure(record.exc_info[1])
        return orjson.dumps(line).decode()


def failure(error: BaseException) -> dict[str, Any]:
    """What an exception was and where, without its message, which may quote what it met."""
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    return {"kind": f"{type(error).__module__}.{type(error).__qualname__}",
            "at": [f"{Path(f.filename).name}:{f.lineno}" for f in frames]}


def _own_words(record: logging.LogRecord) -> str | None:
    """The message before anything was put into it, if the source has it in these words."""
    text = record.msg
    if not isinstance(text, str) or not text:
        return None
    source = linecache.getlines(record.pathname)[record.lineno - 1:record.lineno - 1 + _LINES]
    literal = re.compile(rf"[\"']{re.escape(text)}[\"']")
    return text if literal.search("".join(source)) else None


def log_to(out: TextIO | None = None, level: int = logging.INFO) -> logging.Handler:
    """Have every log of the process written so, and none in another way."""
    handler = logging.StreamHandler(out or sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "sqlalchemy", "alembic"):
        log = logging.getLogger(name)
        log.handlers.clear()
        log.propagate = True
    logging.getLogger("uvicorn.access").disabled = True  # it writes whole paths
    logging.getLogger("alembic").setLevel(logging.WARNING)
    return handler


class Observed:
    """Every request measured, and told in the log once it is answered."""

    def __init__(self, app: ASGIApp, metrics: RegisterMetrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun, status = time.perf_counter(), 500

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        self._metrics.in_flight.inc()
        try:
            await self._app(scope, receive, noted)
        finally:
            self._metrics.in_flight.dec()
            seconds = time.perf_counter() - begun
            route, method = template_of(scope), scope["method"]
            self._metrics.answered(method, route, status, seconds)
            state = scope.get("state") or {}
            if isinstance(code := state.get("refused"), str):
                self._metrics.refused(code)
            actor = getattr(state.get("actor"), "id", None)
            ACCESS.info("answered", extra={
                "request": state.get("id"), "method": method if _METHODS.fullmatch(method)
                else None, "route": route, "status": status, "ms": round(seconds * 1000, 1),
                "actor": ActorId(actor) if isinstance(actor, str) else None})


def template_of(scope: Scope) -> RouteTemplate:
    """The template of the route that a request came to; OTHER where there was none."""
    path = getattr(scope.get("route"), "path", None)
    endpoint = scope.get("endpoint")
    if path is None and endpoint is not None:  # FastAPI names its own routes alone
        path = next((r.path for r in getattr(scope.get("app"), "routes", ())
                     if getattr(r, "endpoint", None) is endpoint), None)
    return RouteTemplate(path if isinstance(path, str) else OTHER)
