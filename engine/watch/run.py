"""Watching. In: a source of events, a journal. Out: a line for each changed outcome, once.

What has arrived is a batch. Order of things for each: its events are judged; they and the lines
that come of them are journalled as one entry and brought to the disk; the lines are put out; a
note says so. An event that no engine can judge is refused, and the register is as it was. After a
crash the journal holds the lines of the last batch, and the sink is asked how many of them it has:
nothing is judged a second time.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from io import BufferedIOBase
from itertools import chain
from typing import Any

from zhuanjie.engine.core.diagnostics import Diagnostic, Place
from zhuanjie.engine.core.errors import InputError, OutputError, UsageError, ZhuanjieError, fail
from zhuanjie.engine.watch import first_format, snapshot
from zhuanjie.engine.watch.codec import dumps
from zhuanjie.engine.watch.events import CLOCK, Clock, Event, Update
from zhuanjie.engine.watch.journal import FORMAT, Entry, Journal, entry_line
from zhuanjie.engine.watch.register import WatchRegister
from zhuanjie.engine.watch.sink import Sink
from zhuanjie.engine.watch.snapshot import Position
from zhuanjie.engine.watch.source import EventFile, Line, Wait, read_lines

Refusal = Callable[[ZhuanjieError, int], None]

TAIL = 16 << 20
"""Bytes of batches that a journal may hold before it is shortened."""
_TIMES = 2
"""How many times what it began with they may be, where that is more."""


@contextmanager
def _no_collection() -> Iterator[None]:
    """Let no cycles be looked for while much is made that stays: that would be most of the work."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


class _Batch:
    """Events and lines that are journalled together."""

    def __init__(self) -> None:
        self.events: list[bytes] = []
        self.lines: list[bytes] = []
        self.sums: list[int] = []

    def __bool__(self) -> bool:
        return bool(self.events or self.sums)


class Watch:
    """One run of `watch`: takes a journal up where it stands, then follows the source."""

    def __init__(self, register: WatchRegister, journal: Journal | None, sink: Sink,
                 refuse: Refusal,
                 notice: Callable[[Diagnostic], None] = lambda _said: None) -> None:
        self.register, self.journal, self.sink, self.refuse = register, journal, sink, refuse
        self.position = Position()
        self._notice = notice
        self._batch = _Batch()
        self._waived = ""
        """What tells the waivers that the outcomes so far came of."""
        self._shorten_at = 0
        self._told = False
        sink.durable = journal is not None

    def resume(self) -> None:
        """Take up the journal. Raises UsageError where it was written for another policy.

        Where the journal left off before the day the register was made for, the clock moves on to
        that day, as if an event had said so.
        """
        if self.journal is None:
            return
        register = self.register
        head, asked, told = self._head(), register.today, register.clocked
        entries = self.journal.entries()
        began = next(entries, None)
        if began is None:
            self._waived = head["waivers"]
            self.journal.begin(head)
            self._plan_shortening()
            return
        if (began.data.get("format") not in range(first_format.FORMAT, FORMAT + 1)
                or any(began.data.get(k) != head[k] for k in ("sha256", "params"))):
            raise fail(UsageError, "watch.other-policy", Place(str(self.journal.path)),
                       id=began.data.get("policy", "?"))
        register.begin(date.fromisoformat(began.data["as_of"]), began.data["clocked"])
        self._waived = began.data.get("waivers", "")
        with _no_collection():
            self._take_up(began.data["format"], entries)
        later = asked > register.today and (told or not register.clocked)
        register.waivers.changed = self._waived != head["waivers"]
        if later or register.waivers.changed:
            self._act(Clock(asked, told) if later else Clock(register.today, register.clocked))
            self._commit()

    def _head(self) -> dict[str, Any]:
        register = self.register
        ref = register.policy.ref
        return {"format": FORMAT, "policy": ref.id, "sha256": ref.sha256,
                "as_of": register.today.isoformat(), "clocked": register.clocked,
                "params": dict(register.policy.overrides), "waivers": register.waivers.digest}

    def _take_up(self, written: int, entries: Iterator[Entry]) -> None:
        assert self.journal is not None
        if written == first_format.FORMAT:
            unsaid = first_format.fold(self._noting_waivers(entries), self.register, self.position)
            self.register.index()
            if unsaid is not None:
                self._catch_up(unsaid)
            if not self._shorten():
                raise fail(OutputError, "watch.journal-old", Place(str(self.journal.path)))
            return
        last = self._fold(self._noting_waivers(entries))
        self.register.index()
        if last is not None:
            mark = last.data["mark"]
            self.sink.complete([dumps(line) for line in last.data["lines"]],
                               None if mark is None else tuple(mark))
            self.journal.note("said", {"lines": self.position.said})
        self._plan_shortening()

    def _noting_waivers(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        for entry in entries:
            self._waived = entry.data.get("waivers", self._waived)
            yield entry

    def _fold(self, entries: Iterable[Entry]) -> Entry | None:
        """Take in what the journal holds; returns the batch whose lines are not noted, if any."""
        assert self.journal is not None
        unsaid: Entry | None = None
        position, register = self.position, self.register
        for entry in entries:
            data = entry.data
            if entry.kind == "batch":
                for event in data["events"]:
                    register.fold(self._event(event))
                register.settle([line["record"], line["rule"], line["is"], line["since"],
                                 line["due"], line.get("share")] for line in data["lines"])
                position.offset, position.number = data["offset"], data["line"]
                position.sums.extend(data["sums"])
                position.said += len(data["lines"])
                unsaid = entry
            elif entry.kind == "said":
                unsaid = None
            elif snapshot.load(entry, register, position):
                self.journal.base = self.journal.size
        return unsaid

    def _event(self, event: dict[str, Any]) -> Event:
        if CLOCK in event:
            return Clock(date.fromisoformat(event[CLOCK]), event["told"])
        values = self.register.codec.decode(event)
        return Update(values.pop(self.register.plan.key), values)

    def _catch_up(self, event: Event) -> None:
        """Act on the event that a journal ends with; pass it over where no engine can judge it."""
        try:
            lines = self._numbered(self.register.attempt(event))
        except ZhuanjieError as error:
            self.refuse(error, self.position.number)
        else:
            self.sink.complete(lines)

    def close(self) -> None:
        """Let go of the journal."""
        if self.journal is not None:
            self.journal.close()

    def follow(self, source: BufferedIOBase | EventFile, name: str, wait: Wait) -> None:
        """Act on every line of the source from where the journal left off.

        A file is taken up at its offset. A pipe that begins with all the lines the journal knows is
        taken to be the same events once more, and they are passed over; else its lines are new.
        """
        def wait_here() -> bool:
            self._look_at_waivers()
            self._commit()
            return wait()

        position = self.position
        if isinstance(source, EventFile):
            last = position.sums[-1] if position.sums else None
            batches = source.lines(position.offset, position.number, last, wait_here)
        else:
            batches = self._unknown(read_lines(source, 0, 0, wait_here))
        for lines in batches:
            self._look_at_waivers()
            for line in lines:
                self._take(line, name)
            self._commit()

    def _unknown(self, batches: Iterable[list[Line]]) -> Iterator[list[Line]]:
        """The lines of a pipe that the journal does not know."""
        known = self.position.sums[:]
        held: list[Line] = []
        for lines in batches:
            if not known:
                yield lines
                continue
            held += lines
            count = min(len(held), len(known))
            fresh = range(len(held) - len(lines), count)
            if any(held[at].sum != known[at] for at in fresh):
                known, new = known[:0], held
            elif len(held) >= len(known):
                known, new = known[:0], held[len(known):]
            else:
                continue
            yield new
            held = []
        if held:
            yield held

    def take(self, line: Line, name: str) -> None:
        """Act on one line, a batch by itself; a malformed one is refused and passed over."""
        self._take(line, name)
        self._commit()

    def _take(self, line: Line, name: str) -> None:
        position = self.position
        try:
            event = self.register.read(line.text.decode("utf-8-sig"), name, line.number)
            self.register.check(event)
            # What no engine can judge is not journalled: it would come back at every start.
            self._act(event)
        except UnicodeDecodeError:
            self.refuse(fail(InputError, "watch.not-utf8"), line.number)
        except ZhuanjieError as error:
            self.refuse(error, line.number)
        position.offset, position.number = line.end, line.number
        position.sums.append(line.sum)
        self._batch.sums.append(line.sum)

    def _act(self, event: Event) -> None:
        register = self.register
        lines = self._numbered(register.attempt(event))
        self._batch.lines += lines
        if isinstance(event, Clock):
            self._waived = register.waivers.digest
            said = {CLOCK: event.day.isoformat(), "told": event.told}
        else:
            said = {register.plan.key: event.record, **register.codec.encode(event.values)}
        self._batch.events.append(dumps(said))

    def _look_at_waivers(self) -> None:
        """Take up files of waivers that are not what they were."""
        register = self.register
        if register.waivers.look_again():
            self._commit()
            register.waivers.changed = True
            self._act(Clock(register.today, register.clocked))
            self._commit()

    def _numbered(self, lines: list[bytes]) -> list[bytes]:
        """The lines, numbered over all runs: a reader of a pipe can tell one said twice."""
        first = self.position.said + 1
        self.position.said += len(lines)
        return [b'{"n":%d,%s' % (n, line[1:]) for n, line in enumerate(lines, first)]

    def _commit(self) -> None:
        """Journal a batch, then put its lines out."""
        batch = self._batch
        if not batch:
            return
        self._batch = _Batch()
        if self.journal is None:
            self.sink.put(batch.lines)
            return
        position = self.position
        rest = dumps({"waivers": self._waived, "offset": position.offset, "line": position.number,
                      "mark": self.sink.mark(), "sums": batch.sums})
        self.journal.append_line(entry_line(b'["batch",{"events":[%s],"lines":[%s],%s]' % (
            b",".join(batch.events), b",".join(batch.lines), rest[1:])))
        self.sink.put(batch.lines)
        self.journal.note("said", {"lines": position.said})
        if self.journal.size > self._shorten_at:
            self._shorten()

    def _plan_shortening(self) -> None:
        assert self.journal is not None
        self._shorten_at = self.journal.base + max(TAIL, _TIMES * self.journal.base)

    def _shorten(self) -> bool:
        """Begin the journal anew with the register as it stands; returns whether that worked."""
        assert self.journal is not None
        head = {**self._head(), "waivers": self._waived}
        with _no_collection():
            done = self.journal.rewrite(
                chain([("open", head)], snapshot.dump(self.register, self.position)))
        if done:
            self._plan_shortening()
        else:
            self._shorten_at = self.journal.size + TAIL
            if not self._told:
                self._told = True
                self._notice(Diagnostic("watch.journal-long", {}, Place(str(self.journal.path)),
                                        "watch.journal-long.hint"))
        return done
