"""A value with some parts changed, whichever kind of class it is of. In: a value. Out: another."""

from __future__ import annotations

import dataclasses
from typing import Any, TypeVar

import msgspec

_V = TypeVar("_V")


def replace(value: _V, /, **changes: Any) -> _V:
    """`value` with `changes`."""
    if isinstance(value, msgspec.Struct):
        return msgspec.structs.replace(value, **changes)
    return dataclasses.replace(value, **changes)  # type: ignore[type-var]  # the only other kind
