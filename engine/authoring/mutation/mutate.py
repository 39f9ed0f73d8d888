"""`policy mutate`. In: a policy with cases that pass. Out: the faults that no case notices.

A mutant is killed when a case of its rule comes out otherwise. Of the others the solver says which
mean the same as the rule they come from; the rest survive, each with a record that tells it apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context

from zhuanjie.engine.authoring.diff.case_yaml import Witness, witness
from zhuanjie.engine.authoring.diff.counterexample import Side, cut, find_counterexample
from zhuanjie.engine.authoring.diff.equivalence import compare_rules
from zhuanjie.engine.authoring.mutation.faults import Mutant, mutants
from zhuanjie.engine.authoring.testing.case_runner import differences, is_asked
from zhuanjie.engine.authoring.testing.prepared_cases import PreparedCase, came, scenes
from zhuanjie.engine.authoring.testing.report import own_tasks
from zhuanjie.engine.authoring.verification.scope import scoped
from zhuanjie.engine.backends.smt.rules import Parameters
from zhuanjie.engine.core.dates import to_day
from zhuanjie.engine.core.errors import PolicyError, fail
from zhuanjie.engine.core.results import REPORTED
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
        for scene in self.scenes:
            found = {r.id: came(r, scene.setting, policy.scope) for r in policy.rules
                     if is_asked(r, scene.task)}
            failing += any(differences(scene.task, found))
            for rule in self.rules:
                if rule in scene.task.expect or (
                        not scene.task.open and is_asked(self.rules[rule], scene.task)):
                    self.by_rule[rule].append(scene)
        if failing:
            raise fail(PolicyError, "author.failing", hint="author.failing.hint",
                       id=policy.id, count=failing)

    def is_killed_by_cases(self, mutant: Mutant) -> bool:
        """Whether some case notices the mutant."""
        changed = mutant.apply(self.policy)
        return any(self._notices(scene, rule, changed, revalued=mutant.parameter is not None)
                   for rule in changed.rules if mutant.touches(rule)
                   for scene in self.by_rule[rule.id])

    @staticmethod
    def _notices(scene: PreparedCase, rule: TypedRule, changed: Policy, *, revalued: bool) -> bool:
        setting, task = scene.setting, scene.task
        if revalued:
            setting = replace(setting, params={**changed.values(task.day), **task.case.numbers})
        found = came(rule, setting, changed.scope)
        if rule.id not in task.expect and found.outcome not in REPORTED:
            return False
        return any(differences(task, {rule.id: found}))

    def classify(self, mutant: Mutant) -> Survivor | None:
        """A mutant that no case kills: what shows it, or None where it means the same."""
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
    every = list(mutants(policy))
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
