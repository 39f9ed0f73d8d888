"""Watching. In: a source of events, a journal. Out: a line for each changed outcome, once.

Order of things for each event: it is journalled, acted on, its lines are put out, and a note of
them is journalled. After a crash the journal tells which event was the last, and whether its lines
were noted; where they were not, the sink is asked how many of them it has.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO

from zhuanjie.engine.errors import InputError, Place, UsageError, ZhuanjieError, fail
from zhuanjie.engine.watch.events import dumps, read_event, to_json
from zhuanjie.engine.watch.journal import FORMAT, Journal
from zhuanjie.engine.watch.register import Register, changes_of

Refusal = Callable[[ZhuanjieError, int], None]


@dataclass(slots=True)
class Sink:
    """Where lines go: a descriptor. A regular file can say what it ends with."""

    fd: int

    def put(self, lines: list[str]) -> None:
        """Write whole lines; raises BrokenPipeError when nobody reads any more."""
        data = "".join(f"{line}\n" for line in lines).encode()
        while data:
            data = data[os.write(self.fd, data):]

    def complete(self, lines: list[str]) -> None:
        """Write what a crash kept from being written of `lines`, and no more.

        A file that ends with the first part of them gets the rest; of a pipe nobody can tell, and
        it gets them all.
        """
        data = "".join(f"{line}\n" for line in lines).encode()
        tail = self._tail(len(data))
        there = max((n for n in range(len(data) + 1) if tail.endswith(data[:n])), default=0)
        data = data[there:]
        while data:
            data = data[os.write(self.fd, data):]

    def _tail(self, size: int) -> bytes:
        try:
            end = os.fstat(self.fd).st_size
            with Path(f"/proc/self/fd/{self.fd}").open("rb") as file:
                file.seek(max(0, end - size))
                return file.read(size)
        except OSError:
            return b""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the source: its text, its number, and the offset behind it."""

    text: bytes
    number: int
    end: int


def read_lines(source: BinaryIO, offset: int, number: int, wait: Callable[[], bool]
               ) -> Iterator[Line]:
    """The whole lines of a source from `offset` on; at its end `wait` says whether to go on.

    A last line without a line break counts once nothing more is to come.
    """
    if offset:
        source.seek(offset)
    rest = b""
    while True:
        chunk = source.readline()
        if chunk:
            rest += chunk
            if not rest.endswith(b"\n"):
                continue
        elif wait():
            continue
        if rest.strip():
            number += 1
            offset += len(rest)
            yield Line(rest, number, offset)
        elif rest:
            number += 1
            offset += len(rest)
        if not chunk:
            return
        rest = b""


class Watch:
    """One run of `watch`: takes a journal up where it stands, then follows the source."""

    def __init__(self, register: Register, journal: Journal | None, sink: Sink,
                 refuse: Refusal) -> None:
        self.register, self.journal, self.sink, self.refuse = register, journal, sink, refuse
        self.offset = self.number = self.said = 0
        self._sums: list[int] = []

    def resume(self) -> None:
        """Take up the journal. Raises UsageError where it was written for another policy."""
        if self.journal is None:
            return
        ref = self.register.policy.ref
        head = {"format": FORMAT, "policy": ref.id, "sha256": ref.sha256,
                "as_of": self.register.today.isoformat(), "clocked": self.register.clocked,
                "params": dict(self.register.plan.params)}
        entries = self.journal.entries
        if not entries:
            self.journal.write("open", head)
            return
        if entries[0].kind != "open" or any(
                entries[0].data.get(k) != head[k] for k in ("format", "sha256", "params")):
            raise fail(UsageError, "watch.other-policy", Place(str(self.journal.path)),
                       id=entries[0].data.get("policy", "?"))
        began = entries[0].data
        self.register.begin(date.fromisoformat(began["as_of"]), began["clocked"])
        unsaid = None
        for entry in entries[1:]:
            if entry.kind == "event":
                if unsaid is not None:
                    self.register.fold(unsaid)
                unsaid = read_event(dumps(entry.data["event"]), str(self.journal.path), 0)
            elif entry.kind == "said" and unsaid is not None:
                self.register.fold(unsaid)
                self.register.settle(entry.data["changes"])
                unsaid = None
                self.said += len(entry.data["changes"])
            if entry.kind in ("event", "refused"):
                self.offset, self.number = entry.data["offset"], entry.data["line"]
                self._sums.append(entry.data["sum"])
        self.register.index()
        if unsaid is not None:
            lines = self._numbered(self.register.apply(unsaid))
            self.sink.complete([dumps(line) for line in lines])
            self._note(lines)

    def close(self) -> None:
        """Let go of the journal."""
        if self.journal is not None:
            self.journal.close()

    def follow(self, source: BinaryIO, name: str, wait: Callable[[], bool]) -> None:
        """Act on every line of the source from where the journal left off.

        A file is taken up at its offset. A pipe that begins with all the lines the journal knows is
        taken to be the same events once more, and they are passed over; else its lines are new.
        """
        if source.seekable():
            for line in read_lines(source, self.offset, self.number, wait):
                self.take(line, name)
            return
        held: list[Line] = []
        known = iter(self._sums)
        repeating = bool(self._sums)
        for line in read_lines(source, 0, 0, wait):
            held.append(line)
            if repeating and _sum(line.text) == next(known, None):
                if len(held) == len(self._sums):
                    held, repeating = [], False
                continue
            repeating = False
            for each in held:
                self.take(each, name)
            held = []
        for each in held:
            self.take(each, name)

    def take(self, line: Line, name: str) -> None:
        """Act on one line; a malformed one is refused and passed over."""
        place = {"offset": line.end, "line": line.number, "sum": _sum(line.text)}
        try:
            event = read_event(line.text.decode("utf-8-sig"), name, line.number)
            self.register.check(event)
        except UnicodeDecodeError:
            self._refused(fail(InputError, "watch.not-utf8"), line, place)
            return
        except ZhuanjieError as error:
            self._refused(error, line, place)
            return
        if self.journal is not None:
            self.journal.write("event", {"event": to_json(event), **place})
        lines = self._numbered(self.register.apply(event))
        self.sink.put([dumps(said) for said in lines])
        self._note(lines)

    def _numbered(self, lines: Iterator[dict[str, Any]]) -> list[dict[str, Any]]:
        """The lines, numbered over all runs: a reader of a pipe can tell one said twice."""
        return [{"n": n, **line} for n, line in enumerate(lines, self.said + 1)]

    def _refused(self, error: ZhuanjieError, line: Line, place: dict[str, Any]) -> None:
        self.refuse(error, line.number)
        if self.journal is not None:
            self.journal.write("refused", place)

    def _note(self, lines: list[dict[str, Any]]) -> None:
        self.said += len(lines)
        if self.journal is not None:
            self.journal.write("said", {"changes": changes_of(lines)})


def _sum(text: bytes) -> int:
    return zlib.crc32(text.rstrip(b"\r\n"))
