"""Journals as they were first written. In: their entries. Out: the register that they tell of.

Each event stood there by itself, and after it a note of what was said. Only the last event may be
without its note: it is judged again. Such a journal is written anew when it is taken up.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from zhuanjie.engine.watch.codec import dumps
from zhuanjie.engine.watch.events import Clock, Event
from zhuanjie.engine.watch.journal import Entry
from zhuanjie.engine.watch.register import WatchRegister
from zhuanjie.engine.watch.snapshot import Position

FORMAT = 1


def fold(entries: Iterable[Entry], register: WatchRegister, position: Position) -> Event | None:
    """Take in what the journal holds; returns the event whose lines are not noted, if any."""
    unsaid: Event | None = None
    for entry in entries:
        data = entry.data
        if entry.kind in ("event", "clock"):
            if unsaid is not None:
                register.fold(unsaid)
            unsaid = (Clock(date.fromisoformat(data["day"]), data["told"])
                      if entry.kind == "clock"
                      else register.read(dumps(data["event"]).decode(), "", 0))
        elif entry.kind == "said" and unsaid is not None:
            register.fold(unsaid)
            register.settle(data["changes"])
            unsaid = None
            position.said += len(data["changes"])
        elif entry.kind == "aside":
            unsaid = None
        if entry.kind in ("event", "refused"):
            position.offset, position.number = data["offset"], data["line"]
            position.sums.append(data["sum"])
    return unsaid
