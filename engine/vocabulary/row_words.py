"""Words of rows that are no records. In: a vocabulary's texts. Out: patterns of whole cells.

The patterns mean the same to Python, to Rust and to database servers: no look-around, no classes of
Unicode. Width, case and blanks between characters make no difference.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache, cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

from zhuanjie.engine.core.unicode import comparable
from zhuanjie.engine.vocabulary.heading_text import plain_heading

if TYPE_CHECKING:
    from zhuanjie.engine.vocabulary.model import RowWords

_ANY, _NUMBER = "*", "#"
_GAP = r"[\s\u200b\ufeff]*"
_GAPS = re.compile(_GAP.removesuffix("*") + "+")
_NEVER = r"^\b$"
_FULL = 0xFEE0
"""How far the full-width form of an ASCII character lies from it."""


class RowPatterns(Struct, frozen=True, eq=False, dict=True):
    """What cells look like in rows that are no records; see `RowWords`."""

    words: RowWords

    @cached_property
    def sums(self) -> str:
        """A cell that names a sum."""
        return self._of(self.words.sums)

    @cached_property
    def counts(self) -> str:
        """A cell that holds a count: a number, or one with what is counted."""
        return self._of((_NUMBER, *self.words.counts))

    @cached_property
    def notes(self) -> str:
        """A cell of a signature, a page number or another note."""
        return self._of(self.words.notes)

    @cached_property
    def dates(self) -> str:
        """A cell that holds a day, as beside a signature."""
        return self._of(self.words.dates)

    @cached_property
    def sections(self) -> str:
        """A cell that heads the records below it."""
        return self._of(self.words.sections)

    @cached_property
    def examples(self) -> str:
        """A cell that says that its row is an example."""
        return self._of(self.words.examples)

    @cached_property
    def instructions(self) -> str:
        """A cell that says how its column is filled in."""
        return self._of(self.words.instructions)

    @cached_property
    def any(self) -> str:
        """A cell that may make its row no record."""
        words = self.words
        return self._of((*words.sums, *words.notes, *words.examples, *words.instructions))

    @cached_property
    def serials(self) -> frozenset[str]:
        """Headings of running numbers, as headings are compared."""
        return frozenset(map(plain_heading, self.words.serials))

    def like(self, text: str) -> str:
        """A cell that is this text, whatever its width, case and blanks."""
        return f"^{_GAP}{_GAP.join(map(_character, comparable(text)))}{_GAP}$"

    def _of(self, forms: Iterable[str]) -> str:
        found = "|".join(dict.fromkeys(map(self._form, forms)))
        return f"^{_GAP}(?:{found}){_GAP}$" if found else _NEVER

    def _form(self, form: str) -> str:
        """The pattern of one text: `*` stands for any text, `#` for a number."""
        parts = []
        for c in comparable(form):
            if c == _ANY:
                parts.append(r"[\s\S]*")
            elif c == _NUMBER:
                digits = "".join(f"{chr(n)}-{chr(n + 9)}" for n in (0x30, 0x30 + _FULL))
                parts.append(f"[{digits}{re.escape(self.words.numerals)}]+")
            else:
                parts.append(_character(c))
        return _GAP.join(parts)


def says(pattern: str, text: str) -> bool:
    """Whether a text is what a pattern of `RowPatterns` looks for."""
    return _spaced(pattern).search(_GAPS.sub(" ", text)) is not None


@cache
def _spaced(pattern: str) -> re.Pattern[str]:
    """A pattern for texts in which each gap is one space: what stands for gaps is long to compile,
    and stands in hundreds of places.
    """
    return re.compile(pattern.replace(_GAP, " *"))


def _character(c: str) -> str:
    """A character in either width and case."""
    if not "!" <= c <= "~":
        return re.escape(c)
    forms = dict.fromkeys(f for same in (c, c.upper()) for f in (same, chr(ord(same) + _FULL)))
    return "[" + "".join(f"\\{f}" if f in "[]\\^-&~" else f for f in forms) + "]"
