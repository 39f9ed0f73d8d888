"""Rules that no record can meet together. In: a prover. Out: least sets of three and more of them.

Pairs are looked at before (`contradictions`). Here largest sets of rules that one record can meet
are sought one after another, each round beyond what earlier ones have shown, until none is left.

Rules that have no field in common, not even by way of others, are looked at apart: only the as-of
day is common to them, and sets that can each be met on one and the same day can be met together.
Nor can two rules that are never met together be in one least set, so that rules which hang
together only by such pairs are looked at apart as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from zhuanjie.engine.authoring.verification.boxes import Box
from zhuanjie.engine.authoring.verification.findings import FindingKindInWords, Verification
from zhuanjie.engine.authoring.verification.meeting import numbers_in, set_of
from zhuanjie.engine.authoring.verification.pool import Pool
from zhuanjie.engine.authoring.verification.prover import Prover, Shown
from zhuanjie.engine.authoring.verification.rule_sets import RuleSets, parts_of
from zhuanjie.engine.backends.smt import z3
from zhuanjie.engine.backends.smt.encode import AS_OF, LITERALS, Formula
from zhuanjie.engine.backends.smt.facts import DAYS
from zhuanjie.engine.backends.smt.query import Answer
from zhuanjie.engine.backends.smt.rules import SymbolicRule
from zhuanjie.engine.core.results import Outcome
from zhuanjie.engine.expr.types import Kind
from zhuanjie.engine.lowering.conditions import Value, compare

_ROUNDS = 400
"""So many sets are looked at before the question is given up."""
_LATER = 3650
"""Days after the policy's first: by then what is asked for within a time can have been done."""


def verify_together(prover: Prover, sets: RuleSets, apart: Sequence[int],
                    said: list[frozenset[str]], out: Verification) -> None:
    """Sets of rules that can all apply to a record, can be met but for any one, and never all.

    `apart` says of each rule with which others it is known not to be met, `said` are the sets that
    were reported already.
    """
    groups = parts_of(sets.sharing, sets.every)
    beside = [sets.met.of(box) & ~gone for box, gone in zip(sets.meeting, apart, strict=True)]
    day = len(groups) > 1
    parts = [part for group in groups for part in parts_of([b & group for b in beside], group)
             if day or part.bit_count() > 2]
    found = []
    for part in parts:
        looked = _Sets(prover, sets, part, apart, day=day)
        found += list(looked.conflicts(out))
        if looked.bound_to_days:
            found = list(_Sets(prover, sets, sets.every, apart).conflicts(out))
            break
    for core in found:
        rules = sets.of(core)
        names = frozenset(r.rule.id for r in rules)
        if (len(rules) < 3 or any(known <= names for known in said)
                or not _blameless(prover, rules)):
            continue
        said.append(names)
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
    """The map of which sets of some rules are settled: each round asks for one that is not."""

    def __init__(self, prover: Prover, sets: RuleSets, part: int, apart: Sequence[int], *,
                 day: bool = False) -> None:
        """With `day`, sets are to be met on one day; `bound_to_days` says if one could not be."""
        self.prover, self.sets, self.part = prover, sets, part
        self.day, self.bound_to_days = [len(sets.rules)] if day else [], False
        self.rules = {n: sets.rules[n] for n in numbers_in(part)}
        self.met = {n: r.applies & _kept(r) for n, r in self.rules.items()}
        # What a rule that is met demands of single cells is part of the map: it keeps rules apart
        # without a word on each two of them.
        self.beside = {n: sets.met.of(sets.meeting[n]) & ~apart[n] for n in self.rules}
        self.map = z3.Solver()
        for n in self.rules:
            self.map.add(*(z3.Implies(_flag(n), demand)
                           for demand in _demands(sets.meeting[n])))
            for other in numbers_in(apart[n] & part):
                if other > n and sets.met.of(sets.meeting[n]) >> other & 1:
                    self._block((n, other))
        self.pool = Pool(prover, self.met | {n: _on_a_day(prover) for n in self.day})

    def conflicts(self, out: Verification) -> Iterator[int]:
        """The least sets that cannot be met, all of them where that is done in time."""
        for _ in range(_ROUNDS):
            if self.map.check() != z3.sat:
                return
            chosen = self._most()
            shown = self._shown(set_of(chosen))
            names = self.sets.ids(set_of(chosen))
            found = self.pool.find([*chosen, *self.day], None, shown,
                                   ("on a day" if self.day else "all met", *names))
            if self.day and found.scenario is None:
                found = self.pool.find(chosen, None, shown, ("all met", *names))
                if found.scenario is not None:
                    self.bound_to_days = True
                    return
            if found.answer is Answer.YES:
                assert found.scenario is not None
                also = self.sets.standing(found.scenario).met & self.part
                self.map.add(z3.Or([_flag(n) for n in numbers_in(self.part & ~also)]))
                continue
            core = self.prover.core([], {str(n): self.met[n] for n in chosen})
            if found.unknown or core is None:
                break
            self._block([*map(int, core)])
            yield set_of(map(int, core))
        out.report("unknown", [], asked=FindingKindInWords("unsatisfiable"))

    def _shown(self, chosen: int) -> Shown:
        return lambda s: not chosen & ~self.sets.standing(s).met

    def _block(self, numbers: Iterable[int]) -> None:
        self.map.add(z3.Or([z3.Not(_flag(n)) for n in numbers]))

    def _most(self) -> list[int]:
        """A set that is not settled, to which no rule can be added without its being so."""
        chosen: list[int] = []
        left, beside = self.part, self.part
        while left := left & beside:
            # Many at once, then half as many where they do not all go together.
            many = _first(left, left.bit_count())
            while not self._open([*chosen, *many]) and len(many) > 1:
                many = many[:len(many) // 2]
            if len(many) > 1 or self._open([*chosen, *many]):
                chosen += many
                for n in many:
                    beside &= self.beside[n]
            left &= ~set_of(many)
        return chosen

    def _open(self, chosen: Sequence[int]) -> bool:
        return bool(self.map.check(*map(_flag, chosen)) == z3.sat)


def _on_a_day(prover: Prover) -> Formula:
    """That it is a day well after the first."""
    last = (prover.period or DAYS)[1]
    day = Value(min(prover.near + _LATER, last), Kind.DATE)
    return prover.encoder.formula(compare("==", AS_OF, day))


def _demands(box: Box | None) -> Iterator[Any]:
    """What a box demands, for the map."""
    if box is None:
        yield z3.BoolVal(False)
        return
    for (name, how), cell in box.items():
        there, value = z3.Bool(f"has {name}"), z3.Int(f"cell {name} {how}")
        if cell.there is not None:
            yield there if cell.there else z3.Not(there)
        if cell.low is not None:
            yield value >= cell.low
        if cell.high is not None:
            yield value <= cell.high
        if cell.among is not None:
            yield z3.Or([value == (LITERALS.number(v) if isinstance(v, str) else int(v))
                         for v in sorted(cell.among, key=str)])


def _flag(number: int) -> z3.BoolRef:
    return z3.Bool(f"part {number}")


def _first(mask: int, count: int) -> list[int]:
    return list(islice(numbers_in(mask), count))
