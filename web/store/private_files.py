"""Files of secrets. In: a path. Out: what is in it; files that only their owner can read.

A file that the environment names may be mounted with any mode; one of the register's own folder has
ours.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

from zhuanjie.engine.api import OutputError, UsageError, fail

_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def read_private(path: Path, *, mounted: bool = False) -> str | None:
    """What is in a file, None where there is none; raises UsageError where it cannot be used."""
    try:
        text = path.read_text(encoding="ascii").strip()
        is_open = not mounted and os.name == "posix" and path.stat().st_mode & _OTHERS
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise fail(UsageError, "register.trail.key-unread", path=str(path),
                   reason=getattr(error, "strerror", None) or type(error).__name__) from None
    if is_open:
        raise fail(UsageError, "register.trail.key-open", path=str(path),
                   hint="register.trail.key-open.hint")
    return text


def write_private(path: Path, text: str) -> None:
    """Write a new file that its owner alone can read; raises FileExistsError, OutputError."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, stat.S_IRUSR | stat.S_IWUSR)
        with os.fdopen(handle, "w", encoding="ascii") as out:
            out.write(text + "\n")
            out.flush()
            os.fsync(out.fileno())
    except FileExistsError:
        raise
    except OSError as error:
        raise unwritten(path, error) from None


def replace_private(path: Path, text: str) -> None:
    """Put a new file in the place of one; a process that dies leaves the one or the other."""
    part = path.with_name(f".{path.name}.{os.getpid()}")
    part.unlink(missing_ok=True)
    write_private(part, text)
    try:
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise unwritten(path, error) from None


def unwritten(path: Path, error: OSError) -> OutputError:
    """What is raised where a key cannot be written."""
    return fail(OutputError, "register.trail.key-written", path=str(path),
                reason=error.strerror or "")
