"""Searching texts for patterns. In: a portable pattern. Out: a search whose time grows with a text.

Python's own engine tries every way in which a pattern may fit, which can take for ever. So it is
used for patterns alone in which there is little to try, and on short texts; else the automaton is
run, its sets of states remembered as they come (a DFA that is built lazily).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from zhuanjie.engine.regex.automaton import Automaton, States, TooLarge, automaton
from zhuanjie.engine.regex.portable import python_form

_SHORT: Final = 256
"""Characters of a text that Python's own engine is given."""
_OPTIONAL: Final = 3
_REPEATS: Final = 1
_REMEMBERED: Final = 50_000
"""Steps that are remembered; then it begins anew."""
_MATCHED: Final = -1
_LITERAL = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
_GROUP_REPEATED = re.compile(r"\)[*+?{]")

Search = Callable[[str], bool | None]
"""True where a text holds a match, else None."""


@lru_cache(maxsize=1024)
def searcher(pattern: str) -> Search:
    """The search for a pattern."""
    own = re.compile(python_form(pattern)).search
    quick = _is_simple(pattern)
    lazy: list[Search] = []

    def search(text: str) -> bool | None:
        if quick and len(text) <= _SHORT:
            return True if own(text) else None
        if not lazy:
            try:
                lazy.append(_LazySearch(automaton(pattern)))
            except TooLarge:  # which no pattern of a pack is: it would have been refused
                lazy.append(lambda said: True if own(said) else None)
        return lazy[0](text)

    return search


def _is_simple(pattern: str) -> bool:
    """Whether there is little to try: no group repeats, and hardly anything else."""
    bare = _LITERAL.sub("x", pattern)
    if _GROUP_REPEATED.search(bare) or bare.count("|") > _OPTIONAL:
        return False
    repeats = len(re.findall(r"[*+]|\{[0-9]*,", bare))
    optional = len(re.findall(r"(?<!\()\?", bare))
    return repeats <= _REPEATS and optional <= _OPTIONAL


class _LazySearch:
    """An automaton that is run over texts."""

    def __init__(self, found: Automaton) -> None:
        self._automaton = found
        self._begin()

    def _begin(self) -> None:
        self._numbers: dict[frozenset[int], int] = {}
        self._sets: list[frozenset[int]] = []
        self._steps: list[dict[str, int]] = []
        self._remembered = 0

    def __call__(self, text: str) -> bool | None:
        here = self._number(self._automaton.start())
        for char in text:
            if here == _MATCHED:
                return True
            to = self._steps[here].get(char)
            here = self._step(here, char) if to is None else to
        if here == _MATCHED or self._automaton.matched(self._sets[here], not text):
            return True
        return None

    def _step(self, here: int, char: str) -> int:
        states = self._sets[here]
        if self._remembered >= _REMEMBERED:
            self._begin()
            here = self._number(states)
        self._remembered += 1
        to = self._number(self._automaton.step(states, ord(char)))
        self._steps[here][char] = to
        return to

    def _number(self, states: States) -> int:
        if states is None:
            return _MATCHED
        number = self._numbers.get(states)
        if number is None:
            number = self._numbers[states] = len(self._sets)
            self._sets.append(states)
            self._steps.append({})
        return number
