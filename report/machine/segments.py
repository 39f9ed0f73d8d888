"""Text under several heads, written as it comes. In: pieces with heads. Out: the text of each head.

What belongs together comes scattered, and may be too much for memory: pieces wait in a block for
each head, and full blocks in one file of the moment.
"""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from typing import IO, Final

from zhuanjie.report.files import unwritable

_BLOCK: Final = 1 << 16
"""Bytes of a head that wait in memory."""


class Segments:
    """Pieces of text kept aside by head, in the order in which they came."""

    def __init__(self, aside: IO[bytes]) -> None:
        self._aside = aside
        self._waiting: dict[Hashable, list[bytes]] = {}
        self._sizes: dict[Hashable, int] = {}
        self._spans: dict[Hashable, list[tuple[int, int]]] = {}
        self._end = 0
        self.size = 0
        """Bytes of all pieces."""

    def add(self, head: Hashable, text: str) -> None:
        """Keep a piece; raises OutputError where there is no room for it."""
        piece = text.encode(errors="replace")
        self._waiting.setdefault(head, []).append(piece)
        self.size += len(piece)
        size = self._sizes.get(head, 0) + len(piece)
        if size >= _BLOCK:
            self._write(head)
            size = 0
        self._sizes[head] = size

    def _write(self, head: Hashable) -> None:
        block = b"".join(self._waiting.pop(head))
        try:
            self._aside.seek(0, os.SEEK_END)
            self._aside.write(block)
        except OSError as error:
            raise unwritable(tempfile.gettempdir(), error) from error
        self._spans.setdefault(head, []).append((self._end, len(block)))
        self._end += len(block)

    def of(self, head: Hashable) -> Iterator[str]:
        """The text of a head, in blocks of whole pieces."""
        for start, size in self._spans.get(head, ()):
            self._aside.seek(start)
            yield self._aside.read(size).decode()
        yield b"".join(self._waiting.get(head, ())).decode()


@contextmanager
def segments() -> Iterator[Segments]:
    """A place to keep pieces in, which is gone afterwards."""
    with _aside() as aside:
        yield Segments(aside)


def _aside() -> IO[bytes]:
    """A file of the moment; memory, where there is no place for one."""
    try:
        return tempfile.TemporaryFile("w+b")
    except OSError:
        return io.BytesIO()
