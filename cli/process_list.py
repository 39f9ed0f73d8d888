"""The command line as other users see it. In: the arguments. Out: no secret among them.

A system shows everybody the arguments of every process. Where an address with a password is among
them, it is written over in the memory that the system reads them from, as database clients do.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from zhuanjie.engine.api import shown_name

_START, _END = 45, 46
"""Where the bounds of the arguments stand among the numbers that follow a process's name."""
_MOST: Final = 1 << 22


def hide_secrets(args: Sequence[str]) -> None:
    """Write over the arguments that hold a secret, where the system lets us."""
    secret = [os.fsencode(arg) for arg in args if shown_name(arg) != arg]
    if not secret or sys.platform != "linux":
        return
    import ctypes

    with suppress(OSError, ValueError, IndexError):
        numbers = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
        start, end = int(numbers[_START]), int(numbers[_END])
        if not 0 < end - start < _MOST:
            return
        held = ctypes.string_at(start, end - start)
        for arg in secret:
            at = held.find(arg + b"\0")
            if at >= 0:
                shown = os.fsencode(shown_name(os.fsdecode(arg)))[: len(arg)]
                ctypes.memmove(start + at, shown.ljust(len(arg), b"\0"), len(arg))
