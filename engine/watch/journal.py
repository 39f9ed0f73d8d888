"""The journal. In: events and what was said of them. Out: the same again after a crash.

An append-only file of JSON lines, each with a checksum. An event is written before it is acted on,
and after its lines were put out a note says so, with the outcomes that changed. A line that a crash
cut short is dropped; one damaged in the middle of the file is refused.
"""

from __future__ import annotations

import json
import os
import stat
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zhuanjie.engine.core.diagnostics import Place
from zhuanjie.engine.core.errors import InputError, OutputError, fail
from zhuanjie.engine.watch.events import dumps

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the journal: its kind and what it holds."""

    kind: str
    data: dict[str, Any]


class Journal:
    """An open journal. `entries` are those that stood in it when it was opened."""

    def __init__(self, path: Path) -> None:
        """Open or make the journal; raises InputError where it is damaged or in use."""
        self.path = path
        try:
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
            if not stat.S_ISREG(os.fstat(self._fd).st_mode):
                os.close(self._fd)
                raise fail(OutputError, "watch.journal-no-file", Place(str(path)))
        except OSError as error:
            raise fail(OutputError, "watch.journal-open", Place(str(path)),
                       reason=error.strerror or "") from None
        self._lock()
        self.entries = list(self._read())

    def _lock(self) -> None:
        try:
            import fcntl
        except ImportError:  # no such locks on this system; two writers are then the user's care
            return
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise fail(InputError, "watch.journal-busy", Place(str(self.path))) from None

    def _read(self) -> Iterator[Entry]:
        """The whole lines; what a crash cut short at the end is cut off the file."""
        with os.fdopen(os.dup(self._fd), "rb") as file:
            data = file.read()
        end = data.rfind(b"\n") + 1
        lines = data[:end].split(b"\n")[:-1]
        for number, line in enumerate(lines, 1):
            entry = _parse(line)
            if entry is None:
                raise fail(InputError, "watch.journal-damaged", Place(str(self.path), line=number))
            yield entry
        os.ftruncate(self._fd, end)
        os.lseek(self._fd, 0, os.SEEK_END)

    def write(self, kind: str, data: dict[str, Any]) -> None:
        """Append an entry; it stands in the file, whole or not at all, once this returns."""
        body = dumps([kind, data]).encode()
        line = b"%08x %s\n" % (zlib.crc32(body), body)
        try:
            while line:
                line = line[os.write(self._fd, line):]
        except OSError as error:
            raise fail(OutputError, "watch.journal-write", Place(str(self.path)),
                       reason=error.strerror or "") from None

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._fd)


def _parse(line: bytes) -> Entry | None:
    checksum, _, body = line.partition(b" ")
    try:
        if int(checksum, 16) != zlib.crc32(body):
            return None
        kind, data = json.loads(body)
    except ValueError:
        return None
    return Entry(kind, data)
