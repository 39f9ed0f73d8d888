"""A policy, its cases, and what mutants come to in them. In: a policy. Out: whether a case notices.

Raises PolicyError where there are no cases, or where some fail as it is.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from zhuanjie.engine.authoring.mutation.cases import MutantCases
from zhuanjie.engine.authoring.mutation.faults import Mutant, dated_faults, mutants
from zhuanjie.engine.authoring.mutation.reach import FaultReach
from zhuanjie.engine.authoring.mutation.weights import with_clause
from zhuanjie.engine.authoring.testing.case_runner import differences, is_asked
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
from zhuanjie.engine.core.errors import PolicyError, fail
from zhuanjie.engine.core.results import REPORTED
from zhuanjie.engine.expr.nodes import field_names
from zhuanjie.engine.policy.policy import Policy, TypedRule


class MutationRunner:
    """A policy, its cases, and what its rules make of them."""

    def __init__(self, policy: Policy, *, sound: bool = False) -> None:
        """`sound` says that no case fails: it was looked at before."""
        self.policy = policy
        self.tasks = own_tasks(policy)
        self.scenes = scenes(policy, self.tasks)
        self.cases = MutantCases(policy, self.scenes)
        self.reach = FaultReach(policy)
        self.in_time = PacksInTime(policy)
        if not sound and (failing := len(self._failing())):
            raise fail(PolicyError, "author.failing", hint="author.failing.hint",
                       id=policy.id, count=failing)

    def mutants(self) -> Iterator[Mutant]:
        """Every mutant; of the dates that choose a pack where there is something to choose."""
        yield from mutants(self.policy)
        yield from dated_faults(self.policy, clauses_chosen_by_date(self.policy, self.in_time))

    def is_killed_by_cases(self, mutant: Mutant) -> bool:
        """Whether some case notices the mutant."""
        if mutant.fault == "dated-by":
            return self._is_seen_by_date(mutant)
        touched = self.reach.of(mutant)
        return any(
            self._notices(scene, mutant, rule, touched.policy)
            for _, rule in touched.pairs for scene in self.cases.naming(rule)
        ) or any(
            self._speaks_besides(mutant, was, rule, touched.policy)
            for was, rule in touched.pairs)

    def _failing(self) -> set[int]:
        """The numbers of the cases that come out otherwise than they expect."""
        failing, numbers = set(), {id(s): n for n, s in enumerate(self.scenes)}
        for scene in self.scenes:
            task = scene.task
            judges = self.in_time.on(task.day, task.case.numbers) if task.by_date else None
            if judges is not None:
                came = {r.id: found for r in self.policy.rules if is_asked(r, task)
                        and (found := came_by_date(r.id, scene, judges))}
            else:
                came = {r.id: came_weighed(r, scene.setting, self.policy)
                        for n in task.expect for r in (self.reach.rule(n),)}
            if any(differences(task, came)):
                failing.add(numbers[id(scene)])
        scope = field_names(self.policy.scope)
        for rule in self.policy.rules:
            for alike in self.cases.besides(rule, rule.fields | scope):
                found = came_weighed(rule, alike[0].setting, self.policy)
                if found.outcome in REPORTED:
                    failing.update(numbers[id(s)] for s in alike)
        return failing

    def _speaks_besides(self, mutant: Mutant, was: TypedRule, rule: TypedRule,
                        changed: Policy) -> bool:
        """Whether a mutant reports something in a case that lets no rule do so unnamed."""
        reads = was.fields | rule.fields | field_names(self.policy.scope, changed.scope)
        return any(
            came_weighed(rule, self._valued(alike[0], mutant, changed), changed).outcome
            in REPORTED for alike in self.cases.besides(rule, reads))

    def _notices(self, scene: PreparedCase, mutant: Mutant, rule: TypedRule,
                 changed: Policy) -> bool:
        """Whether a case that names a rule comes out otherwise."""
        task = scene.task
        edition = task.expect[rule.id].edition if task.by_date else None
        if task.by_date and edition != self.policy.id:
            return False  # another pack judges
        found = came_weighed(rule, self._valued(scene, mutant, changed), changed)
        if edition is not None:
            found = replace(found, edition=edition)
        return any(differences(task, {rule.id: found}))

    def _valued(self, scene: PreparedCase, mutant: Mutant, changed: Policy) -> EvaluationContext:
        """What a case is judged in, with the number that a mutant has."""
        setting, task = scene.setting, scene.task
        if mutant.parameter is None or mutant.name in task.case.numbers:
            return setting
        value = changed.values(task.day, (mutant.name,))
        return replace(setting, params={**setting.params, **value})

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
