"""The journal. In: events and what was said of them. Out: the same again after a crash.

An append-only file of JSON lines, each with a checksum. An event is written before it is acted on,
and after its lines were put out a note says so, with the outcomes that changed. A line that a crash
cut short is dropped; one damaged in the middle of the file is refused. Nothing is changed in a file
before it is known to be a journal.
"""

from __future__ import annotations

import json
import os
import re
import stat
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zhuanjie.engine.core.diagnostics import Place
from zhuanjie.engine.core.errors import InputError, OutputError, ZhuanjieError, fail
from zhuanjie.engine.watch.events import dumps

FORMAT = 1
_OPENS = re.compile(rb'[0-9a-f]{8} \["open",\{"format":[0-9]+,"policy":"')
"""How the first line of every journal begins."""


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
        self._end: int | None = 0
        self._cut_short = b""
        try:
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
            if not stat.S_ISREG(os.fstat(self._fd).st_mode):
                os.close(self._fd)
                raise fail(OutputError, "watch.journal-no-file", Place(str(path)))
        except OSError as error:
            raise fail(OutputError, "watch.journal-open", Place(str(path)),
                       reason=error.strerror or "") from None
        try:
            self._lock()
            self.entries = self._read()
        except BaseException:
            os.close(self._fd)
            raise

    def _lock(self) -> None:
        try:
            import fcntl
        except ImportError:  # no such locks on this system; two writers are then the user's care
            return
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise fail(InputError, "watch.journal-busy", Place(str(self.path))) from None

    def _read(self) -> list[Entry]:
        """The whole lines. What a crash cut short at the end is cut off before the first write."""
        with os.fdopen(os.dup(self._fd), "rb") as file:
            data = file.read()
        self._end = data.rfind(b"\n") + 1
        self._cut_short = data[self._end:]
        entries = []
        for number, line in enumerate(data[: self._end].split(b"\n")[:-1], 1):
            entry = _parse(line)
            if number == 1 and (_OPENS.match(line) is None if entry is None
                                else entry.kind != "open" or "format" not in entry.data):
                raise self._no_journal()
            if entry is None:
                raise fail(InputError, "watch.journal-damaged", Place(str(self.path), line=number))
            entries.append(entry)
        return entries

    def begin(self, head: dict[str, Any]) -> None:
        """Write the first line of a journal that has none.

        Raises InputError where something stands in the file that is no beginning of such a line.
        """
        rest = self._cut_short
        if not (_line("open", head).startswith(rest) or _OPENS.match(rest)):
            raise self._no_journal()
        self.write("open", head)

    def write(self, kind: str, data: dict[str, Any]) -> None:
        """Append an entry; it stands in the file, whole or not at all, once this returns."""
        line = _line(kind, data)
        try:
            if self._end is not None:
                os.ftruncate(self._fd, self._end)
                os.lseek(self._fd, 0, os.SEEK_END)
                self._end = None
            while line:
                line = line[os.write(self._fd, line):]
        except OSError as error:
            raise fail(OutputError, "watch.journal-write", Place(str(self.path)),
                       reason=error.strerror or "") from None

    def _no_journal(self) -> ZhuanjieError:
        return fail(InputError, "watch.no-journal", Place(str(self.path)))

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._fd)


def _line(kind: str, data: dict[str, Any]) -> bytes:
    body = dumps([kind, data]).encode()
    return b"%08x %s\n" % (zlib.crc32(body), body)


def _parse(line: bytes) -> Entry | None:
    checksum, _, body = line.partition(b" ")
    try:
        if int(checksum, 16) != zlib.crc32(body):
            return None
        kind, data = json.loads(body)
    except (ValueError, TypeError, RecursionError):
        return None
    return Entry(kind, data) if isinstance(data, dict) else None
