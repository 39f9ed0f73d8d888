"""A large text in parts. In: a file of delimited text in UTF-8. Out: runs of whole rows in it.

Each part is read by itself, so that no more than one or two of them are held however long the file
is; columns that nobody asks for are passed over.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

_BLOCK = 1 << 20
_LEAST = 8
"""Bytes of a block in which the end of a row, and what is behind it, can be seen."""


class TextPart(Struct, frozen=True):
    """Whole rows of a file: its bytes from `start` to `end`."""

    start: int
    end: int

    def content(self, path: Path) -> bytes:
        """The bytes of the part."""
        with path.open("rb") as file:
            file.seek(self.start)
            return file.read(self.end - self.start)


def text_parts(path: Path, skipped: int, size: int, quoted: bool) -> Iterator[TextPart]:
    """The rows behind the first `skipped` lines, in parts of about `size` bytes.

    Line breaks in quotes end no row where the file is `quoted`; its quotes are in order. Elsewhere
    only what lies around the ends of parts is read.
    """
    size = max(size, _LEAST)
    with path.open("rb") as file:
        at = start = sum(len(file.readline()) for _ in range(skipped))
        end, inside = path.stat().st_size, False
        while end - start > size:
            if not quoted:
                at = max(at, start + size - _BLOCK)
                file.seek(at)
            if not (block := file.read(min(size, _BLOCK))):
                break
            if at + len(block) - start >= size and (cut := _row_end(block, inside, quoted)):
                yield TextPart(start, at + cut)
                start = at + cut
            inside ^= quoted and block.count(b'"') % 2 == 1
            at += len(block)
        if start < end:
            yield TextPart(start, end)


def _row_end(text: bytes, inside: bool, quoted: bool) -> int:
    """Where the last row ends that does so in a text, which begins `inside` quotes or not; 0 for
    none.

    What follows must not be a byte-order mark, which a reader would take away.
    """
    end = len(text) - len(codecs.BOM_UTF8)
    within, counted = inside, 0
    while (cut := text.rfind(b"\n", 0, max(0, end)) + 1) > 0:
        if quoted:
            quotes = text.count(b'"', 0, cut) if not counted else -text.count(b'"', cut, counted)
            within, counted = within ^ (quotes % 2 == 1), cut
        if not within and not text.startswith(codecs.BOM_UTF8, cut):
            return cut
        end = cut - 1
    return 0
