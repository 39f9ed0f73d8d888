"""Processes with limits, or a terminal of their own. In: a call. Out: a call that sets them first.

The process of the tests has threads of Polars and of Java in the end, so that Python code of its own
between fork and exec (`preexec_fn`, `pty.fork`) may wait for ever for a lock that one of them held.
What must be set in the child is set by a program that is started and becomes the call.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

_LIMITED = """
import os, resource, sys
name, soft, hard, *call = sys.argv[1:]
resource.setrlimit(getattr(resource, name), (int(soft), int(hard)))
os.execv(call[0], call)
"""
_ON_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""


def limited(call: Sequence[str], limit: str, soft: int, hard: int | None = None) -> list[str]:
    """`call` under a limit of the system, such as RLIMIT_FSIZE."""
    return [sys.executable, "-S", "-c", _LIMITED, limit, str(soft),
            str(soft if hard is None else hard), *call]


def on_own_terminal(call: Sequence[str]) -> list[str]:
    """`call` with the terminal at its stdin for its own: it is to be started in a new session."""
    return [sys.executable, "-S", "-c", _ON_TERMINAL, *call]
