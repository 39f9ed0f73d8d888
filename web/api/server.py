"""The application served. In: a register, where to listen. Out: answers, until a signal ends it.

One process answers everything. At SIGTERM or SIGINT it takes no more, ends streams, lets what is
under way finish, and goes.
"""

from __future__ import annotations

import errno
import gc
import signal
import socket
import sys
from asyncio import Task, create_task
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from typing import Any, Final

import uvicorn
from fastapi import FastAPI

from zhuanjie.engine.api import UsageError, fail
from zhuanjie.web.api.settings import LOOPBACK, HttpSettings

GRACE: Final = 20
_LAST_PORT: Final = 65535
_BACKLOG: Final = 512
_CONNECTIONS: Final = 1000
_KEEP_ALIVE: Final = 20
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
_TURN: Final = 0.0005
"""Seconds after which a thread lets another run: the usual five milliseconds are felt by whoever
waits for an answer, at each turn between the loop and the threads that work."""


def listen(host: str, port: int, settings: HttpSettings, *, insecure: bool) -> socket.socket:
    """A socket that listens; raises UsageError where that cannot be, or is not safe.

    Passwords and names do not go over a network in the clear: another address than this machine's
    own is listened on only behind a proxy of the settings, or where it is `insecure` by will.
    """
    if not 0 <= port <= _LAST_PORT:
        raise fail(UsageError, "register.serve.number", hint="register.serve.port.hint", port=port)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        raise fail(UsageError, "register.serve.host", hint="register.serve.host.hint",
                   host=host) from None
    family, _, _, _, address = found[0]
    if not insecure and not _is_loopback(str(address[0])) and not (
            settings.secure and settings.proxies):
        raise fail(UsageError, "register.serve.open", hint="register.serve.open.hint", host=host)
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(_BACKLOG)
    except OSError as error:
        listening.close()
        if error.errno == errno.EADDRINUSE:
            raise fail(UsageError, "register.serve.port", hint="register.serve.port.hint",
                       host=host, port=port) from None
        raise fail(UsageError, "register.serve.listen", hint="register.serve.host.hint",
                   host=host, port=port, reason=error.strerror or "") from None
    return listening


def serve(app: FastAPI, listening: socket.socket, ready: Callable[[], None]) -> None:
    """Answer until a signal comes; `ready` is called once requests are taken.

    It takes the process for its own: how threads take turns, what the collector of garbage looks
    at.
    """
    sys.setswitchinterval(_TURN)
    config = uvicorn.Config(
        app, log_config=None, log_level="warning", access_log=False, server_header=False,
        proxy_headers=False,
        lifespan="on", backlog=_BACKLOG, limit_concurrency=_CONNECTIONS,
        timeout_keep_alive=_KEEP_ALIVE, timeout_graceful_shutdown=GRACE, ws="none")
    _Server(config, app, ready).run([listening])


def url_of(listening: socket.socket) -> str:
    """How it is reached."""
    host, port, *_ = listening.getsockname()
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def _is_loopback(address: str) -> bool:
    try:
        return address in LOOPBACK or ip_address(address.partition("%")[0]).is_loopback
    except ValueError:
        return False


class _Server(uvicorn.Server):
    """Ends in good order, and leaves signals as they were."""

    def __init__(self, config: uvicorn.Config, app: FastAPI, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._app, self._ready = app, ready
        self._settling: Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen."""
        await super().startup(sockets)
        if not self.should_exit:
            self._ready()
            self._settling = create_task(self._settle())

    async def _settle(self) -> None:
        """Have what was made at the start, and stays to the end, not looked through again.

        A collection that goes through the compiled policies holds up every answer for a quarter of
        a second.
        """
        warming: Task[None] | None = getattr(self._app.state, "warming", None)
        if warming is not None:
            await warming
        gc.collect()
        gc.freeze()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Streams would go on for ever: they end first."""
        feed: Any = getattr(self._app.state, "feed", None)
        if feed is not None:
            await feed.stop()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Have signals end it; a signal that it took is not raised again."""
        before = {each: signal.signal(each, self.handle_exit) for each in _SIGNALS}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)
