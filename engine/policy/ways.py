"""What can be asked of the parts of a pack. In: their values. Out: answers.

Models have these ways, and what stands for models that were kept.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from zhuanjie.engine.policy.base_ref import base_id

SHAPES: Final = ("require", "deadline", "recurring", "table", "unique", "at_most",
                 "share", "reconcile")
WHOLE_SHAPES: Final = ("share", "reconcile")
"""The shapes that judge a ledger as a whole, and no record of it."""
KEY_SHAPES: Final = ("unique", "at_most")
"""The shapes that hang on how many records share a key."""


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

    def at(self: Any, day: date) -> int | None:
        """The value in force on `day`; None before the first."""
        if self.value is not None:
            return int(self.value)
        held = [v.value for v in self.values if (v.start or date.min) <= day]
        return held[-1] if held else None


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
