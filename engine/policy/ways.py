"""What can be asked of the parts of a pack. In: their values. Out: answers.

Models have these ways, and what stands for models that were kept.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from zhuanjie.engine.core.dates import from_day, to_day
from zhuanjie.engine.policy.base_ref import base_id

SHAPES: Final = ("require", "deadline", "recurring", "table", "unique", "at_most",
                 "share", "reconcile")
WHOLE_SHAPES: Final = ("share", "reconcile")
"""The shapes that judge a ledger as a whole, and no record of it."""
KEY_SHAPES: Final = ("unique", "at_most")
"""The shapes that hang on how many records share a key."""


def as_number(value: int | date) -> int:
    """A value of a parameter as engines have it: days are counted."""
    return to_day(value) if isinstance(value, date) else int(value)


class PeriodWays:
    """The ways of a `Period`."""

    def holds(self: Any, day: date) -> bool:
        """Whether `day` lies in the period."""
        return bool((self.start or date.min) <= day <= (self.end or date.max))


class ManifestWays:
    """The ways of a `Manifest`."""

    @property
    def base(self: Any) -> str | None:
        """The id of the pack that this one builds on."""
        return base_id(self.builds_on)


class ParameterWays:
    """The ways of a `Parameter`."""

    @property
    def fixed(self: Any) -> int | None:
        """The value of one that never changed, a day as its number."""
        return None if self.value is None else as_number(self.value)

    @property
    def numbers(self: Any) -> list[int]:
        """Every value, in order, days as their numbers."""
        values = [v.value for v in self.values]
        return [as_number(v) for v in (values if self.value is None else [self.value])]

    def at(self: Any, day: date) -> int | None:
        """The value in force on `day`, a day as its number; None before the first."""
        if self.value is not None:
            return as_number(self.value)
        held = [v.value for v in self.values if (v.start or date.min) <= day]
        return as_number(held[-1]) if held else None

    def valued(self: Any, number: int) -> int | date:
        """A number as a value of this parameter."""
        return from_day(number) if self.unit == "date" else number


class RuleWays:
    """The ways of a `Rule`."""

    @property
    def shape(self: Any) -> str:
        """The name of the rule's shape."""
        return next(s for s in SHAPES if getattr(self, s) is not None)

    @property
    def shared(self: Any) -> Any:
        """The part that says which key is counted; None where the rule counts none."""
        return next((part for s in KEY_SHAPES if (part := getattr(self, s)) is not None), None)
