"""Words of rows that are no records. In: a vocabulary's texts. Out: patterns of whole cells.

The patterns mean the same to Python, to Rust and to database servers: no look-around, no classes of
Unicode. Width, case and blanks between characters make no difference.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cached_property
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
_NARROW = {code + wide: chr(code).lower() for code in range(0x21, 0x7F) for wide in (0, _FULL)}
"""Characters that `_character` takes for one another, by the one that stands in forms."""


class RowPatterns(Struct, frozen=True, eq=False, dict=True):
    """What cells look like in rows that are no records; see `RowWords`."""

    words: RowWords

    @cached_property
    def counts(self) -> str:
        """A cell that holds a count: a number, or one with what is counted."""
        return self.of(self.forms("counts"))

    @cached_property
    def any(self) -> str:
        """A cell that may make its row no record."""
        return self.of(self.forms("any"))

    @cached_property
    def serials(self) -> frozenset[str]:
        """Headings of running numbers, as headings are compared."""
        return frozenset(map(plain_heading, self.words.serials))

    def forms(self, kind: str) -> tuple[str, ...]:
        """What is written in cells of a kind: one of those of `RowWords`, or `any` that may make a
        row no record."""
        words = self.words
        if kind == "counts":
            return _NUMBER, *words.counts
        if kind == "any":
            return *words.sums, *words.notes, *words.examples, *words.instructions
        found: tuple[str, ...] = getattr(words, kind)
        return found

    def wording(self, kind: str) -> Wording:
        """The test whether a text is what stands in cells of a kind; see `forms`."""
        return Wording(self, self.forms(kind))

    def like(self, text: str) -> str:
        """A cell that is this text, whatever its width, case and blanks."""
        return f"^{_GAP}{_GAP.join(map(_character, comparable(text)))}{_GAP}$"

    def of(self, forms: Iterable[str]) -> str:
        """A cell that is one of some forms."""
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


class Wording:
    """Whether a text is one of some forms, as the pattern of `RowPatterns` for them says it of a
    cell, without a pattern where no number is asked for: hundreds of gaps are long to compile.
    """

    def __init__(self, patterns: RowPatterns, forms: Iterable[str]) -> None:
        self._exact: set[str] = set()
        self._open: list[tuple[str, list[str], str]] = []
        numbered = []
        for form in dict.fromkeys(map(comparable, forms)):
            if _NUMBER in form:
                numbered.append(form)
                continue
            first, *rest = _GAPS.sub("", form).split(_ANY)
            if rest:
                self._open.append((first, rest[:-1], rest[-1]))
            else:
                self._exact.add(first)
        self._numbered, self._patterns = numbered, patterns

    def __call__(self, text: str) -> bool:
        """Whether `text` is one of them."""
        plain = _GAPS.sub("", text).translate(_NARROW)
        return plain in self._exact or any(
            _fits(plain, *form) for form in self._open) or bool(
                self._numbered and self._digit.search(plain) and self._pattern.search(
                    _GAPS.sub(" ", text)))

    @cached_property
    def _digit(self) -> re.Pattern[str]:
        return re.compile(f"[0-9{re.escape(self._patterns.words.numerals)}]")

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        """The forms with numbers, for texts in which each gap is one space."""
        return re.compile(self._patterns.of(self._numbered).replace(_GAP, " *"))


def _fits(text: str, first: str, between: Sequence[str], last: str) -> bool:
    """Whether a text begins and ends so, with the other pieces between in order."""
    if not text.startswith(first) or not text.endswith(last):
        return False
    at, end = len(first), len(text) - len(last)
    for piece in between:
        found = text.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return at <= end


def _character(c: str) -> str:
    """A character in either width and case."""
    if not "!" <= c <= "~":
        return re.escape(c)
    forms = dict.fromkeys(f for same in (c, c.upper()) for f in (same, chr(ord(same) + _FULL)))
    return "[" + "".join(f"\\{f}" if f in "[]\\^-&~" else f for f in forms) + "]"
