"""Processes that were forked. In: nothing. Out: an error where a library cannot go on in one.

Polars keeps threads, and a fork copies the memory they work on without them: what is asked of it
in the child waits for them for ever. So a child knows, and has another process do the work
(`worker_process`); where that cannot be, it is told instead of waiting.
"""

from __future__ import annotations

import os
import re
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

from zhuanjie.engine.core.errors import UsageError, fail

_LIBRARY: Final = "polars"
_WORKER: Final = re.compile(r"polars-[0-9]+")

_state = {"used": False, "stopped": False}


def use_threads() -> None:
    """Say that the library's threads are to work now; raises UsageError where they are gone."""
    if _state["stopped"]:
        raise fail(UsageError, "fork.stopped", hint="fork.stopped.hint")
    _state["used"] = True


def threads_are_gone() -> bool:
    """Whether this process was forked from one in which they had worked."""
    return _state["stopped"]


def _forked() -> None:
    """In the child: what worked in the parent does so no more."""
    _state["stopped"] = _state["stopped"] or _state["used"]
    _state["used"] = False


def _before() -> None:
    """In the parent: the library may have been used without us."""
    if _LIBRARY in sys.modules and not _state["used"]:
        with suppress(OSError):
            _state["used"] = any(
                _WORKER.match((task / "comm").read_text())
                for task in Path("/proc/self/task").iterdir())


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before, after_in_child=_forked)
