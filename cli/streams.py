"""The streams of a call. In: stdin, stdout and stderr as they were handed over. Out: whole ones.

Python drops what a write cut short where its streams are unbuffered, and has no stream at all
where the caller closed it: whatever is opened next then takes its number, and with it what is
written to it. Here every byte is written, or writing fails; and no name becomes question marks.
"""

from __future__ import annotations

import io
import os
import sys
from contextlib import suppress
from typing import Final, TextIO

_SAMPLE: Final = "\u4e2d\u6587"


def prepare() -> None:
    """Have all of stdout written, and nothing else opened under the numbers of the streams."""
    with suppress(OSError):
        # What was closed is open for reading alone now: writing to it fails, as it should.
        while (number := os.open(os.devnull, os.O_RDONLY)) < 3:
            os.set_inheritable(number, True)
        os.close(number)
    if sys.stdout is None:
        sys.stdout = _text(1, "utf-8", "strict")
    elif isinstance(sys.stdout.buffer, io.RawIOBase):
        sys.stdout = _text(sys.stdout.fileno(), sys.stdout.encoding, sys.stdout.errors or "strict")
    if isinstance(sys.stderr, io.TextIOWrapper):
        sys.stderr = _apart(sys.stderr)
    for stream in (sys.stdout, sys.stderr):
        for_people(stream)


def for_people(stream: TextIO | None) -> None:
    """Have a stream take every character.

    One whose locale knows no Chinese, as `C` does, is written in UTF-8; a character that another
    encoding lacks is written as its number.
    """
    if not isinstance(stream, io.TextIOWrapper):
        return
    try:
        _SAMPLE.encode(stream.encoding)
    except (UnicodeEncodeError, LookupError):
        stream.reconfigure(encoding="utf-8")
    stream.reconfigure(errors="backslashreplace")


def _apart(stream: io.TextIOWrapper) -> TextIO:
    """stderr under a number of its own, so that what libraries print under theirs can be muted
    while the program goes on speaking."""
    try:
        number = os.dup(stream.fileno())
    except OSError:
        return stream
    return open(number, "w", encoding=stream.encoding,
                errors=stream.errors, buffering=1, closefd=False)


def _text(number: int, encoding: str, errors: str) -> io.TextIOWrapper:
    raw = io.FileIO(number, "w", closefd=False)
    return io.TextIOWrapper(io.BufferedWriter(raw), encoding, errors)
