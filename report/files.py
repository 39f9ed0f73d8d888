"""Where results are written. In: a path. Out: a file that is whole or not there, or why not.

The ground has the files themselves (`engine/core/whole_files.py`); here is what is said of them.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from zhuanjie.engine.api import OutputError, ZhuanjieError, fail
from zhuanjie.engine.core import whole_files

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
def replacing(path: Path, *, private: bool = False) -> Iterator[Path]:
    """A file beside `path` to write; it takes the place of `path` when the body ends well.

    `private` makes a new one its owner's alone. Raises OutputError where it cannot be written.
    """
    try:
        with whole_files.replacing(path, private=private) as draft:
            yield draft
    except BrokenPipeError:
        raise
    except OSError as error:
        raise unwritable(path, error) from error
    except Exception as error:
        cause = error.args[0] if error.args else None
        # The writer of workbooks wraps what its disk says.
        if type(error).__module__.startswith("xlsxwriter") and isinstance(cause, OSError):
            raise unwritable(path, cause) from error
        raise
