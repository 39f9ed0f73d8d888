"""Counts that are kept until something happens. In: what is counted. Out: the counts, made once.

Everything that is counted follows from events, and from the day: what the clock changes is judged,
and that is an event, too. Whoever looks at lists meanwhile, looks at the same counts.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from threading import Lock
from typing import Final

from sqlalchemy import Connection, select

from zhuanjie.web.service.worklist import WorkCounts
from zhuanjie.web.store.tables import TRAIL_HEAD

_MOST: Final = 500
"""Counts that are kept at once: of so many units and tabs."""


class KeptCounts:
    """The counts since the last event; safe to share among threads."""

    def __init__(self) -> None:
        self._lock, self._size = Lock(), -1
        self._kept: dict[Hashable, WorkCounts] = {}

    def of(self, conn: Connection, asked: Hashable, count: Callable[[], WorkCounts]) -> WorkCounts:
        """What `count` counts on a connection that sees one state; `asked` stands for all that it
        depends on besides, such as whose units are seen, and the day."""
        size = conn.execute(select(TRAIL_HEAD.c.size)).scalar_one()
        with self._lock:
            if size == self._size and asked in self._kept:
                return self._kept[asked]
        found = count()
        with self._lock:
            if size > self._size:
                self._size, self._kept = size, {}
            # One that began before the last event is no longer wanted.
            if size == self._size and len(self._kept) < _MOST:
                self._kept[asked] = found
        return found
