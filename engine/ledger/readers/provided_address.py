"""What names a ledger that another package hands out. In: a name as given. Out: whether it is one.

`register:sqlite:///file`: what stands before the colon names who hands the ledger out. Providers
stand above the engine: the distribution names them as entry points of the group `PROVIDERS`, and
another may do so too.
"""

from __future__ import annotations

from functools import cache
from typing import Final

PROVIDERS: Final = "zhuanjie_ledgers"
"""The group of entry points that modules with `LedgerProvider`'s function are named in."""


def is_provided(item: str) -> bool:
    """Whether what a caller names is a ledger that a provider hands out, and no file."""
    head, colon, _ = item.partition(":")
    # One letter is a drive; most names of files have no colon at all.
    return bool(colon) and len(head) > 1 and head.isalpha() and head.lower() in _names()


@cache
def _names() -> frozenset[str]:
    from importlib.metadata import entry_points

    return frozenset(point.name for point in entry_points(group=PROVIDERS))
