"""Rules that no record can meet together. In: a prover. Out: least sets of three and more of them.

Pairs are looked at before (`verify_whole`). Here largest sets of rules that one record can meet are
sought one after another, each round beyond what earlier ones have shown, until none is left.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from zhuanjie.engine.authoring.verification.findings import FindingKindInWords, Verification
from zhuanjie.engine.authoring.verification.prover import Prover, Shown
from zhuanjie.engine.backends.smt import z3
from zhuanjie.engine.backends.smt.encode import Formula
from zhuanjie.engine.backends.smt.query import Answer
from zhuanjie.engine.backends.smt.rules import SymbolicRule
from zhuanjie.engine.core.results import Outcome

_ROUNDS = 400
"""So many sets are looked at before the question is given up."""


def verify_together(prover: Prover, apart: Sequence[frozenset[str]], said: list[frozenset[str]],
                    out: Verification) -> None:
    """Sets of rules that can all apply to a record, can be met but for any one, and never all.

    `apart` are pairs known not to be met together, `said` the sets that were reported already.
    """
    for core in _Sets(prover, apart).conflicts(out):
        rules = [r for r in prover.rules if r.rule.id in core]
        if len(rules) < 3 or any(known <= core for known in said) or not _blameless(prover, rules):
            continue
        said.append(core)
        *most, last = rules
        shown = prover.smallest([*(r.applies for r in rules), *map(_kept, most)],
                                _shown(rules, most))
        out.report("unsatisfiable", [r.rule.id for r in rules], "unsatisfiable-together",
                   shown=shown.scenario, other=last.rule.id)


def _kept(rule: SymbolicRule) -> Formula:
    return rule.outcome(Outcome.SATISFIED)


def _shown(applying: Sequence[SymbolicRule], kept: Sequence[SymbolicRule]) -> Shown:
    return lambda s: (all(s.applies(r.rule) for r in applying)
                      and all(s.outcome(r.rule) is Outcome.SATISFIED for r in kept))


def _blameless(prover: Prover, rules: Sequence[SymbolicRule]) -> bool:
    """Whether each of the rules can be broken with the others met, where all apply.

    Else one of them speaks only of records that break another, and is not at odds with it.
    """
    applying = [r.applies for r in rules]
    for rule in rules:
        rest = [r for r in rules if r is not rule]
        if prover.find([*applying, *map(_kept, rest)],
                       _shown(rules, rest)).answer is not Answer.YES:
            return False
    return True


class _Sets:
    """The map of which sets of rules are settled: each round asks for one that is not."""

    def __init__(self, prover: Prover, apart: Sequence[frozenset[str]]) -> None:
        self.prover = prover
        self.rules = {r.rule.id: r for r in prover.rules}
        self.met = {name: r.applies & _kept(r) for name, r in self.rules.items()}
        self.map = z3.Solver()
        for pair in apart:
            self._block(pair)

    def conflicts(self, out: Verification) -> Iterator[frozenset[str]]:
        """The least sets that cannot be met, all of them where that is done in time."""
        for _ in range(_ROUNDS):
            if self.map.check() != z3.sat:
                return
            chosen = self._most()
            rules = [self.rules[name] for name in chosen]
            found = self.prover.find([self.met[name] for name in chosen], _shown(rules, rules))
            if found.answer is Answer.YES:
                assert found.scenario is not None
                also = {n for n, r in self.rules.items() if found.scenario.applies(r.rule)
                        and found.scenario.outcome(r.rule) is Outcome.SATISFIED}
                self.map.add(z3.Or([z3.Bool(n) for n in self.rules if n not in also]))
                continue
            core = self.prover.core([], {name: self.met[name] for name in chosen})
            if found.unknown or core is None:
                break
            self._block(core)
            yield frozenset(core)
        out.report("unknown", [], asked=FindingKindInWords("unsatisfiable"))

    def _block(self, names: Sequence[str] | frozenset[str]) -> None:
        self.map.add(z3.Or([z3.Not(z3.Bool(n)) for n in sorted(names)]))

    def _most(self) -> list[str]:
        """A set that is not settled, to which no rule can be added without its being so."""
        chosen: list[str] = []
        for name in self.rules:
            if self.map.check(*(z3.Bool(n) for n in (*chosen, name))) == z3.sat:
                chosen.append(name)
        return chosen
