"""A large text in parts. In: a file of delimited text in UTF-8. Out: runs of whole rows in it.

Each part is read by itself, so that no more than one or two of them are held however long the file
is; columns that nobody asks for are passed over.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct


class TextPart(Struct, frozen=True):
    """Whole rows of a file: its bytes from `start` to `end`, the number of the first, how many."""

    start: int
    end: int
    first: int
    rows: int

    def content(self, path: Path) -> bytes:
        """The bytes of the part."""
        with path.open("rb") as file:
            file.seek(self.start)
            return file.read(self.end - self.start)


def text_parts(path: Path, skipped: int, size: int, quoted: bool) -> Iterator[TextPart]:
    """The rows behind the first `skipped` lines, in parts of about `size` bytes.

    Line breaks in quotes end no row where the file is `quoted`; its quotes are in order.
    """
    with path.open("rb") as file:
        start, first = sum(len(file.readline()) for _ in range(skipped)), 0
        text = file.read(size)
        while block := file.read(size):
            cut, rows = _whole_rows(text, quoted)
            if cut:
                yield TextPart(start, start + cut, first, rows)
                text, start, first = text[cut:], start + cut, first + rows
            text += block
        if text:
            outside = b"".join(text.split(b'"')[::2]) if quoted else text
            ended = outside.endswith(b"\n") and text.endswith(b"\n")
            yield TextPart(start, start + len(text), first, outside.count(b"\n") + (not ended))


def _whole_rows(text: bytes, quoted: bool) -> tuple[int, int]:
    """Where a row ends in a text, the later the better, and how many there are up to there.

    What follows must not be a byte-order mark, which a reader would take away.
    """
    end = len(text) - len(codecs.BOM_UTF8)
    if not quoted or b'"' not in text:
        while (cut := text.rfind(b"\n", 0, max(0, end)) + 1) and text.startswith(
                codecs.BOM_UTF8, cut):
            end = cut - 1
        return cut, text.count(b"\n", 0, cut)
    pieces = text.split(b'"')
    right = len(text)
    for at in range(len(pieces) - 1, -1, -1):
        left = right - len(pieces[at])
        while at % 2 == 0 and (cut := text.rfind(b"\n", left, max(0, min(end, right))) + 1):
            if not text.startswith(codecs.BOM_UTF8, cut):
                return cut, (sum(piece.count(b"\n") for piece in pieces[:at:2])
                             + text.count(b"\n", left, cut))
            right = cut - 1
        right = left - 1
    return 0, 0
