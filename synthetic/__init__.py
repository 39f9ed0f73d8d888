"""Synthetic ledgers. In: a size, a seed, shares. Out: a ledger, and what is wrong with it.

The people, offices and numbers are invented. Each record is made faultless first and then spoilt
in known ways, so that what a ledger holds is known without judging it. A name's module is imported
when the name is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zhuanjie.synthetic.ledger import DEFAULT_DAY as DEFAULT_DAY
    from zhuanjie.synthetic.ledger import generate as generate
    from zhuanjie.synthetic.ledger import plantable as plantable
    from zhuanjie.synthetic.plants import ROSTER as ROSTER

_WHERE = {"DEFAULT_DAY": "ledger", "ROSTER": "plants", "generate": "ledger", "plantable": "ledger"}

__all__ = list(_WHERE)


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
