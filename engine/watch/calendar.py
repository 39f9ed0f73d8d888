"""When cases are to be looked at again. In: records and days. Out: those whose day has come."""

from __future__ import annotations

import heapq
from collections.abc import Iterator


class WakeCalendar:
    """The records by the day on which they wake: one day each, or none."""

    def __init__(self) -> None:
        self._days: list[int] = []
        self._records: dict[int, set[str]] = {}

    def move(self, record: str, before: int | None, day: int | None) -> None:
        """Have a record wake on `day` where it was `before`."""
        if before == day:
            return
        if before is not None and (held := self._records.get(before)) is not None:
            held.discard(record)
        if day is not None:
            held = self._records.get(day)
            if held is None:
                held = self._records[day] = set()
                heapq.heappush(self._days, day)
            held.add(record)

    def due(self, today: int) -> Iterator[str]:
        """The records whose day has come by `today`; each wakes once."""
        while self._days and self._days[0] <= today:
            yield from self._records.pop(heapq.heappop(self._days))
