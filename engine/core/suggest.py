"""What was perhaps meant. In: a word and the known ones. Out: the one it is a slip of, or none."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches


def suggest(word: str, known: Sequence[str]) -> str:
    """The known word nearest to `word`, or an empty text."""
    return next(iter(get_close_matches(word, known, n=1)), "")
