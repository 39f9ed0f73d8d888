"""Watching. In: a source of events, a journal. Out: a line for each changed outcome, once.

Order of things for each event: it is judged, journalled, its lines are put out, and a note of them
is journalled. One that no engine can judge is refused, and the register is as it was. After a crash
the journal tells which event was the last, and whether its lines were noted; where they were not,
the sink is asked how many of them it has.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO

from zhuanjie.engine.core.diagnostics import Place
from zhuanjie.engine.core.errors import InputError, UsageError, ZhuanjieError, fail
from zhuanjie.engine.watch.cases import changes_of
from zhuanjie.engine.watch.events import Clock, Event, dumps, read_event, to_json
from zhuanjie.engine.watch.journal import FORMAT, Entry, Journal
from zhuanjie.engine.watch.register import Register
from zhuanjie.engine.watch.source import EventFile, Line, Wait, read_lines

Refusal = Callable[[ZhuanjieError, int], None]


@dataclass(slots=True)
class Sink:
    """Where lines go: a descriptor. A regular file can say what it ends with."""

    fd: int

    def put(self, lines: list[str]) -> None:
        """Write whole lines; raises BrokenPipeError when nobody reads any more."""
        self._write("".join(f"{line}\n" for line in lines).encode())

    def complete(self, lines: list[str]) -> None:
        """Write what a crash kept from being written of `lines`, and no more.

        A file that ends with the first part of them gets the rest; of a pipe nobody can tell, and
        it gets them all.
        """
        data = "".join(f"{line}\n" for line in lines).encode()
        self._write(data[overlap(self._tail(len(data)), data):])

    def _write(self, data: bytes) -> None:
        rest = memoryview(data)  # of which a part costs no copy
        while rest:
            rest = rest[os.write(self.fd, rest):]

    def _tail(self, size: int) -> bytes:
        try:
            end = os.fstat(self.fd).st_size
            with Path(f"/proc/self/fd/{self.fd}").open("rb") as file:
                file.seek(max(0, end - size))
                return file.read(size)
        except OSError:
            return b""


def overlap(tail: bytes, data: bytes) -> int:
    """How many bytes of `data`, from its start, `tail` ends with.

    Lines differ from one another in their numbers, so that few places begin as `data` does.
    """
    first = data[:data.find(b"\n") + 1]
    at = tail.find(first) if first else -1
    while at >= 0:
        if data.startswith(tail[at:]):
            return len(tail) - at
        at = tail.find(first, at + 1)
    return next((n for n in range(min(len(first), len(tail)), 0, -1)
                 if tail.endswith(data[:n])), 0)


class Watch:
    """One run of `watch`: takes a journal up where it stands, then follows the source."""

    def __init__(self, register: Register, journal: Journal | None, sink: Sink,
                 refuse: Refusal) -> None:
        self.register, self.journal, self.sink, self.refuse = register, journal, sink, refuse
        self.offset = self.number = self.said = 0
        self._sums: list[int] = []

    def resume(self) -> None:
        """Take up the journal. Raises UsageError where it was written for another policy.

        Where the journal left off before the day the register was made for, the clock moves on to
        that day, as if an event had said so.
        """
        if self.journal is None:
            return
        ref = self.register.policy.ref
        asked, told = self.register.today, self.register.clocked
        head = {"format": FORMAT, "policy": ref.id, "sha256": ref.sha256,
                "as_of": asked.isoformat(), "clocked": told,
                "params": dict(self.register.policy.overrides),
                "waivers": self.register.waivers.digest}
        entries = self.journal.entries
        if not entries:
            self.journal.begin(head)
            return
        if any(entries[0].data.get(k) != head[k] for k in ("format", "sha256", "params")):
            raise fail(UsageError, "watch.other-policy", Place(str(self.journal.path)),
                       id=entries[0].data.get("policy", "?"))
        began = entries[0].data
        self.register.begin(date.fromisoformat(began["as_of"]), began["clocked"])
        unsaid = self._fold(entries[1:])
        self.register.index()
        if unsaid is not None:
            self._catch_up(unsaid)
        waived = [e.data["waivers"] for e in entries if "waivers" in e.data]
        self.register.waivers.changed = (waived or [""])[-1] != head["waivers"]
        later = asked > self.register.today and (told or not self.register.clocked)
        if later or self.register.waivers.changed:
            move = Clock(asked, told) if later else Clock(self.register.today,
                                                          self.register.clocked)
            self.journal.write("clock", {"day": move.day.isoformat(), "told": move.told,
                                         "waivers": head["waivers"]})
            self._act(move)

    def _catch_up(self, event: Event) -> None:
        """Act on the event that the journal ends with; set it aside where no engine can judge it.
        """
        try:
            lines = self._numbered(self.register.attempt(event))
        except ZhuanjieError as error:
            self.refuse(error, self.number)
            if self.journal is not None:
                self.journal.write("aside", {})
            return
        self.sink.complete([dumps(line) for line in lines])
        self._note(lines)

    def _fold(self, entries: Sequence[Entry]) -> Event | None:
        """Take in what the journal holds; returns the event whose lines are not noted, if any."""
        unsaid: Event | None = None
        for entry in entries:
            if entry.kind in ("event", "clock"):
                if unsaid is not None:
                    self.register.fold(unsaid)
                unsaid = self._event(entry)
            elif entry.kind == "said" and unsaid is not None:
                self.register.fold(unsaid)
                self.register.settle(entry.data["changes"])
                unsaid = None
                self.said += len(entry.data["changes"])
            elif entry.kind == "aside":
                unsaid = None
            if entry.kind in ("event", "refused"):
                self.offset, self.number = entry.data["offset"], entry.data["line"]
                self._sums.append(entry.data["sum"])
        return unsaid

    def _event(self, entry: Entry) -> Event:
        if entry.kind == "clock":
            return Clock(date.fromisoformat(entry.data["day"]), entry.data["told"])
        assert self.journal is not None
        return read_event(dumps(entry.data["event"]), str(self.journal.path), 0,
                          self.register.mapping)

    def _act(self, event: Event) -> None:
        self._say(self._numbered(self.register.apply(event)))

    def _say(self, lines: list[dict[str, Any]]) -> None:
        self.sink.put([dumps(said) for said in lines])
        self._note(lines)

    def close(self) -> None:
        """Let go of the journal."""
        if self.journal is not None:
            self.journal.close()

    def follow(self, source: BinaryIO | EventFile, name: str, wait: Wait) -> None:
        """Act on every line of the source from where the journal left off.

        A file is taken up at its offset. A pipe that begins with all the lines the journal knows is
        taken to be the same events once more, and they are passed over; else its lines are new.
        """
        if isinstance(source, EventFile):
            last = self._sums[-1] if self._sums else None
            for line in source.lines(self.offset, self.number, last, wait):
                self.take(line, name)
            return
        held: list[Line] = []
        known = iter(self._sums)
        repeating = bool(self._sums)
        for line in read_lines(source, 0, 0, wait):
            held.append(line)
            if repeating and line.sum == next(known, None):
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
        place = {"offset": line.end, "line": line.number, "sum": line.sum}
        try:
            event = read_event(line.text.decode("utf-8-sig"), name, line.number,
                               self.register.mapping)
            self.register.check(event)
        except UnicodeDecodeError:
            self._refused(fail(InputError, "watch.not-utf8"), line, place)
            return
        except ZhuanjieError as error:
            self._refused(error, line, place)
            return
        # What no engine can judge is not journalled: it would come back at every start.
        try:
            lines = self._numbered(self.register.attempt(event))
        except ZhuanjieError as error:
            self._refused(error, line, place)
            return
        if self.journal is not None:
            self.journal.write("event", {"event": to_json(event, self.register.plan.key), **place})
        self._say(lines)

    def _numbered(self, lines: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
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
