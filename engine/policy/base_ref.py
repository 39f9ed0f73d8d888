"""Which pack a pack builds on, in which versions. In: `builds_on` as written. Out: id and range.

    fujian-2007-80
    fujian-2007-80 >=1.0,<2
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from operator import eq, ge, gt, le, lt, ne
from typing import Final

from msgspec import Struct

from zhuanjie.engine.core.patterns import late

Version = tuple[int, int, int]

_NUMBER: Final = r"[0-9]{1,9}(?:\.[0-9]{1,9}){0,2}"
_CLAUSE: Final = rf"(?:>=|<=|==|!=|~=|>|<) *{_NUMBER}"
_ID: Final = r"[a-z0-9]+(?:-[a-z0-9]+)*"
FORM: Final = rf"^{_ID}(?: *{_CLAUSE}(?: *, *{_CLAUSE})*)?$"
"""How `builds_on` is written."""
_PARTS = late(rf"({_ID})(.*)")
_CLAUSES = late(rf"(>=|<=|==|!=|~=|>|<) *({_NUMBER})")
_WAYS: Final[Mapping[str, Callable[[Version, Version], bool]]] = {
    ">=": ge, "<=": le, "==": eq, "!=": ne, ">": gt, "<": lt}


class BaseRef(Struct, frozen=True):
    """A pack by its id, and the versions of it that are meant: all, where `bounds` is empty."""

    id: str
    bounds: tuple[tuple[str, Version], ...] = ()

    def holds(self, version: str) -> bool:
        """Whether a version is one of those meant."""
        number = _version(version)
        return all(_WAYS[way](number, bound) for way, bound in self.bounds)


def base_ref(written: str) -> BaseRef:
    """What `builds_on` says; raises ValueError where it is of another form, or has no meaning."""
    parts = _PARTS.fullmatch(written)
    if parts is None or not re.fullmatch(FORM, written):
        raise ValueError(written)
    bounds: list[tuple[str, Version]] = []
    for way, number in _CLAUSES.findall(parts[2]):
        if way != "~=":
            bounds.append((way, _version(number)))
            continue
        # As Python's packages have it: ~=1.2 is >=1.2,<2, and ~=1.2.3 is >=1.2.3,<1.3.
        given = number.count(".") + 1
        if given == 1:
            raise ValueError(written)
        major, minor, _ = low = _version(number)
        bounds += [(">=", low), ("<", (major + 1, 0, 0) if given == 2 else (major, minor + 1, 0))]
    return BaseRef(parts[1], tuple(bounds))


def base_id(written: object) -> str | None:
    """The id in `builds_on` as far as it is to be seen, whatever else may be wrong with it."""
    found = _PARTS.match(written) if isinstance(written, str) else None
    return found[1] if found else None


def _version(text: str) -> Version:
    major, minor, patch, *_ = (*map(int, text.split(".")), 0, 0)
    return major, minor, patch
