"""Libraries in Rust that give up. In: a call of one. Out: what it gives, or an error that can be
caught, and nothing of its own on stderr.
"""

from __future__ import annotations

import io
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final, TextIO

from msgspec import Struct

_STDERR: Final = 2
_LOCK: Final = threading.RLock()


class PanicError(Exception):
    """A library gave up; its words may quote data."""


@contextmanager
def contained() -> Iterator[None]:
    """Turn a library's panic, which is no `Exception`, into PanicError."""
    with muted():
        try:
            yield
        except BaseException as error:
            if not is_panic(error):
                raise
            raise PanicError(type(error).__name__) from None


def is_panic(error: BaseException) -> bool:
    """Whether a library in Rust gave up."""
    return type(error).__name__ == "PanicException"


def is_apart() -> bool:
    """Whether Python's stderr is not where libraries print, so that these can be muted for long.

    A program that uses this one as a library may hold the stream that a muting would silence.
    """
    try:
        return sys.stderr.fileno() != _STDERR
    except (AttributeError, OSError, ValueError):
        return False


class _Muting(Struct):
    """What stderr was before the first of those that mute it at once."""

    depth: int = 0
    kept: int = -1
    stream: TextIO | None = None
    ours: TextIO | None = None


_MUTING: Final = _Muting()


@contextmanager
def muted() -> Iterator[None]:
    """What a library itself prints on stderr goes nowhere; what Python writes there arrives."""
    with _LOCK:
        _mute(_MUTING)
    try:
        yield
    finally:
        with _LOCK:
            _unmute(_MUTING)


def _mute(held: _Muting) -> None:
    held.depth += 1
    if held.depth > 1:
        return
    try:
        held.kept = os.dup(_STDERR)
    except OSError:  # there is none
        held.kept = -1
        return
    held.stream = held.ours = None
    with suppress(OSError, ValueError):
        if isinstance(sys.stderr, io.TextIOWrapper) and sys.stderr.fileno() == _STDERR:
            sys.stderr.flush()
            held.stream, errors = sys.stderr, sys.stderr.errors or "backslashreplace"
            held.ours = io.TextIOWrapper(
                io.FileIO(held.kept, "w", closefd=False), held.stream.encoding, errors,
                write_through=True)
            sys.stderr = held.ours
    with suppress(OSError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, _STDERR)
        os.close(null)


def _unmute(held: _Muting) -> None:
    held.depth -= 1
    if held.depth or held.kept < 0:
        return
    with suppress(OSError, ValueError):
        if held.ours is not None:
            held.ours.flush()
    if sys.stderr is held.ours and held.stream is not None:
        sys.stderr = held.stream
    with suppress(OSError):
        os.dup2(held.kept, _STDERR)
    os.close(held.kept)
    held.kept = -1
