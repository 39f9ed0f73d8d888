"""Where results go: stdout, or a file that is whole or not there. In: a path. Out: a stream."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from zhuanjie.cli.streams import for_people
from zhuanjie.report.files import replacing, unwritable


@contextmanager
def opened(path: Path | None, *, machine: bool, bom: bool = False,
           private: bool = False) -> Iterator[TextIO]:
    """A text stream to write results to: `path`, or stdout where it is None.

    `machine` output is UTF-8 with plain line ends everywhere; on stdout, text for people keeps
    the terminal's encoding. `bom` marks a file as UTF-8 for spreadsheet programs; a `private` one
    is its owner's alone.
    """
    if path is not None:
        with (
            replacing(path, private=private) as draft,
            draft.open("w", encoding="utf-8-sig" if bom else "utf-8", newline="\n") as out,
        ):
            yield out
        return
    stdout: TextIO | None = sys.stdout  # none where the caller closed it
    if stdout is None:
        raise unwritable("stdout", OSError(errno.EBADF, os.strerror(errno.EBADF)))
    if isinstance(stdout, io.TextIOWrapper):
        if machine:
            stdout.reconfigure(encoding="utf-8", newline="\n")
        else:
            for_people(stdout)
    try:
        yield stdout
        stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise unwritable("stdout", error) from error
