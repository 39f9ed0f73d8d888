"""Who read much. In: how many members answers showed to whom. Out: events of bulk reading.

Whoever turns many pages reads in bulk, however small the pages are: what each reads is added up,
and is an event whenever it comes to so many.
"""

from __future__ import annotations

from collections import Counter
from threading import Lock
from typing import Final

from zhuanjie.web.evidence.reads import read_in_bulk
from zhuanjie.web.store.event import Actor
from zhuanjie.web.store.store import RegisterStore

BULK: Final = 200
"""Members that together are read in bulk."""
_PEOPLE: Final = 10_000


class ReadCounter:
    """Adds up what each reads; safe to share among threads."""

    def __init__(self, store: RegisterStore) -> None:
        self._store, self._counts, self._lock = store, Counter[str](), Lock()

    def note(self, actor: Actor, what: str, count: int) -> None:
        """Say that `actor` was shown `count` members by way of `what`."""
        with self._lock:
            if len(self._counts) >= _PEOPLE and actor.id not in self._counts:
                self._counts.clear()
            self._counts[actor.id] += count
            total = self._counts[actor.id]
            if total < BULK:
                return
            self._counts[actor.id] = 0
        with self._store.change(actor) as work:
            read_in_bulk(work, what, total, unit=actor.unit)
