"""Which record gets what. In: how many, a seed, shares. Out: for each chunk, what to plant where.

Of every 1/share records one is chosen by chance, so that a ledger holds each outcome about as often
as asked. What does not fit a record waits for the next. Nothing here looks at a record.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from functools import lru_cache
from random import Random
from typing import Final

from zhuanjie.synthetic.plants import PLANTS, SECOND, InjectedOutcome, key_of
from zhuanjie.synthetic.traits import ANYTHING, bits, possible

ALL: Final = (*PLANTS, SECOND)
"""Every plant; elsewhere a plant is its place in this row."""

VARIANTS: Final[Mapping[str, tuple[InjectedOutcome, ...]]] = {
    key: tuple(p for p in PLANTS if p.key == key) for key in dict.fromkeys(p.key for p in PLANTS)
}
_PLACES: Final = {key: [i for i, p in enumerate(PLANTS) if p.key == key] for key in VARIANTS}
_ORDER: Final = {key: i for i, key in enumerate(VARIANTS)}
_ZONES: Final = {zone: i for i, zone in enumerate(dict.fromkeys(p.zone for p in ALL))}
_FREE: Final = ANYTHING.bit_length()
"""Where a record's free zones begin among the bits of what may still be asked of it."""

_OPEN: Final = ((1 << len(_ZONES)) - 1) << _FREE | ANYTHING
_BITS: Final = [bits(p.needs) for p in ALL]
_ZONE: Final = [1 << _FREE + _ZONES[p.zone] for p in ALL]
_SECOND: Final = len(ALL) - 1

Entry = tuple[int, int, str]


@dataclass(slots=True)
class ChunkPlan:
    """Records from `first` on. `rows` are those to spoil, counted from the chunk's first, and
    `needs` what is asked of each; the plant `plants[i]` befalls the record `rows[places[i]]`."""

    first: int
    count: int
    rows: list[int] = field(default_factory=list)
    needs: list[int] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    plants: list[int] = field(default_factory=list)


def compose(records: int, seed: int, shares: Mapping[str, float], size: int,
            asked: Set[str] = frozenset()) -> Iterator[ChunkPlan]:
    """A ledger's plan in chunks of `size` records; `asked` are the shares not to fall short of."""
    schedule = _Schedule(records, seed, shares, asked)
    for first in range(0, records, size):
        chunk = ChunkPlan(first, min(size, records - first))
        for row, (needs, plants) in schedule.spoilt(first, first + chunk.count):
            chunk.plants += plants
            chunk.places += [len(chunk.rows)] * len(plants)
            chunk.rows.append(row - first)
            chunk.needs.append(needs)
        yield chunk


class _Schedule:
    """When each outcome is due to be planted, as a heap of (position, order, key).

    What was `asked` for by name goes before what is planted as usual.
    """

    def __init__(self, records: int, seed: int, shares: Mapping[str, float],
                 asked: Set[str]) -> None:
        self.records = records
        self.asked = asked
        # A twin spoils two records at once.
        self.shares = {
            key: share / 2 if VARIANTS[key][0].twin else share
            for key, share in shares.items() if share
        }
        self.settles = [
            [key for clause, outcome in p.entails.items()
             if (key := key_of(clause, outcome)) in self.shares]
            for p in ALL
        ]
        self.chance = {key: Random(f"{seed}:{key}").random for key in self.shares}
        self.variant = Random(f"{seed}").random
        self.count: Counter[str] = Counter()
        self.entailed: Counter[str] = Counter()
        self.owed = False
        self.heap: list[Entry] = []
        for key in self.shares:
            self._next(key)

    def _next(self, key: str) -> None:
        """Choose one record of the next 1/share."""
        at = int((self.count[key] + self.chance[key]()) / self.shares[key])
        self.count[key] += 1
        # The last record has none after it to be its twin.
        if VARIANTS[key][0].twin and at == self.records - 1:
            at -= 1
        heapq.heappush(self.heap, (at, _ORDER[key], key))

    def spoilt(self, first: int, end: int) -> Iterator[tuple[int, tuple[int, list[int]]]]:
        """The records between two positions that get something; what each needs and gets."""
        index = first
        while True:
            if not self.owed:
                index = max(index, self.heap[0][0] if self.heap else end)
            if index >= end:
                return
            needs, plants = self._choose(index)
            if plants:
                yield index, (needs, plants)
            index += 1

    def _choose(self, index: int) -> tuple[int, list[int]]:
        """What is due and goes together in one record, and the traits it needs."""
        open_, chosen = _OPEN, []
        if self.owed:
            open_, chosen, self.owed = _with(open_, _SECOND), [_SECOND], False
        due: list[Entry] = []
        while self.heap and self.heap[0][0] <= index:
            due.append(heapq.heappop(self.heap))
        if self.asked and len(due) > 1:
            due.sort(key=lambda e: (e[2] not in self.asked, e))
        for entry in due:
            key = entry[2]
            if self.entailed[key]:  # another outcome has brought this one about already
                self.entailed[key] -= 1
                self._next(key)
                continue
            places = _PLACES[key]
            start = int(self.variant() * len(places))
            for plant in places[start:] + places[:start]:
                if (fits := _with(open_, plant)) and self._has_room(index, plant):
                    open_ = fits
                    chosen.append(plant)
                    self.owed |= ALL[plant].twin
                    self._next(key)
                    break
            else:
                heapq.heappush(self.heap, entry)
        self._settle(chosen)
        return open_ & ANYTHING, chosen

    def _has_room(self, index: int, plant: int) -> bool:
        return not ALL[plant].twin or index < self.records - 1

    def _settle(self, chosen: list[int]) -> None:
        """Count what came about unasked against what is asked for."""
        for plant in chosen:
            for key in self.settles[plant]:
                if all(ALL[other].key != key for other in chosen):
                    self.entailed[key] += 1


@lru_cache(maxsize=1 << 16)
def _with(open_: int, plant: int) -> int:
    """What may still be asked of a record with one more plant, or 0 where it does not fit."""
    both = open_ & (_BITS[plant] | ~ANYTHING)
    return both & ~_ZONE[plant] if open_ & _ZONE[plant] and possible(both) else 0
