"""The journal. In: entries. Out: the same again after a crash or a loss of power.

A file of JSON lines, each with a checksum, that grows at its end; `append` returns once an entry
is on the disk. So the last entry alone can be cut short or torn: it is dropped where no whole one
comes after it, and a file that is damaged before is refused. `rewrite` puts a shorter file in its
place, whole or not at all. Nothing is changed in a file before it is known to be a journal.
"""

from __future__ import annotations

import os
import re
import stat
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from msgspec import Struct

from zhuanjie.engine.core.diagnostics import Place
from zhuanjie.engine.core.errors import InputError, OutputError, ZhuanjieError, fail
from zhuanjie.engine.core.whole_files import folder_on_disk, replacing
from zhuanjie.engine.watch.codec import dumps, loads

FORMAT = 3
"""It is one more where a journal may hold what was not known before."""
_OPENS = re.compile(rb'[0-9a-f]{8} \["open",\{"format":[0-9]+,"policy":"')
"""How the first line of every journal begins."""
_CHUNK = 1 << 20


class Entry(Struct, frozen=True):
    """A line of the journal: its kind and what it holds."""

    kind: str
    data: dict[str, Any]


class Journal:
    """An open journal: read its `entries` to the end, then append to it."""

    def __init__(self, path: Path) -> None:
        """Open or make the journal; raises InputError where it is in use, or none of ours."""
        self.path = path
        self.size = 0
        """How many bytes of it are whole entries."""
        self.base = 0
        """How many bytes it began with when it was last written anew."""
        self._ragged = False
        """Whether something stands behind the whole entries."""
        self._noted = 0
        """How long the note behind the whole entries is."""
        self._fd = self._open()
        try:
            self._head = self._begins()
        except BaseException:
            os.close(self._fd)
            raise

    @property
    def is_fresh(self) -> bool:
        """Whether it has no entries yet."""
        return not self._head.endswith(b"\n")

    def _open(self) -> int:
        while True:
            try:
                fd = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
            except OSError as error:
                raise fail(OutputError, "watch.journal-open", Place(str(self.path)),
                           reason=error.strerror or "") from None
            try:
                if not stat.S_ISREG(os.fstat(fd).st_mode):
                    raise fail(OutputError, "watch.journal-no-file", Place(str(self.path)))
                self._lock(fd)
                if self._is_at_its_place(fd):
                    return fd
            except BaseException:
                os.close(fd)
                raise
            os.close(fd)  # another process has put a shorter one in its place meanwhile

    def _is_at_its_place(self, fd: int) -> bool:
        try:
            return os.path.samestat(self.path.stat(), os.fstat(fd))
        except OSError:
            return False

    def _lock(self, fd: int) -> None:
        try:
            import fcntl
        except ImportError:  # no such locks on this system; two writers are then the user's care
            return
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise fail(InputError, "watch.journal-busy", Place(str(self.path))) from None

    def _begins(self) -> bytes:
        """The first line; raises InputError for one that is no journal's."""
        with os.fdopen(os.dup(self._fd), "rb") as file:
            file.seek(0)
            line = file.readline()
        if line.endswith(b"\n"):
            entry = _parse(line)
            if (_OPENS.match(line) is None if entry is None
                    else entry.kind != "open" or "format" not in entry.data):
                raise self._no_journal()
        return line

    def entries(self) -> Iterator[Entry]:
        """The whole entries. Raises InputError where one is damaged, and others come after it."""
        damaged = 0
        end = 0
        with os.fdopen(os.dup(self._fd), "rb", buffering=_CHUNK) as file:
            file.seek(0)
            for number, line in enumerate(file, 1):
                entry = _parse(line) if line.endswith(b"\n") else None
                end += len(line)
                if entry is None:
                    damaged = damaged or number
                elif damaged:
                    raise self._damaged(damaged)
                else:
                    self.size = end
                    yield entry
        if damaged == 1 and not self.is_fresh:
            raise self._damaged(1)  # what is not even opened is kept, whatever it was
        self._ragged = end > self.size
        self._flush()  # what a process wrote that was killed may not be on the disk yet

    def begin(self, head: dict[str, Any]) -> None:
        """Make a fresh journal one that begins with `head`.

        Raises InputError where something stands in the file that is no beginning of such a line.
        """
        if not (_line("open", head).startswith(self._head) or _OPENS.match(self._head)):
            raise self._no_journal()
        self._ragged = bool(self._head)
        if not self.rewrite([("open", head)]):
            self.append("open", head)
            folder_on_disk(self.path.absolute())

    def append(self, kind: str, data: dict[str, Any]) -> None:
        """Append an entry; it is on the disk, whole or not at all, once this returns."""
        self.append_line(_line(kind, data))

    def append_line(self, line: bytes) -> None:
        """Append an entry that `entry_line` made."""
        try:
            if self._ragged or self._noted > len(line):
                os.ftruncate(self._fd, self.size)
            os.lseek(self._fd, self.size, os.SEEK_SET)
            self._ragged = True
            write_all(self._fd, line)
            flush(self._fd)
        except OSError as error:
            # What the system may have kept of it must not look whole at the next start.
            with suppress(OSError):
                os.ftruncate(self._fd, self.size)
            raise self._unwritable(error) from None
        self._ragged = False
        self._noted = 0
        self.size += len(line)

    def note(self, kind: str, data: dict[str, Any]) -> None:
        """Write a small entry that may be lost with the power; the next one takes its place."""
        line = _line(kind, data)
        try:
            os.lseek(self._fd, self.size, os.SEEK_SET)
            write_all(self._fd, line)
        except OSError as error:
            self._ragged = True
            raise self._unwritable(error) from None
        self._noted = len(line)

    def _flush(self) -> None:
        try:
            flush(self._fd)
        except OSError as error:
            raise self._unwritable(error) from None

    def _unwritable(self, error: OSError) -> ZhuanjieError:
        return fail(OutputError, "watch.journal-write", Place(str(self.path)),
                    reason=error.strerror or "")

    def rewrite(self, entries: Iterable[tuple[str, dict[str, Any]]]) -> bool:
        """Put a file with these entries in the journal's place; returns whether that could be done.

        Where it cannot (a full disk, a folder that may not be written), the journal stays as it is.
        """
        if not self._is_at_its_place(self._fd):
            return False
        size, fd = 0, -1
        try:
            with replacing(self.path, private=True) as draft:
                fd = os.open(draft, os.O_RDWR)
                self._lock(fd)
                for kind, data in entries:
                    line = _line(kind, data)
                    write_all(fd, line)
                    size += len(line)
        except BaseException as error:
            if fd >= 0:
                os.close(fd)
            if isinstance(error, OSError):
                return False
            raise
        os.close(self._fd)
        self._fd = fd
        self.size = self.base = size
        self._ragged, self._noted = False, 0
        return True

    def _damaged(self, line: int) -> ZhuanjieError:
        return fail(InputError, "watch.journal-damaged", Place(str(self.path), line=line))

    def _no_journal(self) -> ZhuanjieError:
        return fail(InputError, "watch.no-journal", Place(str(self.path)))

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._fd)


def write_all(fd: int, data: bytes) -> None:
    """Write all of `data`, in as many pieces as the system takes; raises OSError."""
    rest = memoryview(data)  # of which a part costs no copy
    while rest:
        rest = rest[os.write(fd, rest):]


def flush(fd: int) -> None:
    """Have what was written brought to the disk; raises OSError."""
    (os.fdatasync if hasattr(os, "fdatasync") else os.fsync)(fd)


def entry_line(body: bytes) -> bytes:
    """The line of an entry whose JSON is `body`."""
    return b"%08x %s\n" % (zlib.crc32(body), body)


def _line(kind: str, data: dict[str, Any]) -> bytes:
    return entry_line(dumps([kind, data]))


def _parse(line: bytes) -> Entry | None:
    checksum, _, body = line.rstrip(b"\n").partition(b" ")
    try:
        if int(checksum, 16) != zlib.crc32(body):
            return None
        kind, data = loads(body)
    except (ValueError, TypeError, RecursionError):
        return None
    return Entry(kind, data) if isinstance(data, dict) else None
