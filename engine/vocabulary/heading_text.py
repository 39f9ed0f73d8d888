"""How a heading is compared. In: a heading as it was written. Out: its base, and its notes.

Width, case, white space, stars, colons, quotes, numbers before it and traditional characters do not
matter. What stands in brackets is a note: it belongs to the heading, and the vocabulary says which
notes change nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from zhuanjie.engine.core.patterns import late
from zhuanjie.engine.core.traditional import simplified
from zhuanjie.engine.core.unicode import comparable

ANYTHING = "*"
"""Stands for any text in a note that the vocabulary lists."""

_CIRCLED = late(r"^\s*[\u2460-\u249b\u24ea-\u24ff\u2776-\u2793]")
_NUMBER = late(r"^(?:\d{1,2}[.、:)]|\(\d{1,2}\)|[一二三四五六七八九十]{1,3}、|"
                     r"\([一二三四五六七八九十]{1,3}\))(?=\D)")
_NOTE = late(r"[(\[【〔{〖]([^()\[\]【】〔〕{}〖〗]*)(?:[)\]】〕}〗]|$)")
_PLAIN = late("[a-z\u4e00-\u9fff]+")
_MARKS = str.maketrans("", "", "*:;,.、。·•_-#/\\|\"'“”‘’《》<>「」『』!?—–~★☆※▲△●○◆■◇□→")
_CUT = late(r"[/\\、,;|]|或|和|及")


class HeadingText(Struct, frozen=True):
    """A heading taken apart: what it says, and the notes in brackets, in order."""

    base: str
    notes: tuple[str, ...] = ()

    @property
    def plain(self) -> str:
        """The whole heading as it is compared."""
        return self.base + "".join(f"({note})" for note in self.notes)

    def without(self, notes: Iterable[str]) -> HeadingText:
        """The heading without some of its notes."""
        gone = set(notes)
        return replace(self, notes=tuple(note for note in self.notes if note not in gone))


def heading_text(heading: str) -> HeadingText:
    """A heading taken apart, however it is dressed."""
    if _PLAIN.fullmatch(heading):  # as nearly all that a vocabulary lists are
        return HeadingText(simplified(heading))
    text = simplified(comparable(_CIRCLED.sub("", heading)))
    text = _NUMBER.sub("", text.lstrip("*★☆※▲●◆■"))
    notes = tuple(filter(None, (_bare(note) for note in _NOTE.findall(text))))
    base = _bare(_NOTE.sub("", text))
    if not base and notes:  # a heading that stands in brackets as a whole
        return HeadingText(notes[0], notes[1:])
    return HeadingText(base, notes)


def plain_heading(heading: str) -> str:
    """The whole heading as it is compared, its notes in it."""
    return heading_text(heading).plain


def alternatives(heading: str) -> list[tuple[str, ...]]:
    """What the notes of a heading list, each note cut at its strokes and commas."""
    text = simplified(comparable(heading))
    return [tuple(filter(None, map(_bare, _CUT.split(note)))) for note in _NOTE.findall(text)
            if _bare(note)]


def note_pattern(listed: Iterable[str]) -> re.Pattern[str]:
    """A pattern that a note matches where the vocabulary lists it."""
    forms = [".*".join(re.escape(plain_heading(part)) for part in form.split(ANYTHING))
             for form in listed]
    return re.compile("|".join(forms) or r"(?!)")


def _bare(text: str) -> str:
    return text.translate(_MARKS)
