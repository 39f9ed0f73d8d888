"""What was perhaps meant. In: a word and the known ones. Out: the one it is a slip of, or none.

Only a slip of typing is taken for one: a letter too many, too few, wrong, or two swapped (the
optimal string alignment distance). A word that means something else is no suggestion, however many
letters it shares; and of Chinese characters another one is always another word.
"""

from __future__ import annotations

from collections.abc import Iterable

LONG = 8
"""Letters from which on a word may have two slips."""
LEAST = 3
"""Letters, or Chinese characters, that a word must have to be a slip of another."""


def suggest(word: str, known: Iterable[str]) -> str:
    """The known word that `word` is a slip of typing of, or an empty text.

    Where several are as near, none. A word that begins just one known word stands for it.
    """
    found = suggestions(word, known)
    return found[0] if len(found) == 1 else ""


def suggestions(word: str, known: Iterable[str]) -> list[str]:
    """The known words that `word` is a slip of typing of, all as near to it."""
    listed = list(dict.fromkeys(known))
    near: list[str] = []
    least = slips_allowed(word)
    size = len(word)
    for other in listed:
        if not -least <= len(other) - size <= least:
            continue  # most are: it is not worth a call
        if (far := slips(word, other, least)) is not None:
            near = [*near, other] if far == least else [other]
            least = far
    if not near and len(word) >= LEAST and word.isascii():
        near = [other for other in listed if other.startswith(word)]
    return near


def slips_allowed(word: str) -> int:
    """How many slips of typing a word of this length may have."""
    return 0 if len(word) < LEAST else 1 if len(word) < LONG or not word.isascii() else 2


def slips(word: str, other: str, most: int) -> int | None:
    """How many slips lead from `word` to `other`, None where they are more than `most`.

    The first letter is never the slip, unless it is swapped with the next; and a Chinese character
    in the place of another is none at all.
    """
    if most < 0 or abs(len(word) - len(other)) > most or min(len(word), len(other)) < LEAST:
        return None
    if word[0] != other[0] and word[:2] != other[1::-1]:
        return None
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(word, 1):
        older, before, row = before, row, [i]
        for j, b in enumerate(other, 1):
            swap = 0 if a == b else 1 if a.isascii() and b.isascii() else 2
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + swap)
            if i > 1 and j > 1 and a == other[j - 2] and b == word[i - 2]:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return None
    return row[-1] if row[-1] <= most else None
