"""Cases of a register. In: nothing. Out: what a case holds, and how it is packed when it is closed.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass, field
from typing import Any

from zhuanjie.engine.core.dates import from_day
from zhuanjie.engine.core.results import Verdict
from zhuanjie.engine.ledger.headings import HeadingMap
from zhuanjie.engine.watch.events import Update, dumps, read_values, to_json


@dataclass(frozen=True, slots=True)
class RuleStatus:
    """How a rule stands for a record, since which day, and what is due when."""

    outcome: str
    since: str
    due: str | None = None


@dataclass(slots=True)
class LiveCase:
    """An open case: its values and how the rules stand (those that do not apply left out)."""

    values: dict[str, Any] = field(default_factory=dict)
    standing: dict[str, RuleStatus] = field(default_factory=dict)
    keys: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    next_evaluation: int | None = None


def changes_of(lines: list[dict[str, Any]]) -> list[list[Any]]:
    """What the journal keeps of lines, so that outcomes need not be judged again."""
    return [[line["record"], line["rule"], line["is"], line["since"], line["due"]]
            for line in lines]


def merge(case: LiveCase, event: Update) -> None:
    """Take the values of an event into a case; a null takes one away."""
    for name, value in event.values.items():
        if value is None:
            case.values.pop(name, None)
        else:
            case.values[name] = value


def due_of(verdict: Verdict) -> str | None:
    """The due day of a verdict, as the journal has it."""
    return None if verdict.due is None else from_day(verdict.due).isoformat()


def pack(case: LiveCase, key: str) -> bytes:
    """A case in little room; `key` names its record."""
    standing = {rule: [s.outcome, s.since, s.due] for rule, s in case.standing.items()}
    event = to_json(Update("", case.values), key)
    return zlib.compress(dumps([event, standing]).encode())


def unpack(packed: bytes, mapping: HeadingMap) -> tuple[dict[str, Any], dict[str, RuleStatus]]:
    """The values of a packed case, and how its rules stand."""
    event, standing = json.loads(zlib.decompress(packed))
    del event[mapping.vocabulary.key]  # which the packed case does not hold
    return read_values(event, mapping), {rule: RuleStatus(*s) for rule, s in standing.items()}

