"""Faults of rules together. In: a prover. Out: rules at odds with each other, rules implied."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from zhuanjie.engine.authoring.verification.findings import FindingKindInWords, Verification
from zhuanjie.engine.authoring.verification.prover import Prover, Shown
from zhuanjie.engine.backends.smt.query import Answer
from zhuanjie.engine.backends.smt.rules import SymbolicRule
from zhuanjie.engine.core.results import Outcome, Severity

_WEIGHT = {Severity.WARNING: 0, Severity.ERROR: 1}


class Whole:
    """The rules of one policy, looked at together."""

    def __init__(self, prover: Prover, out: Verification) -> None:
        self.prover, self.out = prover, out
        self.rules = {r.rule.id: r for r in prover.rules}
        self.at_odds: list[frozenset[str]] = []
        self.apart: list[frozenset[str]] = []

    def contradictions(self) -> None:
        """Pairs of rules that can each be met where both apply, but never both.

        Afterwards `apart` holds the pairs that no record meets, and `at_odds` those at fault.
        """
        clean = True
        for a, b in combinations(self.prover.rules, 2):
            if a.rule.fields & b.rule.fields:
                clean = self._agree(a, b) and clean
        if clean:
            self.out.prove("contradiction", [], count=len(self.rules))

    def _agree(self, a: SymbolicRule, b: SymbolicRule) -> bool:
        both = [a.applies, b.applies]
        met_a, met_b = a.outcome(Outcome.SATISFIED), b.outcome(Outcome.SATISFIED)

        found = self.prover.find([*both, met_a, met_b], _both(a, b, a, b))
        ids = [a.rule.id, b.rule.id]
        if not found.none:
            return not self.out.unsure("contradiction", ids, found)
        self.apart.append(frozenset(ids))
        # A rule that alone excludes what the other speaks of contradicts nothing.
        if self.prover.find([*both, met_b], _both(a, b, b)).none:
            return True
        shown_by = self.prover.smallest([*both, met_a], _both(a, b, a))
        if shown_by.none:
            return True
        self.at_odds.append(frozenset(ids))
        if not self.out.unsure("contradiction", ids, shown_by):
            self.out.report("contradiction", ids, shown=shown_by.scenario, other=b.rule.id)
        return False

    def implied(self) -> None:
        """Rules whose every violation is a violation of others too.

        A rule that is found to add nothing is not held up against the others after that.
        """
        found: dict[str, list[str]] = {}
        for rule in self.prover.rules:
            core = self._implying(rule, [])
            if core == []:
                self.out.prove("implied", [rule.rule.id])
            elif core is not None:
                found[rule.rule.id] = core
        idle: list[str] = []
        for name in sorted(found, key=lambda n: len(found[n])):
            core = found[name]
            if core is not None and not set(idle).isdisjoint(core):
                core = self._implying(self.rules[name], idle)
            if core:
                idle.append(name)
                self._report_implied(self.rules[name], core)
            elif core is not None:
                self.out.prove("implied", [name])

    def _report_implied(self, rule: SymbolicRule, core: list[str]) -> None:
        shown = self.prover.smallest([rule.violation], _only(rule, []))
        same = len(core) == 1 and self._implies(self.rules[core[0]], rule)
        self.out.report("implied", [rule.rule.id, *core], "implied-same" if same else "implied",
                        shown=shown.scenario, by=tuple(core), other=core[0])

    def _implying(self, rule: SymbolicRule, idle: Sequence[str]) -> list[str] | None:
        """The least set of rules, none of them `idle`, that is violated wherever `rule` is.

        An empty set if there is none; None where that is not known.
        """
        typed = rule.rule
        others = {r.rule.id: r for r in self.prover.rules
                  if r is not rule and r.rule.id not in idle
                  and _WEIGHT[r.rule.severity] >= _WEIGHT[typed.severity]}
        if self.prover.find([rule.violation], _only(rule, [])).none:
            return []
        while True:
            kept = {name: ~r.violation for name, r in others.items()}
            found = self.prover.find([rule.violation, *kept.values()],
                                     _only(rule, list(others.values())))
            if found.answer is Answer.YES:
                return []
            if self.out.unsure("implied", [typed.id], found):
                return None
            core = self.prover.core([rule.violation], kept)
            if core is None:
                self.out.report("unknown", [typed.id], asked=FindingKindInWords("implied"))
                return None
            if not self._begins_with(rule, [others[name] for name in core]):
                return core
            del others[core[-1]]

    def _begins_with(self, rule: SymbolicRule, broken: list[SymbolicRule]) -> bool:
        """Whether one of the others is violated wherever the rule applies at all.

        A duty that only begins where another rule is broken is no repetition of that rule.
        """
        return self.prover.find(
            [rule.applies, *(~r.violation for r in broken)],
            lambda s: s.applies(rule.rule) and not any(s.violates(r.rule) for r in broken)).none

    def _implies(self, rule: SymbolicRule, other: SymbolicRule) -> bool:
        return self.prover.find([rule.violation, ~other.violation], _only(rule, [other])).none


def _only(rule: SymbolicRule, others: list[SymbolicRule]) -> Shown:
    return lambda s: s.violates(rule.rule) and not any(s.violates(o.rule) for o in others)


def _both(a: SymbolicRule, b: SymbolicRule, *met: SymbolicRule) -> Shown:
    return lambda s: (s.applies(a.rule) and s.applies(b.rule) and all(
        s.outcome(r.rule) is Outcome.SATISFIED for r in met))
