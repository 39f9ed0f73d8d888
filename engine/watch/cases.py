"""Cases of a register. In: nothing. Out: what a case holds, and how it is packed when it is closed.
"""

from __future__ import annotations

import zlib
from functools import lru_cache
from typing import Any

from msgspec import Struct, field

from zhuanjie.engine.core.dates import from_day
from zhuanjie.engine.core.results import Verdict
from zhuanjie.engine.ledger.value_codec import ValueCodec
from zhuanjie.engine.watch.codec import dumps, loads
from zhuanjie.engine.watch.events import Update

_KEPT = 1 << 16
_FAST = 1


class RuleStatus(Struct, frozen=True):
    """How a rule stands for a record, since which day, and what is due when."""

    outcome: str
    since: str
    due: str | None = None


status = lru_cache(maxsize=_KEPT)(RuleStatus)
"""A status; cases share those that are alike."""


class LiveCase(Struct):
    """An open case: its values and how the rules stand (those that do not apply left out)."""

    values: dict[str, Any] = field(default_factory=dict)
    standing: dict[str, RuleStatus] = field(default_factory=dict)
    keys: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    next_evaluation: int | None = None


def merge(case: LiveCase, event: Update) -> frozenset[str]:
    """Take the values of an event into a case; a null takes one away. Returns what is new."""
    changed = []
    values = case.values
    for name, value in event.values.items():
        if values.get(name) == value:
            continue
        changed.append(name)
        if value is None:
            del values[name]
        else:
            values[name] = value
    return frozenset(changed)


@lru_cache(maxsize=_KEPT)
def _iso(day: int) -> str:
    return from_day(day).isoformat()


def due_of(verdict: Verdict) -> str | None:
    """The due day of a verdict, as the journal has it."""
    return None if verdict.due is None else _iso(verdict.due)


def plain(case: LiveCase, codec: ValueCodec) -> list[Any]:
    """The values of a case and how its rules stand, as JSON has them."""
    return [codec.encode(case.values),
            {rule: [s.outcome, s.since, s.due] for rule, s in case.standing.items()}]


def from_plain(held: list[Any], codec: ValueCodec) -> LiveCase:
    """The case that `plain` wrote."""
    values, standing = held
    return LiveCase(codec.decode(values), {rule: status(*s) for rule, s in standing.items()})


def pack(case: LiveCase, codec: ValueCodec) -> bytes:
    """A case in little room."""
    return zlib.compress(dumps(plain(case, codec)), _FAST)


def unpack(packed: bytes, codec: ValueCodec) -> LiveCase:
    """The case that was packed."""
    return from_plain(loads(zlib.decompress(packed)), codec)
