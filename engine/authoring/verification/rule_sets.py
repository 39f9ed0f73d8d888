"""The rules of a policy, many at a time. In: a prover. Out: which rules a record touches, and how.

A rule is its place in the list, a set of rules a whole number with a bit a rule.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import cached_property

from zhuanjie.engine.authoring.verification.boxes import Box, box_of, join, meet
from zhuanjie.engine.authoring.verification.meeting import Meeting, numbers_in, set_of
from zhuanjie.engine.authoring.verification.prover import Prover, Scenario
from zhuanjie.engine.backends.smt.rules import SymbolicRule
from zhuanjie.engine.core.results import QUIET_OUTCOMES, Outcome
from zhuanjie.engine.policy.policy import TypedRule

_REPORTED = ("violation", "pending", "undetermined")


class Standing:
    """How rules stand with a record, as the reference evaluator judges.

    It judges only rules that the record can touch in that way by what each demands of its cells.
    """

    def __init__(self, sets: RuleSets, scenario: Scenario) -> None:
        self._sets, self._scenario = sets, scenario

    def _among(self, meeting: Meeting) -> int:
        setting = self._scenario.setting
        return meeting.of_record(setting.record, setting.today, setting.vocabulary.fields)

    def _which(self, near: int, holds: Callable[[Scenario, TypedRule], bool]) -> int:
        rules = self._sets.rules
        return set_of(n for n in numbers_in(near) if holds(self._scenario, rules[n].rule))

    @cached_property
    def nearly_met(self) -> int:
        """The rules that the record may meet, by the look of it."""
        return self._among(self._sets.met)

    @cached_property
    def met(self) -> int:
        """The rules that surely apply and are satisfied."""
        return self._which(self.nearly_met, lambda s, r: s.outcome(r) is Outcome.SATISFIED
                           and s.applies(r))

    @cached_property
    def applying(self) -> int:
        """The rules that surely apply."""
        return self._which(self._among(self._sets.applied), Scenario.applies)

    @cached_property
    def violated(self) -> int:
        """The rules that are violated."""
        return self._which(self._among(self._sets.broken), Scenario.violates)

    @cached_property
    def quiet(self) -> bool:
        """Whether every rule is satisfied or does not apply."""
        near = self._among(self._sets.spoken)
        return all(self._scenario.outcome(self._sets.rules[n].rule) in QUIET_OUTCOMES
                   for n in numbers_in(near))


class RuleSets:
    """The rules by their numbers, and what is known of them without the solver."""

    def __init__(self, prover: Prover) -> None:
        self.prover, self.rules = prover, prover.rules
        self.every = (1 << len(self.rules)) - 1
        self.number = {r.rule.id: n for n, r in enumerate(self.rules)}
        self._standing: dict[int, tuple[Scenario, Standing]] = {}

    @cached_property
    def applying(self) -> list[Box | None]:
        """What must be so of a record to which a rule surely applies."""
        return [box_of(r.applying) for r in self.rules]

    @cached_property
    def meeting(self) -> list[Box | None]:
        """What must be so of a record to which a rule surely applies, and that satisfies it."""
        return [meet((box, box_of(r.lowered.satisfied)))
                for box, r in zip(self.applying, self.rules, strict=True)]

    @cached_property
    def applied(self) -> Meeting:
        """Which rules can apply together."""
        return Meeting(self.applying)

    @cached_property
    def met(self) -> Meeting:
        """Which rules can be met together."""
        return Meeting(self.meeting)

    @cached_property
    def broken(self) -> Meeting:
        """Which rules can be violated together."""
        return Meeting([box_of(r.lowered.violation) for r in self.rules])

    @cached_property
    def spoken(self) -> Meeting:
        """Which rules can have anything to report of a record."""
        return Meeting([join(box_of(getattr(r.lowered, name)) for name in _REPORTED)
                        for r in self.rules])

    @cached_property
    def sharing(self) -> list[int]:
        """For each rule, those that read a field that it reads."""
        by_field: dict[str, int] = defaultdict(int)
        fields = [r.rule.fields for r in self.rules]
        for n, names in enumerate(fields):
            for name in names:
                by_field[name] |= 1 << n
        out = []
        for names in fields:
            mask = 0
            for name in names:
                mask |= by_field[name]
            out.append(mask)
        return out

    def ids(self, mask: int) -> list[str]:
        """The ids of a set of rules."""
        return [self.rules[n].rule.id for n in numbers_in(mask)]

    def of(self, mask: int) -> list[SymbolicRule]:
        """The rules of a set."""
        return [self.rules[n] for n in numbers_in(mask)]

    def numbers(self, rules: Iterable[SymbolicRule]) -> int:
        """The set of these rules."""
        return set_of(self.number[r.rule.id] for r in rules)

    def standing(self, scenario: Scenario) -> Standing:
        """How the rules stand with a record."""
        known = self._standing.get(id(scenario))
        if known is None:  # the record is held with it, so that no other gets its id
            known = self._standing[id(scenario)] = scenario, Standing(self, scenario)
        return known[1]


def parts_of(near: Iterable[int], all_of: int) -> list[int]:
    """The sets that hang together, where `near` says for each rule which are next to it."""
    beside, left, out = list(near), all_of, []
    while left:
        part, front = 0, left & -left
        while front:
            part |= front
            found = 0
            for n in numbers_in(front):
                found |= beside[n]
            front = found & left & ~part
        out.append(part)
        left &= ~part
    return out
