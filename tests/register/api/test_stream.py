"""Events as they come: from where one left off, of one's own units, to the end of a session."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import orjson
import pytest
from support.register_office import Office

from zhuanjie.web.api import stream
from zhuanjie.web.api.stream import EventFeed, EventStream
from zhuanjie.web.store.event import SYSTEM, EventDraft
from zhuanjie.web.store.history import events


class Listener:
    """Whoever listens to a stream, as ASGI has them."""

    def __init__(self) -> None:
        self.text, self.gone, self.takes = b"", asyncio.Event(), True
        self.headers: dict[bytes, bytes] = {}
        self.ended = False

    async def receive(self) -> dict[str, Any]:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.headers = dict(message["headers"])
            return
        if not self.takes:
            await asyncio.sleep(3600)
        self.text += message.get("body", b"")
        self.ended = self.ended or not message.get("more_body", False)

    async def until(self, mark: bytes) -> None:
        async with asyncio.timeout(10):
            while mark not in self.text:
                await asyncio.sleep(0.02)

    @property
    def ids(self) -> list[int]:
        return [int(line[4:]) for line in self.text.splitlines() if line.startswith(b"id: ")]


def listen(at: Office, after: int | None, act: Callable[[Listener, EventFeed], Any],
           may: Callable[[], bool] = lambda: True) -> Listener:
    async def run() -> Listener:
        feed, listener = EventFeed(at.register.store), Listener()
        await feed.start()

        def fetch(begin: int) -> Any:
            if not may():
                raise PermissionError
            with at.register.store.reading(SYSTEM) as conn:
                found = list(events(conn, after=begin, limit=3))
            return found, found[-1].seq if found else begin

        shown = EventStream(feed, fetch, lambda e: {"kind": e.kind},
                            await feed.end() if after is None else after)
        task = asyncio.create_task(shown({"type": "http"}, listener.receive, listener.send))
        try:
            await act(listener, feed)
        finally:
            listener.gone.set()
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(task, 10)
            await feed.stop()
        return listener

    return asyncio.run(run())


def size(at: Office) -> int:
    with at.register.store.reading(SYSTEM) as conn:
        return max(e.seq for e in events(conn))


def note(at: Office, text: str) -> None:
    with at.register.store.change(SYSTEM) as work:
        work.record(EventDraft("settings.set", data={"note": text}))


def test_what_was_missed_comes_first_and_then_what_happens(at: Office) -> None:
    last = size(at)

    async def act(listener: Listener, _feed: EventFeed) -> None:
        await listener.until(f"id: {last}\n".encode())
        await asyncio.to_thread(note, at, "now")
        await listener.until(f"id: {last + 1}\n".encode())

    heard = listen(at, last - 5, act)
    assert heard.ids == list(range(last - 4, last + 2))
    assert heard.headers[b"content-type"].startswith(b"text/event-stream")
    kinds = [orjson.loads(line[6:]) for line in heard.text.splitlines()
             if line.startswith(b"data: ")]
    assert kinds[-1] == {"kind": "settings.set"}


def test_whoever_says_nothing_begins_at_the_end_though_nobody_listened(at: Office) -> None:
    last = size(at)

    async def act(listener: Listener, _feed: EventFeed) -> None:
        await listener.until(b"retry")
        await asyncio.to_thread(note, at, "now")
        await listener.until(f"id: {last + 1}\n".encode())

    assert listen(at, None, act).ids == [last + 1]


def test_nothing_is_lost_or_told_twice_by_going_on_after_the_last(at: Office) -> None:
    begin = size(at)
    heard: list[int] = []

    async def until_two(listener: Listener, _feed: EventFeed) -> None:
        await asyncio.to_thread(note, at, "a")
        await asyncio.to_thread(note, at, "b")
        async with asyncio.timeout(10):
            while len(listener.ids) < 2:
                await asyncio.sleep(0.02)

    for _ in range(3):
        heard += listen(at, heard[-1] if heard else begin, until_two).ids
    assert heard == list(range(begin + 1, begin + 1 + len(heard)))


def test_a_heartbeat_comes_where_nothing_happens(at: Office,
                                                  monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "HEARTBEAT", 0.1)

    async def act(listener: Listener, _feed: EventFeed) -> None:
        await listener.until(b": \n\n")

    assert listen(at, size(at), act).ids == []


def test_whoever_takes_nothing_is_cut_off(at: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "_TAKES", 0.2)

    async def act(listener: Listener, feed: EventFeed) -> None:
        listener.takes = False
        async with asyncio.timeout(10):
            while feed.listeners == 0:
                await asyncio.sleep(0.01)
            while feed.listeners:
                await asyncio.sleep(0.05)

    listen(at, 0, act)


def test_it_ends_with_the_session_and_with_the_program(at: Office) -> None:
    allowed = iter([True])

    async def wait(listener: Listener, _feed: EventFeed) -> None:
        await listener.until(b"event: end")

    heard = listen(at, size(at) - 1, wait, may=lambda: next(allowed, False))
    assert b"event: end" in heard.text

    async def stop(listener: Listener, feed: EventFeed) -> None:
        await listener.until(b"retry")
        await feed.stop()
        async with asyncio.timeout(10):
            while not listener.ended:
                await asyncio.sleep(0.02)

    assert listen(at, size(at), stop).ended


@pytest.fixture
def streamed(at: Office, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Any]]:
    """What the route gives once, the stream made to end where nothing is left."""
    async def one(self: EventStream, scope: Any, receive: Any, send: Any) -> None:
        found, _ = await asyncio.to_thread(self._fetch, self._after)
        body = b"".join(map(self._written, found))
        await send({"type": "http.response.start", "status": 200,
                    "headers": [(b"content-type", b"text/event-stream")]})
        await send({"type": "http.response.body", "body": body})

    monkeypatch.setattr(EventStream, "__call__", one)

    def ask(*who: str, **more: Any) -> Any:
        return at.ask("GET", "/events/stream?after=0", *who, **more)

    yield ask


def test_events_are_of_the_units_that_are_seen_and_without_values(
        at: Office, streamed: Callable[..., Any]) -> None:
    text = streamed("college", "maths").text
    assert '"member":"m1"' in text and '"member":"p1"' not in text
    assert "王" not in text and "13800000000" not in text
    assert '"member":"p1"' in streamed("department", "office").text
    assert streamed("college", "maths", headers={"last-event-id": "999999"}).text == ""
    assert streamed("college", "maths", headers={"last-event-id": "x"}).status_code == 422
