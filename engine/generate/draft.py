"""A record in the making. In: its place in the ledger, a day, a source of chance. Out: a record.

Dates are day numbers until they are written. `truth` holds what is known of the record from how it
was made: each clause that comes out as violation, undetermined or pending.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from random import Random
from typing import Final

from zhuanjie.engine.days import add_months
from zhuanjie.engine.results import Outcome

Value = str | int | bool
Traits = dict[str, Value]

VALIDITY: Final = 90
RETURN: Final = 30
FOLLOW_UP: Final = 15
ASSIGN: Final = 30
CERTIFY: Final = 30
CONTACT: Final = 180
VERIFY: Final = 365
FILE: Final = 60
ORIGIN: Final = 30
PROBATION: Final = 12
GRACE: Final = 30
EXTENSION: Final = (6, 12)
"""The numbers the notice leaves open, as the provincial pack sets them; a test compares them."""


class Draft:
    """A record being made: `fields` by name, `traits` of the member's story, `truth` by clause."""

    __slots__ = ("as_of", "chance", "fields", "index", "traits", "truth")

    def __init__(self, index: int, as_of: int, chance: Random, traits: Traits) -> None:
        self.index = index
        self.as_of = as_of
        self.chance = chance.random
        self.traits = traits
        self.fields: dict[str, Value] = {}
        self.truth: dict[str, Outcome] = {}

    def between(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return low + int(self.chance() * (high - low + 1))

    def one_of(self, pool: str) -> str:
        """A value of a pool."""
        values = pools()[pool]
        return values[int(self.chance() * len(values))]

    def day(self, name: str) -> int:
        """The day a date field holds."""
        day = self.fields[name]
        assert isinstance(day, int)
        return day

    def act(self, name: str, day: int, clause: str) -> bool:
        """An act done in good time on `day`; where that is still to come, its duty is pending."""
        if day > self.as_of:
            self.truth[clause] = Outcome.PENDING
            return False
        self.fields[name] = day
        return True

    def blank(self, *names: str) -> None:
        """Take fields out."""
        for name in names:
            self.fields.pop(name, None)

    def past(self, day: int) -> int:
        """A day after `day`, not long after and not after the as-of day."""
        assert day < self.as_of, (day, self.fields)
        return day + self.between(1, min(40, self.as_of - day))


def probation_end(admitted: int, more: int = 0) -> int:
    """The day the probationary year ends, `more` months later where it is extended."""
    return add_months(admitted, PROBATION + more)


@cache
def pools() -> dict[str, tuple[str, ...]]:
    """Names, places and phrases to choose from; people and offices made of them are invented."""
    text = (Path(__file__).resolve().parent / "pools.json").read_text(encoding="utf-8")
    return {name: tuple(values) for name, values in json.loads(text).items()}
