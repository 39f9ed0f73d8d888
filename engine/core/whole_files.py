"""Files that are whole or not there. In: a path. Out: a file beside it that takes its place.

A file is written beside its place, brought to the disk and moved there when it is complete; a
failure or Ctrl-C leaves what stood there before. Whatever is no regular file (a terminal, a pipe,
/dev/null) is written to.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from zhuanjie.engine.core.temporary import new_draft

PRIVATE: Final = 0o600
"""The mode of a new file that holds what ledgers hold: its owner alone reads it."""


@contextmanager
def replacing(path: Path, *, private: bool = False) -> Iterator[Path]:
    """A file beside `path` to write; it takes the place of `path` when the body ends well.

    A file that stood there keeps its mode; a new one is its owner's alone where it is `private`,
    else as the umask has it. Raises OSError where it cannot be written.
    """
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if path.exists() and not path.is_file():
        yield path
        return
    target = path.resolve()  # what a link points at is replaced, not the link
    draft = new_draft(target)
    try:
        yield draft
        draft.chmod(_mode(target, private=private))
        on_disk(draft)
        draft.replace(target)
        folder_on_disk(target)
    except BaseException:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise


def write_text(path: Path, text: str) -> None:
    """Write a text file anew, whole or not at all; raises OSError."""
    with replacing(path) as draft:
        draft.write_text(text, encoding="utf-8", newline="\n")


def on_disk(path: Path) -> None:
    """Have what was written of a file brought to the disk; a full one says so here at the latest.

    A disk that knows no such order has done what it does.
    """
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EBADF):
            raise
    finally:
        os.close(handle)


def folder_on_disk(path: Path) -> None:
    """Have the name of a file brought to the disk; where a folder knows no such order, let it be.
    """
    with contextlib.suppress(OSError):
        on_disk(path.parent)


def _mode(target: Path, *, private: bool) -> int:
    if target.exists():
        return target.stat().st_mode & 0o777
    if private:
        return PRIVATE
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
