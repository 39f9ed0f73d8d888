"""What is kept from one call to the next. In: a name and text. Out: the same text, or nothing.

Kept is only what can be made again from its sources, so that nothing here ever fails: what is not
there, not whole, not of this user or not readable is as if it had never been kept. The folder is
the user's own and nobody else's; each file says what it is called and carries a hash of what it
holds. The hash tells a damaged file from a whole one. It is no defence against the user, who can
write the packs and the program too.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import Final

VARIABLE: Final = "ZHUANJIE_CACHE"
OFF: Final = "off"
"""What the variable or the setting says so that nothing is kept."""
FORMAT: Final = "zhuanjie-kept-1"
MOST_BYTES: Final = 64 * 2**20
MOST_FILES: Final = 512
LARGEST: Final = 16 * 2**20
"""Bytes of the largest file: a larger one is not written, and not read."""
_NAME: Final = re.compile(r"[0-9a-f]{64}\Z")
_DRAFT: Final = re.compile(r"draft-[0-9]+-[0-9a-f]{16}\Z")
_STALE: Final = 3600.0
_WORN: Final = 24 * 3600.0
"""Seconds after which a file that is used is marked as used."""
_POSSIBLE: Final = hasattr(os, "geteuid") and os.open in os.supports_dir_fd
"""Where a system does not say whose a file is, nothing is kept."""
_OURS: Final = os.O_CLOEXEC | os.O_NOFOLLOW if _POSSIBLE else 0

_keeping: ContextVar[KeptFiles | None] = ContextVar("kept files", default=None)


def keep_in(folder: Path | None) -> None:
    """Keep in this folder for the rest of the call; None keeps nothing."""
    _keeping.set(None if folder is None or not _POSSIBLE else KeptFiles(folder))


def kept_files() -> KeptFiles | None:
    """Where this call keeps, if anywhere."""
    return _keeping.get()


def usual_folder(set_to: str | None = None) -> Path | None:
    """The folder to keep in: as the variable says, else as it is set, else the user's own."""
    said = os.environ.get(VARIABLE, "").strip() or (set_to or "").strip()
    if said == OFF:
        return None
    if said:
        return Path(said).expanduser().absolute()
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if not base.is_absolute():  # as the XDG specification has it
        try:
            base = Path.home() / ".cache"
        except RuntimeError:
            return None
    return base / "zhuanjie"


def name_of(*parts: str | bytes) -> str:
    """The name for what hangs on these parts and on nothing else."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        digest.update(b"%d:" % len(data))
        digest.update(data)
    return digest.hexdigest()


class KeptFiles:
    """A folder of kept files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, name: str) -> str | None:
        """What was kept under `name`; None where nothing sound is."""
        with suppress(OSError, ValueError), self._open(make=False) as folder:
            handle = os.open(name, os.O_RDONLY | os.O_NONBLOCK | _OURS, dir_fd=folder)
            with os.fdopen(handle, "rb") as file:
                state = os.fstat(handle)
                if not _private(state, stat.S_ISREG) or state.st_size > LARGEST:
                    return None
                text = _unsealed(name, file.read(LARGEST + 1))
                if text is not None and time.time() - state.st_mtime > _WORN:
                    with suppress(OSError):
                        os.utime(handle)
                return text
        return None

    def write(self, name: str, text: str) -> None:
        """Keep a text under `name`, as far as that can be done."""
        sealed = _sealed(name, text)
        if len(sealed) > LARGEST:
            return
        with suppress(OSError), self._open(make=True) as folder:
            draft = f"draft-{os.getpid()}-{os.urandom(8).hex()}"
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _OURS
            try:
                with os.fdopen(os.open(draft, flags, 0o600, dir_fd=folder), "wb") as file:
                    file.write(sealed)
                os.replace(draft, name, src_dir_fd=folder, dst_dir_fd=folder)
            except BaseException:
                with suppress(OSError):
                    os.unlink(draft, dir_fd=folder)
                raise
            _sweep(folder)

    @contextmanager
    def _open(self, *, make: bool) -> Iterator[int]:
        """The folder, if it is a real one of this user's and nobody else's; raises OSError."""
        if make:
            self.folder.parent.mkdir(parents=True, exist_ok=True)
            with suppress(FileExistsError):
                self.folder.mkdir(mode=0o700)
        handle = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | _OURS)
        try:
            if not _private(os.fstat(handle), stat.S_ISDIR):
                raise PermissionError
            yield handle
        finally:
            os.close(handle)


def _private(state: os.stat_result, kind: Callable[[int], bool]) -> bool:
    """Whether it is of this kind, and of this user, and nobody else may read or write it."""
    return kind(state.st_mode) and state.st_uid == os.geteuid() and not state.st_mode & 0o077


def _sealed(name: str, text: str) -> bytes:
    body = f"{name}\n{text}".encode()
    return f"{FORMAT} {hashlib.sha256(body).hexdigest()}\n".encode() + body


def _unsealed(name: str, data: bytes) -> str | None:
    head, _, body = data.partition(b"\n")
    if head != f"{FORMAT} {hashlib.sha256(body).hexdigest()}".encode():
        return None
    called, _, text = body.partition(b"\n")
    return text.decode() if called == name.encode() else None


def _sweep(folder: int) -> None:
    """Delete the files that were not used for longest where there are too many, and old drafts.

    What is called like no file of ours is left alone.
    """
    found: list[tuple[float, int, str]] = []
    now = time.time()
    with os.scandir(folder) as entries:
        for entry in entries:
            with suppress(OSError):
                state = entry.stat(follow_symlinks=False)
                if _NAME.match(entry.name):
                    found.append((state.st_mtime, state.st_size, entry.name))
                elif _DRAFT.match(entry.name) and now - state.st_mtime > _STALE:
                    os.unlink(entry.name, dir_fd=folder)
    size, count = sum(length for _, length, _ in found), len(found)
    if size <= MOST_BYTES and count <= MOST_FILES:
        return
    for _, length, name in sorted(found):
        with suppress(OSError):
            os.unlink(name, dir_fd=folder)
        size, count = size - length, count - 1
        if size <= MOST_BYTES * 3 // 4 and count <= MOST_FILES * 3 // 4:
            return
