"""Marks for nothing in cells. In: a vocabulary's list of them. Out: what tells a blank by them.

A mark that is one sign (`/`, `—`) may be repeated and mixed with others. A word (`N/A`) is
written as it is listed, in either case and width, with or without a space between its letters: so
few ways that every engine and server can be given the list.
"""

from __future__ import annotations

from functools import cached_property, lru_cache

from msgspec import Struct

from zhuanjie.engine.core.unicode import BLANKS, comparable

_WIDE = {at: at + 0xFEE0 for at in range(0x21, 0x7F)}


class NothingMarks(Struct, frozen=True, dict=True):
    """What a field's cells may hold where there is nothing.

    `signs` are single characters of which any number are nothing, `words` whole texts.
    """

    signs: str = ""
    words: frozenset[str] = frozenset()

    @staticmethod
    @lru_cache(maxsize=256)  # most fields of a vocabulary have the same
    def of(listed: tuple[str, ...], lawful: frozenset[str] = frozenset()) -> NothingMarks:
        """From a vocabulary's list; `lawful` values of a field, as they are compared, stay."""
        signs, words = "", set[str]()
        for form in listed:
            if comparable(form) in lawful:
                continue
            if len(form) == 1 and not form.isalnum():
                signs += form + form.translate(_WIDE)
            else:
                words |= _ways(form)
        return NothingMarks("".join(dict.fromkeys(signs)),
                            frozenset(w for w in words if comparable(w) not in lawful))

    def has(self, text: str) -> bool:
        """Whether `text`, which has no blanks at its ends, is a mark for nothing, or empty."""
        return text in self.words or not text.strip(self.stripped)

    @cached_property
    def stripped(self) -> str:
        """Blanks and signs: a text is nothing if it holds no other character."""
        return BLANKS + self.signs

    @cached_property
    def ordered(self) -> list[str]:
        """The words in a fixed order, for lists in statements."""
        return sorted(self.words)


def _ways(word: str) -> set[str]:
    cased = {word, word.lower(), word.upper(), word.capitalize()}
    ways = cased | {form.translate(_WIDE) for form in cased}
    return ways | {gap.join(form) for form in ways for gap in (" ", "\u3000")}
