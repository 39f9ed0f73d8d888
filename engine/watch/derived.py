"""What a snapshot has of its cases beside their values. In: what was folded since. Out: for which
cases it still holds.

That is the keys they share and the days on which they wake. Both follow from the values, the
policy's numbers and the day, and are worked out anew where one of these is another.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from zhuanjie.engine.policy.policy import Policy

_NOTHING = frozenset[str]()


class Derived:
    """The cases of which a snapshot's keys and wake-up days hold."""

    def __init__(self) -> None:
        self.trusted = False
        """Whether a snapshot was made by this very program."""
        self.day: date | None = None
        """The day that the events so far have come to."""
        self._begun: date | None = None
        self._changed: dict[str, frozenset[str] | None] = {}

    def begin(self, day: date) -> None:
        """A journal begins, on a day."""
        self._begun = self.day = day

    def move(self, day: date) -> None:
        """The clock was moved."""
        if self.day is None or day < self.day:
            self.trusted = False
        self.day = day

    def change(self, record: str, names: frozenset[str] | None) -> None:
        """A case has other values in some fields than a snapshot has; None where it is new."""
        known = self._changed.get(record, _NOTHING)
        self._changed[record] = None if names is None or known is None else known | names

    def close(self, policy: Policy, day: date) -> Mapping[str, frozenset[str] | None] | None:
        """The cases that are to be looked at all the same, and what of them is new, as `change`
        was told; None where that is all of all cases.
        """
        changed, self._changed = self._changed, {}
        if (not self.trusted or self._begun is None
                or policy.values(self._begun) != policy.values(day)):
            return None
        return changed
