"""Patterns as every dialect reads them. In: a portable pattern. Out: the same, spelt.

`.` is any character but a line feed, whatever the engine takes it for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_REPEAT = re.compile(r"\{([0-9]+)(?:,([0-9]*))?\}")


def spelt(pattern: str) -> str:
    """`pattern` with its dots spelt out as a class."""
    return "".join(r"[^\n]" if part == "." and not inside else part
                   for part, inside in _parts(pattern))


def most_repeats(pattern: str) -> int:
    """The greatest number of repeats that the pattern counts out."""
    text = "".join("x" if inside or part.startswith("\\") else part
                   for part, inside in _parts(pattern))
    return max((int(n) for found in _REPEAT.finditer(text) for n in found.groups() if n),
               default=0)


def _parts(pattern: str) -> Iterator[tuple[str, bool]]:
    """The characters of a pattern, escaped ones in one piece, and whether a class holds them."""
    inside = False
    at = 0
    while at < len(pattern):
        size = 2 if pattern[at] == "\\" else 1
        part = pattern[at : at + size]
        yield part, inside or part == "["
        inside = part == "[" or (inside and part != "]")
        at += size
