"""Libraries in Rust that give up. In: a call of one. Out: what it gives, or an error that can be
caught, and nothing of its own on stderr.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

_STDERR: Final = 2


class PanicError(Exception):
    """A library gave up; its words may quote data."""


@contextmanager
def contained() -> Iterator[None]:
    """Turn a library's panic, which is no `Exception`, into PanicError."""
    with _muted():
        try:
            yield
        except BaseException as error:
            if type(error).__name__ != "PanicException":
                raise
            raise PanicError(type(error).__name__) from None


@contextmanager
def _muted() -> Iterator[None]:
    """What the library itself prints goes nowhere."""
    try:
        kept = os.dup(_STDERR)
    except OSError:  # there is none
        yield
        return
    try:
        with suppress(OSError):
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, _STDERR)
            os.close(null)
        yield
    finally:
        with suppress(OSError):
            os.dup2(kept, _STDERR)
        os.close(kept)
