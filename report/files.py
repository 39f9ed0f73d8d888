"""Files that are whole or not there. In: a path. Out: a file beside it that takes its place.

A file is written beside its place and moved there when it is complete; a failure or Ctrl-C leaves
what stood there before. Whatever is no regular file (a terminal, a pipe, /dev/null) is written to.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from zhuanjie.engine.api import OutputError, ZhuanjieError, fail

_REASONS: Final = {
    errno.ENOENT: "no-folder", errno.ENOTDIR: "no-folder", errno.EACCES: "denied",
    errno.EPERM: "denied", errno.EROFS: "denied", errno.EISDIR: "is-folder",
    errno.ENOSPC: "full", errno.EDQUOT: "full", errno.EBADF: "closed",
}


def unwritable(path: Path | str, error: OSError) -> ZhuanjieError:
    """The error that says why `path` cannot be written."""
    number = re.search(r"\(os error (\d+)\)", str(error))  # as Polars words it, without a number
    reason = _REASONS.get(error.errno or (int(number[1]) if number else 0), "other")
    return fail(OutputError, f"report.{reason}", hint="report.hint", path=str(path),
                reason=error.strerror or "")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A file beside `path` to write; it takes the place of `path` when the body ends well."""
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if path.exists() and not path.is_file():
            yield path
            return
        target = path.resolve()  # what a link points at is replaced, not the link
        # The same ending, because a writer may choose the kind of file by it.
        handle, name = tempfile.mkstemp(target.suffix, ".zhuanjie-", target.parent)
        os.close(handle)
        draft = Path(name)
        try:
            yield draft
            draft.chmod(target.stat().st_mode & 0o777 if target.exists() else _new_file_mode())
            draft.replace(target)
        except BaseException:
            with contextlib.suppress(OSError):
                draft.unlink()
            raise
    except BrokenPipeError:
        raise
    except OSError as error:
        raise unwritable(path, error) from error


def _new_file_mode() -> int:
    """The mode a newly made file would have had."""
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
