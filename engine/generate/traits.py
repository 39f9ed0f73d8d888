"""What kind of story a member has. In: chance, and what is asked for. Out: traits.

A trait is one independent choice; a planted outcome may ask for some (a deadline can only be missed
where it has passed), and any left open are drawn by weight.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from zhuanjie.engine.generate.draft import Traits, Value

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

_DRAWS: Final[tuple[tuple[str, tuple[Value, ...]], ...]] = tuple(
    (trait, tuple(value for value, weight in weights.items() for _ in range(weight)))
    for trait, weights in WEIGHTS.items()
)


def draw(chance: Callable[[], float], needs: Needs) -> Traits:
    """Traits by weight, those asked for among what is asked."""
    traits: Traits = {}
    for trait, options in _DRAWS:
        value = options[int(chance() * len(options))]
        if trait in needs and value not in (allowed := needs[trait]):
            value = allowed[int(chance() * len(allowed))]
        traits[trait] = value
    return traits


def merge(needs: Needs, more: Needs) -> Needs | None:
    """What satisfies both, or None where nothing does."""
    out = dict(needs)
    for trait, allowed in more.items():
        both = tuple(v for v in allowed if v in out[trait]) if trait in out else allowed
        if not both:
            return None
        out[trait] = both
    return out
