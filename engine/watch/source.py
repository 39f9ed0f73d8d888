"""Where events come from. In: a stream or a file. Out: whole lines as they come.

A file that is followed may be cut short, or another put in its place, as programs do that keep
their logs small; what then stands there is read from its start.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterator
from io import BufferedIOBase, BufferedReader
from pathlib import Path

from msgspec import Struct

from zhuanjie.engine.core.diagnostics import Diagnostic, Place
from zhuanjie.engine.ledger.documents import unreadable

Wait = Callable[[], bool]
"""Called at the end of a source; says whether to look for more."""

_BACK = 1 << 16
_CHUNK = 1 << 16
"""So many bytes are taken up at a time, where so many have arrived."""


class Line(Struct, frozen=True):
    """A line of the source: its text, its number, and the offset behind it."""

    text: bytes
    number: int
    end: int

    @property
    def sum(self) -> int:
        """What a line is known by."""
        return checksum(self.text)


def checksum(text: bytes) -> int:
    """The checksum of a line, however it ends."""
    return zlib.crc32(text.rstrip(b"\r\n"))


def read_lines(source: BufferedIOBase, offset: int, number: int,
               wait: Wait) -> Iterator[list[Line]]:
    """The whole lines of a source that stands at `offset`, as many at a time as have arrived.

    At its end `wait` says whether to go on. A last line without a line break counts once nothing
    more is to come.
    """
    rest: list[bytes] = []
    while True:
        chunk = source.read1(_CHUNK)
        if not chunk and wait():
            continue
        *whole, last = chunk.split(b"\n")
        if whole:
            whole[0] = b"".join((*rest, whole[0]))
            rest = []
        rest.append(last)
        texts = [text + b"\n" for text in whole]
        if not chunk and (text := b"".join(rest)):
            texts.append(text)
        lines = []
        for text in texts:
            number += 1
            offset += len(text)
            if not text.isspace():
                lines.append(Line(text, number, offset))
        if lines:
            yield lines
        if not chunk:
            return


class EventFile:
    """A file of events. `notice` is told when it is not the file it was."""

    def __init__(self, path: Path, notice: Callable[[Diagnostic], None]) -> None:
        """Open the file; raises InputError where it cannot be read."""
        self.path, self.notice = path, notice
        self._file = self._open()

    def lines(self, offset: int, number: int, last: int | None,
              wait: Wait) -> Iterator[list[Line]]:
        """The lines from `offset` on, where the line with the checksum `last` ends.

        From the start where no such line ends there: it is another file by now.
        """
        if offset and not self._ends(offset, last):
            self._say("watch.file-other")
            offset = number = 0
        following = True

        def wait_here() -> bool:
            nonlocal following
            following = wait()
            return following and not self._gone()

        while following:
            self._file.seek(offset)
            yield from read_lines(self._file, offset, number, wait_here)
            if following and self._is_other():
                self._say("watch.file-replaced")
                self._file.close()
                self._file = self._open()
            elif following:
                self._say("watch.file-cut")
            offset = number = 0

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _open(self) -> BufferedReader:
        try:
            return self.path.open("rb")
        except OSError as error:
            raise unreadable(error, str(self.path)) from None

    def _gone(self) -> bool:
        """Whether what was read so far stands there no more."""
        return self._is_other() or os.fstat(self._file.fileno()).st_size < self._file.tell()

    def _is_other(self) -> bool:
        try:
            there = self.path.stat()
        except OSError:
            return False  # moved away; the new one is not there yet
        return not os.path.samestat(there, os.fstat(self._file.fileno()))

    def _ends(self, offset: int, last: int | None) -> bool:
        if os.fstat(self._file.fileno()).st_size < offset:
            return False
        text = b""
        start = offset
        while start and b"\n" not in text.rstrip(b"\r\n"):
            start = max(0, start - _BACK)
            self._file.seek(start)
            text = self._file.read(offset - start)
        return last is None or checksum(text.rstrip(b"\r\n").rpartition(b"\n")[2]) == last

    def _say(self, code: str) -> None:
        self.notice(Diagnostic(code, {}, Place(str(self.path))))
