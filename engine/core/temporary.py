"""Files of the moment. In: an ending. Out: a file or folder that its owner alone reads.

Their names say which process made them. What a process leaves that was killed is swept by the next
one: where the same machine runs no such process any more, or, where another machine or another
start of it made them, after a week.
"""

from __future__ import annotations

import errno
import os
import re
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Final

from zhuanjie.engine.core.diagnostics import Place
from zhuanjie.engine.core.errors import OutputError, ZhuanjieError, fail

VISIBLE: Final = "zhuanjie-tmp-"
HIDDEN: Final = ".zhuanjie-tmp-"
_NAME: Final = re.compile(r"\.?zhuanjie-tmp-([0-9a-f]{8})-([0-9]+)-([0-9]+)-[a-z0-9_]{8}"
                          r"(?:\.[\w.]+)?\Z")
_STALE: Final = 7 * 24 * 3600
_NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES,
                   errno.EPERM, errno.ENOENT, errno.ENOTDIR, errno.EIO)
_swept: set[str] = set()


def new_file(suffix: str = "") -> Path:
    """An empty file; who asked for it deletes it. Raises OSError where there is no place."""
    import tempfile  # imported late, as below: mostly no file of the moment is needed

    handle, name = tempfile.mkstemp(suffix, _prefix(VISIBLE), _place())
    os.close(handle)
    return Path(name)


def new_folder() -> Path:
    """An empty folder; who asked for it deletes it. Raises OSError where there is no place."""
    import tempfile

    return Path(tempfile.mkdtemp(prefix=_prefix(VISIBLE), dir=_place()))


@contextmanager
def folder() -> Iterator[Path]:
    """An empty folder that is gone when the body ends; raises OutputError where there is no room.
    """
    import shutil

    with room():
        made = new_folder()
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def new_draft(target: Path) -> Path:
    """An empty file beside `target`, with the same ending: a writer may choose the kind by it."""
    import tempfile

    sweep(target.parent)
    handle, name = tempfile.mkstemp(target.suffix, _prefix(HIDDEN), target.parent)
    os.close(handle)
    return Path(name)


@contextmanager
def room() -> Iterator[None]:
    """Say of what cannot be written here that it is files of the moment that have no room."""
    try:
        yield
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        raise no_room(error) from None


def no_room(error: Exception) -> ZhuanjieError:
    """The error that says where there is no room for files of the moment."""
    reason = getattr(error, "strerror", None) or str(error).partition("\n")[0]
    return fail(OutputError, "temporary.no-room", Place(_folder()), "temporary.no-room.hint",
                reason=reason)


def sweep(folder: Path) -> None:
    """Delete what processes left in a folder that were killed; once in a process."""
    if str(folder) in _swept:
        return
    _swept.add(str(folder))
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            made = _NAME.match(entry.name)
            if made is not None and _is_left(entry, made):
                _delete(entry)


def _delete(entry: os.DirEntry[str]) -> None:
    import shutil

    with suppress(OSError):
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path, ignore_errors=True)
        elif entry.is_file(follow_symlinks=False):
            Path(entry.path).unlink()


def _is_left(entry: os.DirEntry[str], made: re.Match[str]) -> bool:
    """Whether a file is ours and nobody's any more."""
    try:
        held = entry.stat(follow_symlinks=False)
    except OSError:
        return False
    if hasattr(os, "geteuid") and held.st_uid != os.geteuid():
        return False
    if made[1] == _machine():
        return _started(int(made[2])) != int(made[3])
    return time.time() - held.st_mtime > _STALE


def _place() -> str:
    import tempfile

    place = tempfile.gettempdir()
    sweep(Path(place))
    return place


def _folder() -> str:
    import tempfile

    try:
        return tempfile.gettempdir()
    except OSError:
        return os.environ.get("TMPDIR", "TMPDIR")


def _prefix(first: str) -> str:
    return f"{first}{_machine()}-{os.getpid()}-{_started(os.getpid())}-"


@cache
def _machine() -> str:
    """This start of this machine, and its numbering of processes."""
    known = [os.uname().nodename if hasattr(os, "uname") else os.environ.get("COMPUTERNAME", "")]
    with suppress(OSError):
        known.append(Path("/proc/sys/kernel/random/boot_id").read_text())
        known.append(str(Path("/proc/self/ns/pid").readlink()))
    return f"{zlib.crc32(' '.join(known).encode()):08x}"


def _started(process: int) -> int | None:
    """When a process began; None where there is none, 0 where the system does not tell."""
    try:
        return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[19])
    except (OSError, ValueError, IndexError):
        if Path("/proc/self/stat").exists():
            return None
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return None
    except OSError:
        return 0
    return 0
