"""The worst of many. In: things with weights, as they come. Out: the first so many of the worst."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Worst(Generic[T]):
    """Keeps `most` things of the least weights, of equal ones those that came first.

    Memory is bounded by `most`; `seen` counts what came, by weight.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.seen: Counter[int] = Counter()
        self._kept: dict[int, list[T]] = {}
        self._size = 0

    def add(self, weight: int, thing: T) -> None:
        """Take a thing in, in the place of a lighter one where all are taken."""
        self.seen[weight] += 1
        if not self.would_keep(weight):
            return
        if self._size == self.most:
            self._kept[self._lightest()].pop()
            self._size -= 1
        self._kept.setdefault(weight, []).append(thing)
        self._size += 1

    def would_keep(self, weight: int) -> bool:
        """Whether there is room for a thing of a weight."""
        return self._size < self.most or weight < self._lightest()

    def _lightest(self) -> int:
        return max(weight for weight, kept in self._kept.items() if kept)

    def __iter__(self) -> Iterator[tuple[int, T]]:
        """The things kept with their weights, the worst first, then as they came."""
        for weight in sorted(self._kept):
            for thing in self._kept[weight]:
                yield weight, thing

    def __len__(self) -> int:
        return self._size
