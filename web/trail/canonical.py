"""One way to write a value. In: what JSON can hold. Out: its bytes, always the same (RFC 8785).

Numbers are whole and within what every JSON reader keeps exactly; anything else is refused, so that
nobody's way of writing a fraction can change a hash.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import orjson

Plain = None | bool | int | str | Sequence["Plain"] | Mapping[str, "Plain"]
"""What an event may hold: days are texts as ISO 8601 has them."""

EXACT: Final = 2**53 - 1
"""The largest whole number that every reader of JSON keeps exactly (RFC 7493, 2.2)."""


ATOMS: Final = frozenset({str, int, bool, type(None)})
"""The types that hold no other value."""
SURE: Final = ATOMS - {int}
"""Types of which every value is written in one way."""


def canonical(value: Plain) -> bytes:
    """`value` in the JSON Canonicalization Scheme; raises TypeError or ValueError for the rest.

    Members are ordered as the scheme asks (by UTF-16 code units), which for the names of ASCII that
    events have is the order of their bytes; other names are refused.
    """
    _check(value)
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def _check(value: object) -> None:
    if isinstance(value, dict):
        for name, inner in value.items():
            if not isinstance(name, str) or not name.isascii():
                raise TypeError("a member's name that is not ASCII text")
            if type(inner) not in SURE:
                _check(inner)
        return
    if isinstance(value, list | tuple):
        for inner in value:
            if type(inner) not in SURE:
                _check(inner)
        return
    if value is None or isinstance(value, bool | str):
        return
    if not isinstance(value, int):
        raise TypeError(f"no event holds a {type(value).__name__}")
    if abs(value) > EXACT:
        raise ValueError("a number beyond what JSON keeps exactly")
