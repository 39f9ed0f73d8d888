"""Regular expressions as automata. In: patterns of `check.regex.portable`. Out: which texts match.

Only a search of texts needs them, so they are kept small and plain: states joined by characters, or
by nothing, or by nothing at the start (`^`) or the end (`$`) of the text.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from functools import cached_property, lru_cache
from typing import Literal

from msgspec import Struct, field

Range = tuple[int, int]
Guard = Literal["", "^", "$"]
States = frozenset[int] | None
"""The states an automaton may be in; None once it has matched, whatever comes."""

TOP = 0x10FFFF
_ESCAPES = {"t": "\t", "n": "\n", "f": "\f", "r": "\r"}
_MOST_STATES = 20_000


class TooLarge(Exception):
    """The automaton of a pattern has more states than can be searched."""


class Automaton(Struct, dict=True):
    """`free` joins states by nothing (under a guard), `steps` by a character; 0 starts, 1 ends."""

    free: list[list[tuple[Guard, int]]] = field(default_factory=lambda: [[], []])
    steps: list[list[tuple[tuple[Range, ...], int]]] = field(default_factory=lambda: [[], []])

    def state(self) -> int:
        """A new state."""
        if len(self.free) >= _MOST_STATES:
            raise TooLarge
        self.free.append([])
        self.steps.append([])
        return len(self.free) - 1

    def start(self) -> States:
        """Where a search begins."""
        return self._closed({0}, "^")

    def step(self, states: States, char: int) -> States:
        """Where a search is after one more character; a match may begin anywhere."""
        if states is None:
            return None
        reached = {0}
        for state in states:
            reached.update(to for ranges, to in self.steps[state]
                           if any(low <= char <= high for low, high in ranges))
        after = self._closed(reached, "")
        return None if after is None else after & self.live

    @cached_property
    def live(self) -> frozenset[int]:
        """The states from which a match can still come, once the text has begun."""
        into: list[list[int]] = [[] for _ in self.free]
        for state, (free, steps) in enumerate(zip(self.free, self.steps, strict=True)):
            for to in [t for guard, t in free if guard != "^"] + [t for _, t in steps]:
                into[to].append(state)
        todo, seen = [1], {1}
        while todo:
            fresh = set(into[todo.pop()]) - seen
            seen |= fresh
            todo += fresh
        return frozenset(seen)

    def matched(self, states: States, empty: bool) -> bool:
        """Whether the text matches if it ends here (`empty`: before its first character)."""
        if states is None:
            return True
        return self._closed(set(states), "$", "^" if empty else "") is None

    def _closed(self, states: set[int], *guards: Guard) -> States:
        todo, seen = list(states), set(states)
        while todo:
            state = todo.pop()
            if state == 1:
                return None
            for guard, to in self.free[state]:
                if to not in seen and (guard == "" or guard in guards):
                    seen.add(to)
                    todo.append(to)
        return frozenset(seen)

    def reversed(self) -> Automaton:
        """The automaton of the same texts read backwards."""
        swapped: dict[Guard, Guard] = {"": "", "^": "$", "$": "^"}
        place = {0: 1, 1: 0}
        out = Automaton([[] for _ in self.free], [[] for _ in self.free])
        for state, (free, steps) in enumerate(zip(self.free, self.steps, strict=True)):
            end = place.get(state, state)
            for guard, to in free:
                out.free[place.get(to, to)].append((swapped[guard], end))
            for ranges, to in steps:
                out.steps[place.get(to, to)].append((ranges, end))
        return out

    def sample(self) -> str | None:
        """A shortest way through, which need not be a match where guards stand in the middle."""
        todo, seen = deque([(0, "")]), {0}
        while todo:
            state, text = todo.popleft()
            if state == 1:
                return text
            for guard, to in self.free[state]:
                if to not in seen and not (guard == "^" and text):
                    seen.add(to)
                    todo.appendleft((to, text))
            for ranges, to in self.steps[state]:
                if to not in seen and ranges:
                    seen.add(to)
                    todo.append((to, text + chr(ranges[0][0])))
        return None

    def ranges(self) -> Iterator[Range]:
        """Every range of characters that some step names."""
        for steps in self.steps:
            for ranges, _ in steps:
                yield from ranges


@lru_cache(maxsize=256)
def automaton(pattern: str) -> Automaton:
    """The automaton of a pattern; raises TooLarge."""
    out = Automaton()
    reader = _PatternParser(pattern, out)
    out.free[reader.alternatives(0)].append(("", 1))
    return out


class _PatternParser:
    """Reads a pattern, one construct a method; each takes the state it starts from, gives its end.

    A repeated atom is read again for every time it may occur.
    """

    def __init__(self, pattern: str, out: Automaton) -> None:
        self.pattern, self.out = pattern, out
        self.at = 0

    def alternatives(self, start: int) -> int:
        end = self.out.state()
        while True:
            self._join(self.sequence(start), end)
            if not self._eat("|"):
                return end

    def sequence(self, start: int) -> int:
        here = self.out.state()
        self._join(start, here)
        while self.at < len(self.pattern) and self.pattern[self.at] not in "|)":
            here = self.repeated(here)
        return here

    def repeated(self, start: int) -> int:
        atom = self.at
        end = self.atom(start)
        if self._eat("?"):
            self._join(start, end)
        elif self._eat("+"):
            return self._loop(end, atom)
        elif self._eat("*"):
            return self._loop(start, atom)
        elif self._eat("{"):
            return self._counted(start, end, atom)
        return end

    def _counted(self, start: int, end: int, atom: int) -> int:
        close = self.pattern.index("}", self.at)
        low, comma, high = self.pattern[self.at : close].partition(",")
        least, most = int(low), int(high or low)
        here = start
        for _ in range(least):
            here = self._again(here, atom)
        if comma and not high:
            here = self._loop(here, atom)
        last = self.out.state()
        self._join(here, last)
        for _ in range(most - least):
            here = self._again(here, atom)
            self._join(here, last)
        self.at = close + 1
        return last

    def _again(self, start: int, atom: int) -> int:
        """The atom at offset `atom` once more, from a state of its own."""
        kept, self.at = self.at, atom
        fresh = self.out.state()
        self._join(start, fresh)
        end = self.atom(fresh)
        self.at = kept
        return end

    def _loop(self, start: int, atom: int) -> int:
        """The atom at offset `atom` any number of times."""
        hub = self.out.state()
        self._join(start, hub)
        self._join(self._again(hub, atom), hub)
        return hub

    def atom(self, start: int) -> int:
        char = self._next()
        if char == "(":
            self.at += 2  # `?:`, which every group of a portable pattern has
            end = self.alternatives(start)
            self.at += 1
            return end
        if char in ("^", "$"):
            end = self.out.state()
            self.out.free[start].append(("^" if char == "^" else "$", end))
            return end
        if char == "[":
            return self._take(start, self._class())
        if char == ".":
            return self._take(start, _outside([(ord("\n"), ord("\n"))]))
        code = ord(self._escaped() if char == "\\" else char)
        return self._take(start, ((code, code),))

    def _take(self, start: int, ranges: tuple[Range, ...]) -> int:
        end = self.out.state()
        self.out.steps[start].append((ranges, end))
        return end

    def _join(self, start: int, end: int) -> None:
        self.out.free[start].append(("", end))

    def _class(self) -> tuple[Range, ...]:
        negated = self._eat("^")
        ranges: list[Range] = []
        while not self._eat("]"):
            low = high = self._member()
            if self.pattern[self.at] == "-" and self.pattern[self.at + 1] != "]":
                self.at += 1
                high = self._member()
            ranges.append((low, high))
        return _outside(ranges) if negated else tuple(ranges)

    def _member(self) -> int:
        char = self._next()
        return ord(self._escaped() if char == "\\" else char)

    def _escaped(self) -> str:
        char = self._next()
        return _ESCAPES.get(char, char)

    def _next(self) -> str:
        self.at += 1
        return self.pattern[self.at - 1]

    def _eat(self, char: str) -> bool:
        if self.pattern.startswith(char, self.at):
            self.at += 1
            return True
        return False


def _outside(ranges: list[Range]) -> tuple[Range, ...]:
    """The characters in none of the ranges."""
    gaps, start = [], 0
    for low, high in sorted(ranges):
        if low > start:
            gaps.append((start, low - 1))
        start = max(start, high + 1)
    return (*gaps, (start, TOP)) if start <= TOP else tuple(gaps)
