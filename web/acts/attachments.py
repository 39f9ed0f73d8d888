"""Files beside a register. In: bytes as they come. Out: files by their hashes, read back whole.

A file is written under another name, looked at, and only then put in its place, for good: a crash
leaves none by half. What users call it is not used as a name here; it is a value of the event.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any, Final

from sqlalchemy import Connection, func, select

from zhuanjie.engine.api import InputError, OutputError, fail
from zhuanjie.web.acts.content import content_of
from zhuanjie.web.acts.tables import ATTACHMENTS
from zhuanjie.web.store.errors import NotFoundError

LARGEST: Final = 20 << 20
MOST_OF_ONE: Final = 200
"""How many files a member may have."""
_LONGEST_NAME: Final = 200
_PRIVATE_FOLDER: Final = 0o700
_PRIVATE: Final = 0o600
_HASH: Final = re.compile(r"[0-9a-f]{64}")
_CHUNK: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that is in its place. `name` is what whoever sent it calls it."""

    sha256: str
    size: int
    type: str
    name: str = field(default="", compare=False)

    @property
    def data(self) -> dict[str, Any]:
        """What an event says of it for good."""
        return {"sha256": self.sha256, "size": self.size, "type": self.type}


class AttachmentFolder:
    """The files of a register; safe to share among threads and processes."""

    def __init__(self, folder: Path, *, largest: int = LARGEST) -> None:
        self._folder, self._largest = folder, largest

    def receive(self, chunks: Iterable[bytes], name: str = "") -> Attachment:
        """Take in a file; raises InputError for what is too large or of no type that is taken."""
        self._make(self._folder)
        draft = self._folder / f".{secrets.token_hex(16)}"
        try:
            return self._receive(chunks, draft, shown_file_name(name))
        except OSError as error:
            raise fail(OutputError, "register.acts.file-write",
                       reason=error.strerror or "") from None
        finally:
            with suppress(OSError):
                draft.unlink(missing_ok=True)

    def _receive(self, chunks: Iterable[bytes], draft: Path, name: str) -> Attachment:
        size = 0
        handle = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, _PRIVATE)
        with os.fdopen(handle, "w+b") as out:
            for chunk in chunks:
                size += len(chunk)
                if size > self._largest:
                    raise fail(InputError, "register.acts.file-size", most=self._largest >> 20)
                out.write(chunk)
            out.seek(0)
            held = out.read()
            content = content_of(held)
            held = held[:content.end]
            out.truncate(content.end)
            out.flush()
            os.fsync(out.fileno())
        sha256 = hashlib.sha256(held).hexdigest()
        place = self._place(sha256)
        self._make(place.parent)
        draft.replace(place)
        _sync(place.parent)
        return Attachment(sha256, len(held), content.type, name)

    def read(self, sha256: str) -> bytes:
        """A file's bytes; raises NotFoundError where it is not there, or is not what it was."""
        try:
            held = self._place(sha256).read_bytes()
        except OSError:
            raise fail(NotFoundError, "register.acts.no-file") from None
        if hashlib.sha256(held).hexdigest() != sha256:
            raise fail(NotFoundError, "register.acts.file-changed", sha256=sha256)
        return held

    def found(self, sha256: str, name: str = "") -> Attachment:
        """A file that is there, as its content says; raises NotFoundError where it is not."""
        held = self.read(sha256)
        return Attachment(sha256, len(held), content_of(held).type, shown_file_name(name))

    def path(self, sha256: str) -> Path:
        """Where a file stands; raises NotFoundError for what is no hash."""
        return self._place(sha256)

    def delete(self, sha256: str) -> None:
        """Take a file away, if it is there."""
        place = self._place(sha256)
        with suppress(FileNotFoundError):
            place.unlink()
            _sync(place.parent)

    def hashes(self) -> set[str]:
        """The hashes of all files that are there."""
        return {path.name for path in self._folder.glob("??/*") if _HASH.fullmatch(path.name)}

    def _place(self, sha256: str) -> Path:
        if not _HASH.fullmatch(sha256):
            raise fail(NotFoundError, "register.acts.no-file")
        return self._folder / sha256[:2] / sha256

    def _make(self, folder: Path) -> None:
        if not folder.is_dir():
            folder.mkdir(mode=_PRIVATE_FOLDER, parents=True, exist_ok=True)
            _sync(folder.parent)


def _sync(folder: Path) -> None:
    """Have what a folder lists outlive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def shown_file_name(name: str) -> str:
    """What a user calls a file: its last part, without what cannot be printed."""
    last = PureWindowsPath(PurePosixPath(name).name).name
    return "".join(c for c in last if c.isprintable())[:_LONGEST_NAME]


def attached(conn: Connection, member: str) -> list[Attachment]:
    """The files of a member that were not removed, in the order in which they came."""
    rows = conn.execute(select(ATTACHMENTS).where(
        ATTACHMENTS.c.member == member, ATTACHMENTS.c.removed.is_(False))
        .order_by(ATTACHMENTS.c.added, ATTACHMENTS.c.sha256))
    return [Attachment(row.sha256, row.size, row.type) for row in rows]


def check_room(conn: Connection, member: str, files: Sequence[Attachment]) -> None:
    """Raise InputError where a member would have too many files."""
    had = conn.execute(select(func.count()).select_from(ATTACHMENTS).where(
        ATTACHMENTS.c.member == member, ATTACHMENTS.c.removed.is_(False))).scalar_one()
    if had + len(files) > MOST_OF_ONE:
        raise fail(InputError, "register.acts.files-room", most=MOST_OF_ONE)
