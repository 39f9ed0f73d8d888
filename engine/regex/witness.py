"""Texts for a solver. In: tests that a text must pass or fail. Out: such a text, or that none is.

The solver itself sees texts as mere names that tests hold of or not. Whether some text passes just
those tests is asked here: of a few everyday texts first, those of the vocabulary before any other,
then of all texts, by running the automata of the tests side by side.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from itertools import count, pairwise

from msgspec import Struct

from zhuanjie.engine.regex.automaton import TOP, Automaton, States, TooLarge, automaton
from zhuanjie.engine.regex.portable import python_form

_EVERYDAY = ("a", "b", "c", "d", "1", "2", "A1", "A2")
_READABLE = "0123456789abcxyzABCXYZ-_/. "
_MOST_NODES = 5000
_MOST_EDITS = 40


class SearchLimit(Exception):
    """The search was given up."""


class Test(Struct, frozen=True):
    """`startsWith`, `endsWith`, `contains` or `matches` with a constant."""

    op: str
    other: str

    def holds(self, text: str) -> bool:
        """Whether `text` passes."""
        return re.search(python_form(self.pattern), text) is not None

    @property
    def pattern(self) -> str:
        """The test as a portable pattern."""
        if self.op == "matches":
            return self.other
        plain = "".join(f"[{c}]" if c.isalnum() else f"\\{c}" for c in self.other)
        return ("^" if self.op == "startsWith" else "") + plain + (
            "$" if self.op == "endsWith" else "")


class Constraints(Struct, frozen=True):
    """What a text must be: which tests it passes and fails, its length, what it may not be.

    `samples` are everyday texts to be tried before any other.
    """

    tests: tuple[tuple[Test, bool], ...] = ()
    least: int = 1
    most: int | None = None
    taken: frozenset[str] = frozenset()
    samples: tuple[str, ...] = ()

    @property
    def any_size(self) -> bool:
        """Whether every length will do."""
        return self.least <= 1 and self.most is None

    def fits(self, text: str) -> bool:
        """Whether `text` is such a text."""
        return (text not in self.taken and self.least <= len(text)
                and (self.most is None or len(text) <= self.most)
                and all(test.holds(text) is want for test, want in self.tests))


@lru_cache(maxsize=4096)
def find_text(wanted: Constraints) -> str | None:
    """A short text that fits, never an empty one; None where there is none.

    Raises Undecided where there are too many to try.
    """
    everyday = (*wanted.samples, *_EVERYDAY)
    for text in everyday:
        if wanted.fits(text):
            return text
    if not wanted.tests and wanted.any_size:
        return next(t for t in (f"{everyday[0]}{n}" for n in count(1)) if wanted.fits(t))
    try:
        machines = [automaton(test.pattern) for test, _ in wanted.tests]
    except TooLarge as error:
        raise SearchLimit from error
    likely = next(filter(wanted.fits, _likely(wanted, machines)), None)
    if likely is not None:
        return likely
    try:
        return _search(wanted, machines)
    except SearchLimit:
        # What has countless states read forwards may have few read backwards.
        return _search(wanted, [m.reversed() for m in machines], backwards=True)


def _likely(wanted: Constraints, machines: list[Automaton]) -> Iterator[str]:
    """Matches of the tests to be passed, and texts that differ from them by a character or two."""
    letters = _letters(machines, 1, wanted.samples)
    for machine, (_, want) in zip(machines, wanted.tests, strict=True):
        base = machine.sample() if want else None
        if not base:
            continue
        yield base
        yield from (base[1:], base[:-1])
        for letter in letters:
            yield from (letter + base, base + letter, letter + base + letter)
            yield from (base[:at] + letter + base[at + cut:]
                        for at in range(min(len(base), _MOST_EDITS)) for cut in (0, 1))


def _search(wanted: Constraints, machines: list[Automaton], backwards: bool = False) -> str | None:
    """Breadth first over the texts, those that no test tells apart counted as one."""
    # So many texts are kept for each state of the machines that not all of them can be taken.
    spare = len(wanted.taken) + 1
    letters = _letters(machines, spare, wanted.samples)
    level: list[tuple[str, tuple[States, ...]]] = [("", tuple(m.start() for m in machines))]
    nodes, size = 0, 0
    seen: Counter[tuple[States, ...]] = Counter()
    while level and (wanted.most is None or size < wanted.most):
        size += 1
        if size <= wanted.least:
            seen.clear()  # the same states at another length are another matter
        following = []
        for text, states in level:
            for letter in letters:
                after = tuple(m.step(s, ord(letter))
                              for m, s in zip(machines, states, strict=True))
                if seen[after] >= spare or _hopeless(wanted, after):
                    continue
                seen[after] += 1
                nodes += 1
                if nodes > _MOST_NODES:
                    raise SearchLimit
                longer = letter + text if backwards else text + letter
                passed = all(m.matched(s, empty=False) is want for m, s, (_, want)
                             in zip(machines, after, wanted.tests, strict=True))
                if passed and wanted.fits(longer):
                    return longer
                following.append((longer, after))
        level = following
    return None


def _hopeless(wanted: Constraints, after: tuple[States, ...]) -> bool:
    """Whether a test to be failed is passed for good, or one to be passed never can be."""
    return any(s is None if not want else s == frozenset()
               for s, (_, want) in zip(after, wanted.tests, strict=True))


def _letters(machines: list[Automaton], few: int, samples: tuple[str, ...]) -> list[str]:
    """A few characters of each class that no machine looks into, readable ones where there are."""
    readable = dict.fromkeys(_READABLE + "".join(samples))
    edges = {0, TOP + 1}
    for machine in machines:
        for low, high in machine.ranges():
            edges |= {low, high + 1}
    marks = sorted(edges)
    out: list[str] = []
    for low, high in pairwise(marks):
        here = [c for c in readable if low <= ord(c) < high]
        out += here[:few] or list(_first(low, high))
    return out


def _first(low: int, high: int) -> Iterator[str]:
    """The first character of a class that a file can hold."""
    for code in range(low, high):
        if not 0xD800 <= code <= 0xDFFF:
            yield chr(code)
            return
