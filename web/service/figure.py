"""A figure, asked for. In: what was counted. Out: whom a list has, and how many."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from zhuanjie.engine.api import UsageError, fail
from zhuanjie.web.figures.counted import (
    AGES,
    DARK,
    DARK_MEMBERS,
    FINDINGS_OF,
    LATE,
    MEMBER,
    MEMBERS_OF,
    STATE,
    STATES,
    STEPS,
    Age,
    Tally,
)
from zhuanjie.web.service.listing import StandingQuery

_OF: Final[Mapping[frozenset[str], tuple[str, ...]]] = {
    frozenset(): (MEMBER,), frozenset({"state"}): (STATE,), frozenset({"step"}): (STEPS,),
    frozenset({"lacks"}): (MEMBER, STEPS), frozenset({"age"}): (LATE,),
    frozenset({"dark"}): (DARK, DARK_MEMBERS),
    frozenset({"clause", "outcome"}): (MEMBERS_OF, FINDINGS_OF)}
"""By what is asked for, the sums that say how many there are; nothing else is a figure."""


@dataclass(frozen=True, slots=True)
class AskedFigure:
    """What a figure counts: each part narrows it."""

    state: str = ""
    outcome: str = ""
    clause: str = ""
    step: str = ""
    lacks: str = ""
    age: str = ""
    dark: str = ""

    @property
    def query(self) -> dict[str, str | None]:
        """The same as an address has it."""
        return {name: getattr(self, name) or None for name in self.__slots__}

    @property
    def of_age(self) -> Age | None:
        """The age that is asked for; raises UsageError for one that there is not."""
        if not self.age:
            return None
        for each in AGES:
            if each.id == self.age:
                return each
        raise fail(UsageError, "register.board.filter")

    @property
    def sums(self) -> tuple[str, ...] | None:
        """Which sums have to be known to say how many there are; None where it is no figure."""
        return _OF.get(frozenset(name for name, value in self.query.items() if value))

    def check(self) -> None:
        """Raise UsageError for what no figure counts."""
        known = not self.age or self.age in {age.id for age in AGES}
        if not known or (self.state and self.state not in STATES) or \
                bool(self.clause) != bool(self.outcome):
            raise fail(UsageError, "register.board.filter")

    def stands(self, day: date) -> StandingQuery:
        """How members stand of whom it is; clause and outcome are asked for beside it."""
        age = self.of_age
        return StandingQuery([self.state] if self.state else [], self.step or None,
                             self.lacks or None, None if age is None else age.due(day),
                             self.dark or None)

    def count(self, tally: Tally, day: date) -> int | None:
        """How many there are; None where it is not one figure."""
        if self.sums is None:
            return None
        if self.state:
            return tally.states.get(self.state, 0)
        if self.clause:
            return tally.clauses().get(self.clause, {}).get(self.outcome, (0, 0))[0]
        if self.step or self.lacks:
            came = tally.came_to(self.step or self.lacks)
            return came if self.step else tally.members - came
        if self.age:
            return tally.ages(day).get(self.age, 0)
        if self.dark:
            return tally.dark().get(self.dark, (0, 0))[0]
        return tally.members
