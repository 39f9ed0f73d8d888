"""A large text in parts. In: a file of delimited text in UTF-8. Out: runs of whole rows in it.

Each part is read by itself, so that no more than one or two of them are held however long the file
is; columns that nobody asks for are passed over.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class TextPart:
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
        text = b""
        while block := file.read(size):
            text += block
            cut, rows = _whole_rows(text, quoted)
            if cut:
                yield TextPart(start, start + cut, first, rows)
                text, start, first = text[cut:], start + cut, first + rows
        if text:
            yield TextPart(start, start + len(text), first, 1 + _whole_rows(text, quoted)[1])


def _whole_rows(text: bytes, quoted: bool) -> tuple[int, int]:
    """Where the last row ends that is whole in a text, and how many there are up to there.

    What follows must not begin with a byte-order mark, which a reader would take away.
    """
    if not quoted or b'"' not in text:
        cut = text.rfind(b"\n") + 1
        while cut and text.startswith(codecs.BOM_UTF8, cut):
            cut = text.rfind(b"\n", 0, cut - 1) + 1
        return cut, text.count(b"\n", 0, cut)
    pieces = text.split(b'"')
    end = len(text)
    for at in range(len(pieces) - 1, -1, -1):
        start = end - len(pieces[at])
        while at % 2 == 0 and (cut := text.rfind(b"\n", start, end) + 1):
            if not text.startswith(codecs.BOM_UTF8, cut):
                return cut, (sum(piece.count(b"\n") for piece in pieces[:at:2])
                             + text.count(b"\n", start, cut))
            end = cut - 1
        end = start - 1
    return 0, 0
