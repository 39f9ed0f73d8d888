"""What every request passes first. In: a request as it came. Out: it, or a refusal; safe headers.

Nothing of a body is read before its size is known to be allowed, and whoever sends too much or too
slowly is cut off. What a proxy says of a caller counts only from the networks of the settings.
"""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
import traceback
from collections.abc import Callable, Iterable
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from zhuanjie.web.api.problem import BodyError, refusal
from zhuanjie.web.api.settings import HttpSettings

METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})
API_POLICY: Final = (
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
_ALWAYS: Final = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
_UNLESS_SAID: Final = {"content-security-policy": API_POLICY, "cache-control": "no-store",
                       "referrer-policy": "no-referrer"}
_HSTS: Final = "max-age=31536000; includeSubDomains"
_LOG: Final = logging.getLogger(__name__)
_ROOT: Final = Path(__file__).resolve().parents[2]
_WATCHED: Final = frozenset({"/healthz", "/readyz"})
_PATH_LENGTH: Final = 2048
_QUERY_LENGTH: Final = 8192
_LENGTH_DIGITS: Final = 18
_CONTROLS: Final = re.compile(rb"[\x00-\x1f\x7f]|%(?:0[0-8bcef]|1[0-9a-f]|7f)", re.I)
"""What no text has, and not every database takes: a path has none either."""


class Gate:
    """Asks of every request what holds for all, and sets the headers of every answer."""

    def __init__(self, app: ASGIApp, settings: HttpSettings, takes_files: Callable[[str], bool],
                 refuse: Callable[..., Response] = refusal) -> None:
        """`takes_files` tells the paths whose bodies may be as large as a file that is sent;
        `refuse` makes the answer to what does not pass, out of a scope, a status and a code.
        """
        self._app, self._settings = app, settings
        self._takes_files, self._refuse = takes_files, refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        self._believe_proxy(scope, headers)
        request = scope.setdefault("state", {})
        request["id"] = secrets.token_hex(8)
        answered = _Answer(send, secure=scope["scheme"] == "https" or self._settings.secure,
                           request_id=request["id"])
        code, status = self._refused(scope, headers)
        if code is not None:
            await self._refuse(scope, status, code, limit=self._limit(scope))(
                scope, receive, answered)
            return
        body = _Body(receive, self._limit(scope), self._settings.seconds)
        try:
            await self._app(scope, body, answered)
        except BodyError as error:
            if answered.begun:
                raise
            await self._refuse(scope, error.status_code, error.code, **error.values)(
                scope, receive, answered)
        except Exception as error:
            # Its message may quote what the register holds: the log has where, and nothing else.
            _LOG.error("a failure of the program: %s", where(error),
                       extra={"request": request["id"]})
            if answered.begun:
                raise
            await self._refuse(scope, 500, "register.http.internal")(scope, receive, answered)

    def _refused(self, scope: Scope, headers: Headers) -> tuple[str | None, int]:
        if scope["method"] not in METHODS:
            return "register.http.method", 405
        path = scope["path"]
        # Who watches over a machine asks by its number.
        if path not in _WATCHED and not self._settings.knows_host(headers.get("host", "")):
            return "register.http.host", 421
        if len(path) > _PATH_LENGTH or len(scope["query_string"]) > _QUERY_LENGTH:
            return "register.http.long", 414
        if not path.isprintable() or "\\" in path or ".." in path.split("/"):
            return "register.http.path", 404
        if _CONTROLS.search(scope["query_string"]):
            return "register.http.query", 400
        length = headers.get("content-length")
        if length is not None:
            if not (length.isascii() and length.isdigit() and len(length) <= _LENGTH_DIGITS):
                return "register.http.length", 400
            if int(length) > self._limit(scope):
                return "register.http.large", 413
        return None, 0

    def _limit(self, scope: Scope) -> int:
        return self._settings.upload if self._takes_files(scope["path"]) else self._settings.body

    def _believe_proxy(self, scope: Scope, headers: Headers) -> None:
        """Take who asks, and over what, from a proxy of the settings."""
        client = scope.get("client")
        if client is None or not self._trusts(client[0]):
            return
        proto = headers.get("x-forwarded-proto", "").strip().lower()
        if proto in {"http", "https"}:
            scope["scheme"] = proto
        chain = [part.strip() for part in headers.get("x-forwarded-for", "").split(",")]
        found = _nearest(reversed([part for part in chain if part]), self._trusts)
        if found is not None:
            scope["client"] = (found, 0)

    def _trusts(self, address: str) -> bool:
        try:
            known = ip_address(address)
        except ValueError:
            return False
        return any(known in network for network in self._settings.proxies)


def _nearest(chain: Iterable[str], trusts: Callable[[str], bool]) -> str | None:
    """The last address that is no proxy of ours: what stands before it anybody can have written."""
    for part in chain:
        try:
            address = str(ip_address(part))
        except ValueError:
            return None
        if not trusts(address):
            return address
    return None


def where(error: BaseException) -> str:
    """The innermost line of ours that `error` passed, and its kind."""
    at = ""
    for frame in traceback.extract_tb(error.__traceback__):
        file = Path(frame.filename).resolve()
        if file.is_relative_to(_ROOT):
            at = f"{file.relative_to(_ROOT).as_posix()}:{frame.lineno}, "
    return at + type(error).__name__


class _Body:
    """A body that is read within bounds of size and time."""

    def __init__(self, receive: Receive, limit: int, seconds: int) -> None:
        self._receive, self._limit = receive, limit
        self._seconds, self._size, self._ended = seconds, 0, False

    async def __call__(self) -> Message:
        if self._ended:  # now only the end of the connection is waited for
            return await self._receive()
        try:
            message = await asyncio.wait_for(self._receive(), self._seconds)
        except TimeoutError:
            raise BodyError(408, "register.http.slow", seconds=self._seconds) from None
        if message["type"] == "http.request":
            self._size += len(message.get("body", b""))
            if self._size > self._limit:
                raise BodyError(413, "register.http.large", limit=self._limit)
            self._ended = not message.get("more_body", False)
        return message


class _Answer:
    """Sets the headers of an answer."""

    def __init__(self, send: Send, *, secure: bool, request_id: str) -> None:
        self._send, self._secure, self._id, self.begun = send, secure, request_id, False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.begun = True
            headers = MutableHeaders(scope=message)
            for name, value in _ALWAYS.items():
                headers[name] = value
            for name, value in _UNLESS_SAID.items():
                headers.setdefault(name, value)
            headers["x-request-id"] = self._id
            if self._secure:
                headers["strict-transport-security"] = _HSTS
        await self._send(message)
