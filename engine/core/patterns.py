"""Patterns that are compiled when they are first used. In: a pattern. Out: what stands for it.

A call that judges one record uses few of the program's patterns; to compile them all would take
longer than to judge it.
"""

from __future__ import annotations

import re
from typing import Any, AnyStr, cast


class _Late:
    """Stands for a compiled pattern, whose attributes it takes over one by one."""

    def __init__(self, pattern: str | bytes, flags: int) -> None:
        self.pattern, self.flags = pattern, flags

    def __getattr__(self, name: str) -> Any:
        # What is set here is found from now on without this method.
        value = getattr(re.compile(self.pattern, self.flags), name)
        setattr(self, name, value)
        return value


def late(pattern: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """What `re.compile` makes, made on first use."""
    return cast("re.Pattern[AnyStr]", _Late(pattern, flags))
