"""Rules at odds with each other. In: a prover and its rules. Out: pairs that no record meets.

Most pairs need no question of their own. Two rules that cannot apply together by what each demands
of single cells are no pair at all; and one record that meets many rules settles each two of them.
What is left is asked of one solver that holds all the rules that hang together.
"""

from __future__ import annotations

from collections.abc import Callable

from zhuanjie.engine.authoring.verification.findings import Verification
from zhuanjie.engine.authoring.verification.meeting import numbers_in
from zhuanjie.engine.authoring.verification.pool import Pool
from zhuanjie.engine.authoring.verification.prover import About, Prover, Scenario, Shown
from zhuanjie.engine.authoring.verification.rule_sets import RuleSets, parts_of
from zhuanjie.engine.backends.smt.encode import Formula
from zhuanjie.engine.backends.smt.query import Answer
from zhuanjie.engine.backends.smt.rules import SymbolicRule
from zhuanjie.engine.core.results import Outcome

_FEW = 2
"""Pairs that are asked about one by one rather than of all the rules at once."""


class Contradictions:
    """Pairs of rules that can each be met where both apply, but never both.

    Afterwards `apart` says of each rule which others no record meets with it, as far as the solver
    was asked, and `at_odds` holds the pairs at fault.
    """

    def __init__(self, prover: Prover, sets: RuleSets, out: Verification) -> None:
        self.prover, self.sets, self.out = prover, sets, out
        self.at_odds: list[frozenset[str]] = []
        self.apart = [0] * len(sets.rules)
        self._covered = [0] * len(sets.rules)
        self._said: list[tuple[int, int, Callable[[], object]]] = []

    def search(self) -> None:
        """Look at all pairs of rules that share a field."""
        sets = self.sets
        related = [share & sets.applied.of(box) & ~(1 << n) for n, (share, box) in
                   enumerate(zip(sets.sharing, sets.applying, strict=True))]
        can_be_met = [sets.met.of(box) for box in sets.meeting]
        for scenario in self.prover.met_here():
            standing = sets.standing(scenario)
            if any(standing.nearly_met & related[n] & ~self._covered[n]
                   for n in numbers_in(standing.nearly_met)):
                self._cover(standing.met)
        asked = [mask & can for mask, can in zip(related, can_be_met, strict=True)]
        for part in parts_of(asked, sets.every):
            self._settle(part, asked)
        for n, mask in enumerate(related):
            for other in numbers_in((mask & ~can_be_met[n]) >> n << n):
                self._never_met(n, other)
        self._said.sort(key=lambda said: said[:2])
        for _, _, say in self._said:
            say()
        if not self._said:
            self.out.prove("contradiction", [], count=len(sets.rules))

    def _cover(self, met: int) -> None:
        """A record meets these: each two of them can be met together."""
        for n in numbers_in(met):
            self._covered[n] |= met

    def _settle(self, part: int, asked: list[int]) -> None:
        """Each rule of a part against those after it that it is still to be held up against."""
        pool: Pool | None = None
        for n in numbers_in(part):
            left = asked[n] >> n << n & ~self._covered[n]
            if left.bit_count() <= _FEW:
                for other in numbers_in(left):
                    self._pair(n, other)
                continue
            pool = pool or Pool(self.prover, {
                m: _met(self.sets.rules[m]) for m in numbers_in(part)})
            while left:
                found = pool.find([n], numbers_in(left), self._shown(1 << n, left),
                                  self._about(1 << n, left))
                if found.answer is not Answer.YES:
                    for other in numbers_in(left):
                        if found.none:
                            self._never_met(n, other)
                        else:
                            self._pair(n, other)
                    break
                left &= ~self._grow(pool, n, left, found.scenario)

    def _grow(self, pool: Pool, n: int, left: int, scenario: Scenario | None) -> int:
        """Which of the rules left are met with rule `n` by one record, as many as come easily."""
        assert scenario is not None
        met = self.sets.standing(scenario).met
        self._cover(met)
        if not left & ~met:
            return met
        every = left | 1 << n
        whole = pool.find(numbers_in(every), None, self._shown(every, None),
                          self._about(every, None))
        if whole.scenario is not None:
            met = self.sets.standing(whole.scenario).met
            self._cover(met)
            return met
        chosen = met & (left | 1 << n)
        while rest := left & ~chosen:
            more = pool.find(numbers_in(chosen), numbers_in(rest), self._shown(chosen, rest),
                             self._about(chosen, rest))
            if more.scenario is None:
                break
            met = self.sets.standing(more.scenario).met
            self._cover(met)
            chosen |= met & left
        return chosen

    def _about(self, chosen: int, some: int | None) -> About:
        """The question whether one record meets all of `chosen`, and one of `some` at least."""
        return "all met", *self.sets.ids(chosen), "one met", *self.sets.ids(some or 0)

    def _shown(self, chosen: int, some: int | None) -> Shown:
        def shown(scenario: Scenario) -> bool:
            met = self.sets.standing(scenario).met
            return not chosen & ~met and (some is None or bool(some & met))

        return shown

    def _pair(self, n: int, other: int) -> None:
        a, b = self.sets.rules[n], self.sets.rules[other]
        found = self.prover.find([_met(a), _met(b)], _both(a, b, a, b),
                                 about=("met", a.rule.id, b.rule.id))
        if found.none:
            self._never_met(n, other)
        elif found.unknown:
            ids = [a.rule.id, b.rule.id]
            self._say(n, other, lambda: self.out.unsure("contradiction", ids, found))

    def _never_met(self, n: int, other: int) -> None:
        """No record meets both: a fault, unless one alone excludes what the other speaks of."""
        sets = self.sets
        self.apart[n] |= 1 << other
        self.apart[other] |= 1 << n
        if (not sets.met.of(sets.applying[n]) >> other & 1
                or not sets.met.of(sets.applying[other]) >> n & 1):
            return
        a, b = sets.rules[n], sets.rules[other]
        both, ids = [a.applies, b.applies], [a.rule.id, b.rule.id]
        if self.prover.find([*both, b.outcome(Outcome.SATISFIED)], _both(a, b, b),
                            about=("second", *ids)).none:
            return
        shown_by = self.prover.smallest([*both, a.outcome(Outcome.SATISFIED)], _both(a, b, a),
                                        about=("first", *ids))
        if shown_by.none:
            return
        self.at_odds.append(frozenset(ids))

        def say() -> None:
            if not self.out.unsure("contradiction", ids, shown_by):
                self.out.report("contradiction", ids, shown=shown_by.scenario, other=b.rule.id)

        self._say(n, other, say)

    def _say(self, n: int, other: int, say: Callable[[], object]) -> None:
        self._said.append((n, other, say))


def _met(rule: SymbolicRule) -> Formula:
    return rule.applies & rule.outcome(Outcome.SATISFIED)


def _both(a: SymbolicRule, b: SymbolicRule, *met: SymbolicRule) -> Shown:
    return lambda s: (s.applies(a.rule) and s.applies(b.rule) and all(
        s.outcome(r.rule) is Outcome.SATISFIED for r in met))
