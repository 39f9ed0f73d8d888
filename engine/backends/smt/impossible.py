"""Texts that there cannot be. In: what is asked of a text. Out: the least that is too much."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from zhuanjie.engine.regex.witness import Constraints, SearchLimit, find_text

_LONG = 4096
"""Texts of more characters are not thought about."""


def least_impossible(wanted: Constraints) -> Constraints:
    """What no text can be, said in as few words as will do: it then rules out the most."""
    def without(change: Mapping[str, Any]) -> bool:
        nonlocal wanted
        wider = replace(wanted, **change)
        try:
            impossible = wider != wanted and find_text(wider) is None
        except SearchLimit:
            return False
        wanted = wider if impossible else wanted
        return impossible

    # No shorter text, or no longer one? If so, from which length on?
    without({"least": 1})
    without({"most": None})
    if wanted.least == 1:
        while wanted.most and wanted.most < _LONG and without({"most": wanted.most * 2}):
            pass
    elif wanted.most is None:
        while wanted.least > 1 and without({"least": wanted.least // 2}):
            pass
    without({"taken": frozenset()})
    for test in wanted.tests:
        without({"tests": tuple(t for t in wanted.tests if t != test)})
    return wanted
