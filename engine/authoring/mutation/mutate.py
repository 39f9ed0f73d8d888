"""`policy mutate`. In: a policy with cases that pass. Out: the faults that no case notices.

A mutant is killed when a case of its rule comes out otherwise. Of the others the solver says which
mean the same as the rule they come from; the rest survive, each with a record that tells it apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context

from zhuanjie.engine.authoring.diff.case_yaml import Witness, witness
from zhuanjie.engine.authoring.diff.counterexample import Side, cut, find_counterexample
from zhuanjie.engine.authoring.diff.equivalence import TIMEOUT_MS, compare_rules
from zhuanjie.engine.authoring.mutation.faults import Mutant, dated_faults, mutants
from zhuanjie.engine.authoring.mutation.weights import WEIGHTS, with_clause
from zhuanjie.engine.authoring.testing.case_runner import ActualOutcome, differences, is_asked
from zhuanjie.engine.authoring.testing.packs_in_time import (
    PacksInTime,
    clauses_chosen_by_date,
)
from zhuanjie.engine.authoring.testing.prepared_cases import (
    EvaluationContext,
    PreparedCase,
    came_by_date,
    came_weighed,
    scenes,
)
from zhuanjie.engine.authoring.testing.report import own_tasks
from zhuanjie.engine.authoring.verification.scope import scoped
from zhuanjie.engine.backends.smt.encode import some
from zhuanjie.engine.backends.smt.query import Answer, Query
from zhuanjie.engine.backends.smt.rules import Parameters, SymbolicRule
from zhuanjie.engine.core.dates import to_day
from zhuanjie.engine.core.errors import PolicyError, fail
from zhuanjie.engine.core.results import REPORTED, Outcome
from zhuanjie.engine.expr.nodes import field_names
from zhuanjie.engine.policy.policy import Policy, TypedRule

WORTH = 40
"""So many mutants to examine make up for the start of further processes."""


@dataclass(frozen=True, slots=True)
class Survivor:
    """A mutant that no case notices, and a record that would show it (None: none was found)."""

    mutant: Mutant
    witness: Witness | None


@dataclass(frozen=True, slots=True)
class MutationReport:
    """How many faults were tried, noticed, without effect; and those that nobody noticed."""

    mutants: int
    killed: int
    equivalent: int
    survivors: tuple[Survivor, ...]

    @property
    def score(self) -> float:
        """Killed mutants among those that mean something else."""
        real = self.mutants - self.equivalent
        return self.killed / real if real else 1.0


class MutationRunner:
    """A policy, its cases, and what its rules make of them."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.tasks = own_tasks(policy)
        self.scenes = scenes(policy, self.tasks)
        self.rules = {r.id: r for r in policy.rules}
        self.by_rule: dict[str, list[PreparedCase]] = {r: [] for r in self.rules}
        failing = 0
        self.in_time = PacksInTime(policy)
        for scene in self.scenes:
            task = scene.task
            judges = self.in_time.on(task.day, task.case.numbers) if task.by_date else None
            failing += any(differences(task, {
                r.id: found for r in policy.rules
                if is_asked(r, task) and (found := self._came(r.id, scene, judges))}))
            for rule in self.rules:
                if rule in task.expect or (not (task.open or task.by_date)
                                           and is_asked(self.rules[rule], task)):
                    self.by_rule[rule].append(scene)
        if failing:
            raise fail(PolicyError, "author.failing", hint="author.failing.hint",
                       id=policy.id, count=failing)

    def _came(self, rule: str, scene: PreparedCase, judges: Policy | None) -> ActualOutcome | None:
        if judges is not None:
            return came_by_date(rule, scene, judges)
        return came_weighed(self.rules[rule], scene.setting, self.policy)

    def mutants(self) -> Iterator[Mutant]:
        """Every mutant; of the dates that choose a pack where there is something to choose."""
        yield from mutants(self.policy)
        yield from dated_faults(self.policy, clauses_chosen_by_date(self.policy, self.in_time))

    def is_killed_by_cases(self, mutant: Mutant) -> bool:
        """Whether some case notices the mutant."""
        if mutant.fault == "dated-by":
            return self._is_seen_by_date(mutant)
        changed = mutant.apply(self.policy)
        return any(self._notices(scene, rule, changed, revalued=mutant.parameter is not None)
                   for rule in changed.rules if mutant.touches(rule)
                   for scene in self.by_rule[rule.id])

    def _is_seen_by_date(self, mutant: Mutant) -> bool:
        """Whether a case that expects an edition notices that another one judges."""
        assert mutant.clause is not None
        change = with_clause(mutant.name, self.policy.clauses[mutant.name], mutant.clause)
        names = [r.id for r in self.policy.rules if r.clause == mutant.name]
        try:
            self.in_time.changed(change, self.in_time.latest_day, {})
        except PolicyError:
            return True  # the packs in time are refused together
        for scene in self.scenes:
            task = scene.task
            if not task.by_date or not any(n in task.expect for n in names):
                continue
            judges = self.in_time.changed(change, task.day, task.case.numbers)
            if any(differences(task, {n: found for n in names
                                      if (found := came_by_date(n, scene, judges))})):
                return True
        return False

    def _means_the_same_by_date(self, mutant: Mutant) -> bool:
        """Whether the packs in time judge alike whichever date chooses."""
        assert mutant.clause is not None
        change = with_clause(mutant.name, self.policy.clauses[mutant.name], mutant.clause)
        day = self.in_time.latest_day
        old, new = self.in_time.on(day, {}), self.in_time.changed(change, day, {})
        if [r.id for r in old.rules] != [r.id for r in new.rules]:
            return False
        return all(
            compare_rules(was, now, Parameters.of(old), Parameters.of(new),
                          old.vocabulary).verdict == "equal"
            for was, now in zip(old.rules, new.rules, strict=True) if was.when != now.when)

    def _weight_witness(self, mutant: Mutant) -> Witness | None:
        """A case that says what a rule weighs, under which clause, before which act."""
        changed, best = mutant.apply(self.policy), None
        for rule, other in zip(self.policy.rules, changed.rules, strict=True):
            gone = [m for m in rule.rule.moments if m not in other.rule.moments]
            for scene in self.scenes if mutant.touches(rule) else ():
                setting = self._before(scene.setting, gone[0]) if gone else scene.setting
                was = came_weighed(rule, setting, self.policy)
                if scene.task.by_date or was == came_weighed(other, setting, changed):
                    continue
                rank = (rule.id not in scene.task.expect, was.outcome not in REPORTED)
                if best is None or rank < best[0]:
                    best = rank, rule, other, setting
        for rule in self.policy.rules if best is None else ():
            if (under := self._under_row(rule, mutant.name)) is not None:
                best = (True, True), rule, rule, under
        if best is None:
            return None
        _, rule, other, setting = best
        return witness(self.policy, rule, setting, lambda at: came_weighed(other, at, changed),
                       name=f"tells apart {mutant.fault} in {mutant.rule}",
                       reads=rule.fields | field_names(self.policy.scope), chosen=self.tasks,
                       sound=lambda at: came_weighed(rule, at, self.policy))

    def _under_row(self, rule: TypedRule, clause: str) -> EvaluationContext | None:
        """A record that a row of a table, and no other, decides."""
        query = self._row_query(rule, clause)
        if query is None or query.smallest(to_day(self.policy.start)) is not Answer.YES:
            return None
        found = query.found
        return None if found is None else EvaluationContext(
            self.policy.vocabulary, (found.record,) * found.copies, found.today,
            Parameters.of(self.policy).on(found.today))

    def _row_query(self, rule: TypedRule, clause: str) -> Query | None:
        """Whether a finding of a table can stand under the clause of a row; None: it cannot."""
        known = SymbolicRule(scoped(rule, self.policy.scope), Parameters.of(self.policy),
                             self.policy.vocabulary.fields)
        rows = [known.encoder.formula(c) for name, c in known.lowered.clause if name == clause]
        if not rows:
            return None
        told = some(known.outcome(o) for o in (Outcome.VIOLATION, Outcome.SATISFIED))
        return Query([some(rows) & told], TIMEOUT_MS, samples=self.policy.vocabulary.samples)

    def _never_stands_under(self, clause: str) -> bool:
        """Whether it is certain that no finding stands under a clause: other rows hold with it."""
        if any(r.clause == clause for r in self.policy.rules):
            return False
        queries = [self._row_query(r, clause) for r in self.policy.rules if clause in r.clauses]
        return all(q is None or q.check() is Answer.NO for q in queries)

    def _before(self, setting: EvaluationContext, moment: str) -> EvaluationContext:
        sets = self.policy.moments[moment].sets
        record = {sets: setting.today, **setting.record}
        return replace(setting, before=moment, ledger=(record, *setting.ledger[1:]))

    def _notices(self, scene: PreparedCase, rule: TypedRule, changed: Policy, *,
                 revalued: bool) -> bool:
        setting, task = scene.setting, scene.task
        edition = task.expect[rule.id].edition if task.by_date and rule.id in task.expect else None
        if task.by_date and edition != self.policy.id:
            return False  # another pack judges
        if revalued:
            setting = replace(setting, params={**changed.values(task.day), **task.case.numbers})
        found = came_weighed(rule, setting, changed)
        if edition is not None:
            found = replace(found, edition=edition)
        if rule.id not in task.expect and found.outcome not in REPORTED:
            return False
        return any(differences(task, {rule.id: found}))

    def classify(self, mutant: Mutant) -> Survivor | None:
        """A mutant that no case kills: what shows it, or None where it means the same."""
        if mutant.fault == "dated-by" and self._means_the_same_by_date(mutant):
            return None
        if mutant.fault == "binds" and self._never_stands_under(mutant.name):
            return None
        if mutant.fault in WEIGHTS:
            return Survivor(mutant, self._weight_witness(mutant))
        changed = mutant.apply(self.policy)
        unsure = False
        for rule, other in zip(self.policy.rules, changed.rules, strict=True):
            if not mutant.touches(rule):
                continue
            old, new = Side(rule, self.policy), Side(other, changed)
            answer = compare_rules(scoped(rule, self.policy.scope), scoped(other, changed.scope),
                                   Parameters.of(self.policy), Parameters.of(changed),
                                   self.policy.vocabulary,
                                   near=to_day(self.policy.start))
            if answer.verdict == "equal":
                continue
            # What the solver found, else what a search near the cases finds.
            found = cut(old, new, answer) or find_counterexample(
                old, new, [s.setting for s in self.by_rule[rule.id]])
            if found is None:
                unsure = True
                continue
            name = f"tells apart {mutant.fault} in {mutant.rule}"
            reads = rule.fields | other.fields | field_names(self.policy.scope, changed.scope)
            return Survivor(mutant, witness(self.policy, rule, found, new.came, name=name,
                                            reads=reads, chosen=self.tasks))
        return Survivor(mutant, None) if unsure else None


def mutate(policy: Policy, jobs: int = 1) -> MutationReport:
    """Try every mutant. Raises PolicyError where there are no cases, or some of them fail."""
    bench = MutationRunner(policy)
    every = list(bench.mutants())
    alive = [m for m in every if not bench.is_killed_by_cases(m)]
    survivors = [found for found in _examined(bench, alive, jobs) if found is not None]
    killed = len(every) - len(alive)
    return MutationReport(len(every), killed, len(alive) - len(survivors), tuple(survivors))


def _examined(
    bench: MutationRunner, alive: Sequence[Mutant], jobs: int
) -> Iterable[Survivor | None]:
    """The answers on mutants in their order, by several processes where that pays."""
    if jobs < 2 or len(alive) < WORTH:
        yield from map(bench.classify, alive)
        return
    # Fresh processes: engines keep threads and native state that do not survive a fork.
    with ProcessPoolExecutor(jobs, get_context("spawn"), _start, (bench.policy,)) as pool:
        yield from pool.map(_examine, alive, chunksize=4)


_bench: list[MutationRunner] = []


def _start(policy: Policy) -> None:
    _bench.append(MutationRunner(policy))


def _examine(mutant: Mutant) -> Survivor | None:
    return _bench[0].classify(mutant)
