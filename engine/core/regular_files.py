"""Files that were found, not named. In: a path. Out: what the regular file there holds.

Whoever names a pipe has something write into it. One that merely lies in a folder that is looked
through has nobody, and opening it would wait for ever.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

_ONLY_LOOK = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def read_regular(path: Path) -> bytes:
    """The bytes of a file; raises OSError, also where it is a pipe, a socket or a device."""
    handle = os.open(path, os.O_RDONLY | _ONLY_LOOK)
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), str(path))
        return file.read()


def read_regular_text(path: Path) -> str:
    """The text of a file, its lines ending alike; raises OSError, UnicodeDecodeError."""
    text = read_regular(path).decode("utf-8-sig")
    return text.replace("\r\n", "\n").replace("\r", "\n")
