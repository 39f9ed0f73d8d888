"""Places in a text, as each side counts them. In: a text. Out: offsets, lines, columns.

An editor counts lines at LF, CRLF and CR, and columns in units of an encoding: UTF-16 as a rule,
where a character beyond the basic plane is two, or UTF-8 or UTF-32 where the two sides agree so.
YAML's reader breaks lines at three more characters, and counts characters.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

from msgspec import Struct

Encoding = Literal["utf-8", "utf-16", "utf-32"]
ENCODINGS: tuple[Encoding, ...] = get_args(Encoding)
_EDITOR = re.compile(r"\r\n|\n|\r")
_YAML = re.compile("\r\n|[\n\r\x85\u2028\u2029]")


@dataclass(frozen=True, order=True, slots=True)
class TextPosition:
    """A line and a column in units of the encoding, both from 0."""

    line: int
    column: int


class Stretch(Struct, frozen=True):
    """A stretch of a text, from and to, in characters."""

    start: int
    end: int


class TextMap:
    """A text with its lines; columns are counted in units of `encoding`."""

    def __init__(self, text: str, encoding: Encoding = "utf-16") -> None:
        self.text, self.encoding = text, encoding

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(found.end() for found in _EDITOR.finditer(self.text))]

    @cached_property
    def _yaml_starts(self) -> list[int]:
        return [0, *(found.end() for found in _YAML.finditer(self.text))]

    def offset(self, at: TextPosition) -> int:
        """The offset of a position; one beyond the end of its line is the end of that line."""
        if at.line < 0:
            return 0
        if at.line >= len(self._starts):
            return len(self.text)
        line = self.line(at.line)
        return self._starts[at.line] + _characters(line, at.column, self.encoding)

    def position(self, offset: int) -> TextPosition:
        """The position of an offset."""
        offset = min(max(offset, 0), len(self.text))
        line = bisect_right(self._starts, offset) - 1
        return TextPosition(line, units(self.text[self._starts[line]:offset], self.encoding))

    def line(self, number: int) -> str:
        """A line (from 0) without what ends it."""
        start = self._starts[number]
        end = self._starts[number + 1] if number + 1 < len(self._starts) else len(self.text)
        return self.text[start:end].rstrip("\r\n")

    def line_of(self, offset: int) -> tuple[int, int]:
        """The line that an offset is in, and where that begins."""
        at = bisect_right(self._starts, min(offset, len(self.text))) - 1
        return at, self._starts[at]

    def line_start(self, number: int) -> int:
        """Where a line (from 0) begins."""
        return self._starts[min(number, len(self._starts) - 1)]

    @property
    def lines(self) -> int:
        """How many lines there are."""
        return len(self._starts)

    def from_yaml(self, line: int, column: int) -> int:
        """The offset of a line and column as a diagnostic has them, both from 1."""
        if line > len(self._yaml_starts):
            return len(self.text)
        return min(self._yaml_starts[max(line, 1) - 1] + max(column, 1) - 1, len(self.text))

    def span_from(self, offset: int) -> Stretch:
        """What to mark of something that begins here: a word, or the rest of the line."""
        found = re.compile(r"[\w.-]+|[^\s]").match(self.text, offset)
        if found is None:
            line, start = self.line_of(offset)
            return Stretch(offset, max(offset, start + len(self.line(line))))
        return Stretch(offset, found.end())


def units(text: str, encoding: Encoding = "utf-16") -> int:
    """How many units a text has."""
    if encoding == "utf-8":
        return len(text.encode("utf-8", "surrogatepass"))
    if encoding == "utf-32":
        return len(text)
    return len(text) + sum(1 for c in text if ord(c) > 0xFFFF)


def _characters(line: str, column: int, encoding: Encoding) -> int:
    """How many characters of a line its first `column` units are."""
    if line.isascii() or encoding == "utf-32":
        return min(column, len(line))
    count = 0
    for at, char in enumerate(line):
        if count >= column:
            return at
        count += units(char, encoding)
    return len(line)
