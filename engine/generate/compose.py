"""Which record gets what. In: how many, a seed, shares. Out: drafts in order, their truth complete.

Of every 1/share records one is chosen by chance, so that a ledger holds each outcome about as often
as asked. What does not fit a record waits for the next.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator, Mapping, Set
from random import Random
from typing import Final

from zhuanjie.engine.generate.draft import Draft
from zhuanjie.engine.generate.life import live
from zhuanjie.engine.generate.plants import PLANTS, Plant, key_of
from zhuanjie.engine.generate.traits import Needs, draw, merge

VARIANTS: Final[Mapping[str, tuple[Plant, ...]]] = {
    key: tuple(p for p in PLANTS if p.key == key) for key in dict.fromkeys(p.key for p in PLANTS)
}
_ORDER: Final = {key: i for i, key in enumerate(VARIANTS)}
_SPREAD: Final = 1 << 40
"""More records than any ledger has, so that two seeds never share a record's source of chance."""


def compose(records: int, seed: int, as_of: int, shares: Mapping[str, float],
            asked: Set[str] = frozenset()) -> Iterator[Draft]:
    """The drafts of a ledger, one after another; `asked` are the shares not to fall short of."""
    schedule = _Schedule(seed, shares, asked)
    held: Draft | None = None
    for index in range(records):
        chance = Random(seed * _SPREAD + index)
        chosen, needs = schedule.choose(index, chance, held)
        draft = Draft(index, as_of, chance, draw(chance.random, needs))
        live(draft)
        for plant in chosen:
            plant.apply(draft)
            if plant.twin and held is not None:
                _share_serial(draft, held, plant)
        schedule.settle(chosen)
        if held is not None:
            yield held
        held = draft
    if held is not None:
        yield held


def _share_serial(draft: Draft, held: Draft, plant: Plant) -> None:
    """One serial on two letters, agreeing on all parts of each."""
    for part in ("letter.serial", "letter.stub_serial", "letter.receipt_serial"):
        if part in draft.fields:
            draft.fields[part] = held.fields["letter.serial"]
    held.truth[plant.clause] = plant.outcome


def _may_be_twin(held: Draft | None, clause: str) -> bool:
    return (held is not None and "letter.serial" in held.fields
            and clause not in held.truth and "1.3d" not in held.truth)


class _Schedule:
    """When each outcome is due to be planted, as a heap of (position, order, key).

    What was `asked` for by name goes before what is planted as usual.
    """

    def __init__(self, seed: int, shares: Mapping[str, float], asked: Set[str]) -> None:
        self.asked = asked
        # A twin spoils two records at once.
        self.shares = {
            key: share / 2 if VARIANTS[key][0].twin else share
            for key, share in shares.items() if share
        }
        self.chance = {key: Random(f"{seed}:{key}") for key in self.shares}
        self.count: Counter[str] = Counter()
        self.entailed: Counter[str] = Counter()
        self.heap: list[tuple[int, int, str]] = []
        for key in self.shares:
            self._next(key)

    def _next(self, key: str) -> None:
        """Choose one record of the next 1/share."""
        at = int((self.count[key] + self.chance[key].random()) / self.shares[key])
        self.count[key] += 1
        heapq.heappush(self.heap, (at, _ORDER[key], key))

    def choose(self, index: int, chance: Random, held: Draft | None,
               ) -> tuple[list[Plant], Needs]:
        """What is due and goes together in one record, and the traits it needs."""
        chosen: list[Plant] = []
        needs: Needs = {}
        zones: set[str] = set()
        due: list[tuple[int, int, str]] = []
        while self.heap and self.heap[0][0] <= index:
            due.append(heapq.heappop(self.heap))
        for entry in sorted(due, key=lambda e: (e[2] not in self.asked, e)):
            key = entry[2]
            if self.entailed[key]:  # another outcome has brought this one about already
                self.entailed[key] -= 1
                self._next(key)
                continue
            if plant := _fitting(key, needs, zones, chance, held):
                chosen.append(plant)
                needs = merge(needs, plant.needs) or {}
                zones.add(plant.zone)
                self._next(key)
            else:
                heapq.heappush(self.heap, entry)
        return chosen, needs

    def settle(self, chosen: list[Plant]) -> None:
        """Count what came about unasked against what is asked for."""
        asked = {p.key for p in chosen}
        for plant in chosen:
            for clause, outcome in plant.entails.items():
                key = key_of(clause, outcome)
                if key in self.shares and key not in asked:
                    self.entailed[key] += 1


def _fitting(key: str, needs: Needs, zones: set[str], chance: Random,
             held: Draft | None) -> Plant | None:
    """A variant that goes together with what is chosen already."""
    variants = VARIANTS[key]
    first = int(chance.random() * len(variants))
    for plant in variants[first:] + variants[:first]:
        if plant.twin and not _may_be_twin(held, plant.clause):
            continue
        if plant.zone not in zones and merge(needs, plant.needs) is not None:
            return plant
    return None
