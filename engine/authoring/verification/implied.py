"""Rules that add nothing. In: a prover and its rules. Out: rules that others imply.

A rule adds nothing where each of its violations is a violation of others too. The others are taken
up as records show that they matter: a record that violates the rule and some of them brings these
in, and as soon as none of those brought in leave the rule a violation of its own, it is implied.
"""

from __future__ import annotations

from zhuanjie.engine.authoring.verification.findings import FindingKindInWords, Verification
from zhuanjie.engine.authoring.verification.meeting import set_of
from zhuanjie.engine.authoring.verification.prover import Prover, Scenario, Shown
from zhuanjie.engine.authoring.verification.rule_sets import RuleSets
from zhuanjie.engine.backends.smt.query import Answer
from zhuanjie.engine.backends.smt.rules import SymbolicRule
from zhuanjie.engine.core.results import Severity

_WEIGHT = {Severity.WARNING: 0, Severity.ERROR: 1}
_MANY = 8
"""From so many on, it is first asked whether one of the others alone will do."""

Core = list[str] | None
"""The rules that imply one; empty where there are none, None where that is not known."""


class Implied:
    """Rules whose every violation is a violation of others too."""

    def __init__(self, prover: Prover, sets: RuleSets, out: Verification) -> None:
        self.prover, self.sets, self.out = prover, sets, out
        self._broken: list[int] = []

    def search(self, rules: range) -> dict[str, Core]:
        """For each of some rules what implies it, held up against all of them."""
        return {self.sets.rules[n].rule.id: self._implying(n, 0) for n in rules}

    def report(self, found: dict[str, Core]) -> None:
        """Say which rules are implied.

        A rule that is found to add nothing is not held up against the others after that.
        """
        for name, core in found.items():
            if core == []:
                self.out.prove("implied", [name])
        idle: set[str] = set()
        implied = {name: core for name, core in found.items() if core}
        for name in sorted(implied, key=lambda n: len(implied[n] or ())):
            core = implied[name]
            if core is not None and not idle.isdisjoint(core):
                core = self._implying(self.sets.number[name],
                                      set_of(self.sets.number[i] for i in idle))
            if core:
                idle.add(name)
                self._report(self.sets.rules[self.sets.number[name]], core)
            elif core is not None:
                self.out.prove("implied", [name])

    def _report(self, rule: SymbolicRule, core: list[str]) -> None:
        shown = self.prover.smallest([rule.violation], _only(rule, []),
                                     about=("broken", rule.rule.id))
        other = self.sets.rules[self.sets.number[core[0]]]
        same = len(core) == 1 and self._imply(other, rule)
        self.out.report("implied", [rule.rule.id, *core], "implied-same" if same else "implied",
                        shown=shown.scenario, by=tuple(core), other=core[0])

    def _implying(self, n: int, idle: int) -> Core:
        """The rules, none of them `idle`, that are violated wherever rule `n` is.

        The first that does so by itself, else a least set; none in whose breach the rule begins.
        """
        sets, rule = self.sets, self.sets.rules[n]
        typed = rule.rule
        others = set_of(m for m, r in enumerate(sets.rules)
                        if m != n and _WEIGHT[r.rule.severity] >= _WEIGHT[typed.severity]) & ~idle
        first = self.prover.find([rule.violation], _only(rule, []), about=("violated", typed.id))
        if first.none:
            return []
        always, held = others, 0  # broken with it in every record so far; those held up against it
        for broken in self._broken:
            if broken >> n & 1:
                always &= broken
                if not broken & others:
                    return []
        if first.scenario is not None:
            held = self._note(first.scenario) & others
            always &= held
            if not held:
                return []
        while True:
            if held.bit_count() > _MANY:
                single, always, others = self._single(n, always, others)
                if single is not None:
                    return [single]
                held &= others
            kept = {r.rule.id: ~r.violation for r in sets.of(held)}
            found = self.prover.find([rule.violation, *kept.values()],
                                     _only(rule, sets.of(held)),
                                     about=("own", typed.id, *kept))
            if found.scenario is not None:
                broken = self._note(found.scenario) & others
                always &= broken
                if not broken:
                    return []
                held |= broken
                continue
            if self.out.unsure("implied", [typed.id], found):
                return None
            single, always, others = self._single(n, always, others)
            if single is not None:
                return [single]
            if held & ~others:
                held &= others
                continue
            core = self.prover.core([rule.violation], kept)
            if core is None:
                self.out.report("unknown", [typed.id], asked=FindingKindInWords("implied"))
                return None
            if not self._begins_with(rule, [sets.rules[sets.number[name]] for name in core]):
                return core
            others &= ~(1 << sets.number[core[-1]])
            held &= others

    def _note(self, scenario: Scenario) -> int:
        broken = self.sets.standing(scenario).violated
        self._broken.append(broken)
        return broken

    def _single(self, n: int, always: int, others: int) -> tuple[str | None, int, int]:
        """The first rule that is broken wherever rule `n` is, if one is; what is left otherwise.

        `always` are those broken with it in all records that were seen, so that no other can be.
        """
        rule = self.sets.rules[n]
        while always:
            m = (always & -always).bit_length() - 1
            other = self.sets.rules[m]
            found = self.prover.find([rule.violation, ~other.violation], _only(rule, [other]),
                                     about=("breaks", rule.rule.id, other.rule.id))
            if found.scenario is not None:
                always &= self._note(found.scenario)
            always &= ~(1 << m)
            if found.answer is Answer.NO:
                if not self._begins_with(rule, [other]):
                    return other.rule.id, always, others
                others &= ~(1 << m)
        return None, always, others

    def _begins_with(self, rule: SymbolicRule, broken: list[SymbolicRule]) -> bool:
        """Whether one of the others is violated wherever the rule applies at all.

        A duty that only begins where another rule is broken is no repetition of that rule.
        """
        return self.prover.find(
            [rule.applies, *(~r.violation for r in broken)],
            lambda s: s.applies(rule.rule) and not any(s.violates(r.rule) for r in broken),
            about=("begins", rule.rule.id, *(r.rule.id for r in broken))).none

    def _imply(self, rule: SymbolicRule, other: SymbolicRule) -> bool:
        return self.prover.find([rule.violation, ~other.violation], _only(rule, [other]),
                                about=("breaks", rule.rule.id, other.rule.id)).none


def _only(rule: SymbolicRule, others: list[SymbolicRule]) -> Shown:
    return lambda s: s.violates(rule.rule) and not any(s.violates(o.rule) for o in others)
