"""Where lines go. In: lines. Out: a descriptor that holds each of them once.

A regular file is brought to the disk with every batch, and can say what it ends with.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct

from zhuanjie.engine.watch.journal import flush, write_all

Mark = tuple[int, int]
"""Which file it is, and how long it was."""


class Sink(Struct):
    """Where lines go: a descriptor. A regular file can say what it ends with."""

    fd: int
    durable: bool = False
    """Whether what is written to a regular file is brought to the disk."""

    def put(self, lines: list[bytes]) -> None:
        """Write whole lines; raises BrokenPipeError when nobody reads any more."""
        self._write(_joined(lines))

    def mark(self) -> Mark | None:
        """Where the next lines will begin; None for what is no regular file."""
        held = os.fstat(self.fd)
        return (held.st_ino, held.st_size) if stat.S_ISREG(held.st_mode) else None

    def complete(self, lines: list[bytes], mark: Mark | None = None) -> None:
        """Write what a crash kept from being written of `lines`, and no more.

        A file that ends with the first part of them gets the rest; of a pipe nobody can tell, and
        it gets them all. What a loss of power left as zeros behind `mark` is written anew.
        """
        data = _joined(lines)
        here = self.mark()
        if mark is not None and here is not None and here[0] == mark[0] and here[1] > mark[1]:
            held = self._read(mark[1], here[1])
            same = next((at for at, (a, b) in enumerate(zip(held, data, strict=False))
                         if a != b), min(len(held), len(data)))
            if _is_torn(held[same:], data[same:]):
                os.ftruncate(self.fd, mark[1] + same)
                self._write(data[same:])
                return
        tail = b"" if here is None else self._read(max(0, here[1] - len(data)), here[1])
        self._write(data[overlap(tail, data):])

    def _write(self, data: bytes) -> None:
        write_all(self.fd, data)
        if self.durable and data and stat.S_ISREG(os.fstat(self.fd).st_mode):
            flush(self.fd)

    def _read(self, start: int, end: int) -> bytes:
        try:
            with Path(f"/proc/self/fd/{self.fd}").open("rb") as file:
                file.seek(start)
                return file.read(end - start)
        except OSError:
            return b""


def _joined(lines: Iterable[bytes]) -> bytes:
    return b"\n".join([*lines, b""])


def _is_torn(held: bytes, data: bytes) -> bool:
    """Whether a file holds zeros in some places where it should hold `data`."""
    return (bool(held) and len(held) <= len(data) and b"\0" in held
            and all(a in (0, b) for a, b in zip(held, data, strict=False)))


def overlap(tail: bytes, data: bytes) -> int:
    """How many bytes of `data`, from its start, `tail` ends with.

    Lines differ from one another in their numbers, so that few places begin as `data` does.
    """
    first = data[:data.find(b"\n") + 1]
    at = tail.find(first) if first else -1
    while at >= 0:
        if data.startswith(tail[at:]):
            return len(tail) - at
        at = tail.find(first, at + 1)
    return next((n for n in range(min(len(first), len(tail)), 0, -1)
                 if tail.endswith(data[:n])), 0)
