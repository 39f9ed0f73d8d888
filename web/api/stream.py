"""Events as they come. In: a register, whoever listens. Out: server-sent events (SSE).

One look at the trail's head serves everybody who listens. Each takes what is new for them from the
database, so that none is missed and nothing waits in memory; whoever does not take what is sent is
cut off and goes on later from the number of the last event that arrived (`Last-Event-ID`).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final

import orjson
from anyio.to_thread import run_sync
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from zhuanjie.web.store.event import Event
from zhuanjie.web.store.store import RegisterStore
from zhuanjie.web.store.tables import TRAIL_HEAD

BATCH: Final = 200
_LOOK: Final = 0.5
HEARTBEAT: Final = 15.0
_TAKES: Final = 20.0
"""Seconds that whoever listens may take for what is sent."""

Fetch = Callable[[int], tuple[Sequence[Event], int]]
"""The next events after a number that somebody may see, and the number up to which was looked;
raises PermissionError once they may see none any more."""


class EventFeed:
    """Knows how long the trail is, and wakes whoever waits for more."""

    def __init__(self, store: RegisterStore) -> None:
        self._store, self.size, self.listeners = store, 0, 0
        self._grown = asyncio.Condition()
        self._task: asyncio.Task[None] | None = None
        self.ended = False

    async def start(self) -> None:
        """Begin to look."""
        self.ended = False
        self._task = asyncio.create_task(self._look())

    async def stop(self) -> None:
        """End, and let everybody who listens go."""
        self.ended = True
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        async with self._grown:
            self._grown.notify_all()

    async def wait_beyond(self, size: int, seconds: float) -> bool:
        """Wait until there are events after the one numbered `size`; False where none came."""
        def come() -> bool:
            return self.size > size or self.ended

        async with self._grown:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._grown.wait_for(come), seconds)
        return self.size > size

    async def end(self) -> int:
        """The number of the last event now: while nobody listens, nobody looks."""
        return await run_sync(self._head)

    async def _look(self) -> None:
        while True:
            if self.listeners:
                # A database that is away comes back; those who listen wait meanwhile.
                with suppress(SQLAlchemyError):
                    size = await run_sync(self._head)
                    if size != self.size:
                        async with self._grown:
                            self.size = size
                            self._grown.notify_all()
            await asyncio.sleep(_LOOK)

    def _head(self) -> int:
        with self._store.database.reading() as conn:
            size: int = conn.execute(select(TRAIL_HEAD.c.size)).scalar_one()
            return size


class EventStream(Response):
    """One answer that goes on."""

    def __init__(self, feed: EventFeed, fetch: Fetch, shown: Callable[[Event], dict[str, Any]],
                 after: int) -> None:
        super().__init__(media_type="text/event-stream")
        self._feed, self._fetch, self._shown, self._after = feed, fetch, shown, after

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send events until somebody ends it."""
        await send({"type": "http.response.start", "status": 200, "headers": [
            (b"content-type", b"text/event-stream; charset=utf-8"),
            (b"cache-control", b"no-store"), (b"x-accel-buffering", b"no")]})
        self._feed.listeners += 1
        sending = asyncio.create_task(self._send(send))
        leaving = asyncio.create_task(_left(receive))
        try:
            await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._feed.listeners -= 1
            for task in (sending, leaving):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError, TimeoutError, OSError):
                    await task
        with suppress(TimeoutError, OSError):
            await asyncio.wait_for(
                send({"type": "http.response.body", "body": b"", "more_body": False}), 1)

    async def _send(self, send: Send) -> None:
        async def put(text: bytes) -> None:
            await asyncio.wait_for(send({"type": "http.response.body", "body": text,
                                         "more_body": True}), _TAKES)

        await put(b"retry: 2000\n\n")
        while not self._feed.ended:
            try:
                found, upto = await run_sync(self._fetch, self._after)
            except PermissionError:
                await put(b"event: end\ndata: {}\n\n")
                return
            except SQLAlchemyError:
                await asyncio.sleep(_LOOK)
                continue
            if found:
                await put(b"".join(map(self._written, found)))
            if upto > self._after:
                self._after = upto
                if not found:  # so that a later start does not look through it all again
                    await put(b"id: %d\nevent: seen\ndata: {}\n\n" % upto)
                continue
            if not await self._feed.wait_beyond(self._after, HEARTBEAT):
                await put(b": \n\n")

    def _written(self, event: Event) -> bytes:
        return b"id: %d\nevent: %s\ndata: %s\n\n" % (
            event.seq, event.kind.encode(), orjson.dumps(self._shown(event)))


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
