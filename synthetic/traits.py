"""What kind of story a member has. In: chance, and what is asked for. Out: traits.

A trait is one independent choice; a planted outcome may ask for some (a deadline can only be missed
where it has passed), and any left open are drawn by weight. What is asked of a record is one
number, a bit for each value of each trait that may be chosen.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

import polars as pl

from zhuanjie.synthetic.draft import Draft, Value, between

Needs = Mapping[str, tuple[Value, ...]]

WEIGHTS: Final[Mapping[str, Mapping[Value, int]]] = {
    # Where the relationship goes; `none` is a member nobody has asked yet.
    "kind": {"employer_org": 30, "workplace_township": 17, "residence_township": 22,
             "parents_township": 9, "talent_service": 12, "retained": 10, "none": 0},
    # `new`: left last summer; `old`: the summer before.
    "age": {"new": 60, "old": 40},
    # `natural`: set off on leaving; `settled`: so long ago that every deadline has passed;
    # `fresh`: accepted this month; `transit`: on the way; `before`: has not left yet.
    "stage": {"natural": 85, "settled": 0, "fresh": 5, "transit": 6, "before": 4},
    "membership": {"full": 50, "converted": 15, "probationary": 30, "extended": 5},
    "two_part": {False: 90, True: 10},
    "attends": {True: 85, False: 15},
    "proxy": {False: 92, True: 8},
    "floating": {False: 60, True: 40},
    # A member who was given a letter and never reported breaks deadlines: only when asked for.
    "reported": {True: 100, False: 0},
    # Accepted within days of leaving.
    "quick": {False: 80, True: 20},
}

NEEDS: Final = "~needs"
"""The column of what is asked of a record."""

_SLOTS: Final = 1000
_SHIFTS: Final = dict(zip(WEIGHTS, (sum(len(w) for w in list(WEIGHTS.values())[:i])
                                    for i in range(len(WEIGHTS))), strict=True))
_GROUPS: Final = {trait: ((1 << len(w)) - 1) << _SHIFTS[trait] for trait, w in WEIGHTS.items()}

ANYTHING: Final = (1 << sum(map(len, WEIGHTS.values()))) - 1
"""What is asked of a record of which nothing is asked."""


def bits(needs: Needs) -> int:
    """What is asked, as one number; two numbers together ask for their common bits."""
    out = ANYTHING
    for trait, allowed in needs.items():
        chosen = sum(1 << list(WEIGHTS[trait]).index(value) for value in allowed)
        out &= ~_GROUPS[trait] | chosen << _SHIFTS[trait]
    return out


def possible(asked: int) -> bool:
    """Whether each trait is left a value."""
    return all(asked & group for group in _GROUPS.values())


def trait(name: str, *values: Value) -> pl.Expr:
    """Where a trait is one of `values`; a trait that is true or false may go without."""
    codes = [list(WEIGHTS[name]).index(value) for value in values or (True,)]
    drawn = pl.col(f"~{name}")
    return drawn == codes[0] if len(codes) == 1 else drawn.is_in(codes)


def choose(draft: Draft) -> None:
    """Traits by weight, those asked for among what is asked, each as a small whole number."""
    for name in WEIGHTS:
        group = _GROUPS[name] >> _SHIFTS[name]
        asked = (pl.col(NEEDS) // (1 << _SHIFTS[name])) & group
        slot = between(f"trait {name}", 0, _SLOTS - 1)
        draft.set(f"~{name}", pl.lit(_slots(name)).gather(
            (asked.cast(pl.UInt32) * _SLOTS + slot).cast(pl.UInt32)))
    draft.step()


@cache
def _slots(name: str) -> pl.Series:
    """For each thing that can be asked of a trait, its values as often as they are to be drawn.

    A value that is not asked for leaves its weight to those that are, in equal parts.
    """
    weights = list(WEIGHTS[name].values())
    out: list[int] = []
    for asked in range(1 << len(weights)):
        allowed = [v for v in range(len(weights)) if asked >> v & 1]
        spare = sum(w for v, w in enumerate(weights) if v not in allowed)
        slots: list[int] = []
        reached = 0.0
        for value in allowed:
            reached += weights[value] + spare / len(allowed)
            slots += [value] * (round(reached / 100 * _SLOTS) - len(slots))
        out += slots or [0] * _SLOTS
    return pl.Series(out, dtype=pl.UInt8)
