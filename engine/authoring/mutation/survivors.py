"""Mutants that no case notices. In: a mutant. Out: a record that shows it, or that none does.

The solver says which mean the same as the rule they come from, and finds records for the rest.
What it said is kept by what was asked, and asked no more.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from zhuanjie.engine.authoring.diff.case_yaml import CaseWriter, Witness
from zhuanjie.engine.authoring.diff.counterexample import Side, cut, find_counterexample
from zhuanjie.engine.authoring.diff.equivalence import TIMEOUT_MS, compare_rules
from zhuanjie.engine.authoring.mutation.bench import MutationRunner
from zhuanjie.engine.authoring.mutation.faults import Mutant
from zhuanjie.engine.authoring.mutation.kept_witnesses import EQUAL, KeptWitnesses
from zhuanjie.engine.authoring.mutation.weights import WEIGHTS, with_clause
from zhuanjie.engine.authoring.testing.prepared_cases import (
    EvaluationContext,
    PreparedCase,
    came_weighed,
)
from zhuanjie.engine.authoring.verification.scope import scoped
from zhuanjie.engine.backends.smt.encode import some
from zhuanjie.engine.backends.smt.query import Answer, Query
from zhuanjie.engine.backends.smt.rules import Parameters, SymbolicRule
from zhuanjie.engine.core.dates import to_day
from zhuanjie.engine.core.results import REPORTED, Outcome
from zhuanjie.engine.expr.nodes import field_names, param_names
from zhuanjie.engine.policy.policy import TypedRule


class Survivor(Struct, frozen=True):
    """A mutant that no case notices, and a record that would show it (None: none was found)."""

    mutant: Mutant
    witness: Witness | None


class Survivors:
    """What becomes of mutants that no case of a policy kills."""

    def __init__(self, bench: MutationRunner, kept: KeptWitnesses) -> None:
        self.bench, self.policy, self.kept = bench, bench.policy, kept
        self._writer = CaseWriter(bench.policy, bench.tasks)
        self._near = to_day(self.policy.start)
        self._last: tuple[TypedRule, SymbolicRule] | None = None

    def classify(self, mutant: Mutant) -> Survivor | None:
        """A mutant that no case kills: what shows it, or None where it means the same."""
        if mutant.fault == "dated-by" and self._means_the_same_by_date(mutant):
            return None
        if mutant.fault == "binds" and self._never_stands_under(mutant.name):
            return None
        if mutant.fault in WEIGHTS:
            return Survivor(mutant, self._weight_witness(mutant))
        touched = self.bench.reach.of(mutant)
        unsure = False
        for rule, other in touched.pairs:
            old, new = Side(rule, self.policy), Side(other, touched.policy)
            found = self._told_apart(old, new)
            if isinstance(found, str):
                continue  # they are equal
            if found is None:
                unsure = True
                continue
            name = f"tells apart {mutant.fault} in {mutant.rule}"
            reads = rule.fields | other.fields | field_names(self.policy.scope,
                                                             touched.policy.scope)
            return Survivor(mutant, self._writer.witness(rule, found, new.came, name=name,
                                                         reads=reads))
        return Survivor(mutant, None) if unsure else None

    def _told_apart(self, old: Side, new: Side) -> EvaluationContext | str | None:
        """What tells two rules apart, or that they are equal; None where neither is known."""
        key = self.kept.key(old, new)
        known = self.kept.answer(key, old, new)
        if known is not None:
            return known
        names = old.params
        was = scoped(old.rule, old.policy.scope)
        if self._last is None or self._last[0] is not old.rule:
            params = Parameters.of(self.policy, names)
            self._last = old.rule, SymbolicRule(was, params, self.policy.vocabulary.fields)
        answer = compare_rules(
            was, scoped(new.rule, new.policy.scope), Parameters.of(self.policy, names),
            Parameters.of(new.policy, new.params), self.policy.vocabulary, near=self._near,
            encoded=self._last[1])
        if answer.verdict == "equal":
            self.kept.note(key, EQUAL)
            return EQUAL
        # What the solver found, else what a search near the cases finds.
        found = cut(old, new, answer)
        if found is not None:
            self.kept.note(key, found)
            return found
        seeds = [s.setting for s in self.bench.cases.asking(old.rule)]
        return find_counterexample(old, new, seeds)

    def _means_the_same_by_date(self, mutant: Mutant) -> bool:
        """Whether the packs in time judge alike whichever date chooses."""
        assert mutant.clause is not None
        change = with_clause(mutant.name, self.policy.clauses[mutant.name], mutant.clause)
        in_time = self.bench.in_time
        day = in_time.latest_day
        old, new = in_time.on(day, {}), in_time.changed(change, day, {})
        if [r.id for r in old.rules] != [r.id for r in new.rules]:
            return False
        return all(
            compare_rules(was, now, Parameters.of(old), Parameters.of(new),
                          old.vocabulary).verdict == "equal"
            for was, now in zip(old.rules, new.rules, strict=True) if was.when != now.when)

    def _weight_witness(self, mutant: Mutant) -> Witness | None:
        """A case that says what a rule weighs, under which clause, before which act."""
        touched, best = self.bench.reach.of(mutant), None
        for named in (True, False):
            for rule, other in touched.pairs:
                gone = [m for m in rule.rule.moments if m not in other.rule.moments]
                for scene in self._scenes(rule, named=named):
                    setting = self._before(scene.setting, gone[0]) if gone else scene.setting
                    was = came_weighed(rule, setting, self.policy)
                    if was == came_weighed(other, setting, touched.policy):
                        continue
                    silent = was.outcome not in REPORTED
                    if best is None or silent < best[0]:
                        best = silent, rule, other, setting
                    if not silent:
                        break
            if best is not None:
                break
        users = sorted(self.bench.reach.users("clause", mutant.name))
        for n in users if best is None else ():
            rule = self.policy.rules[n]
            if (under := self._under_row(rule, mutant.name)) is not None:
                best = True, rule, rule, under
        if best is None:
            return None
        _, rule, other, setting = best
        return self._writer.witness(
            rule, setting, lambda at: came_weighed(other, at, touched.policy),
            name=f"tells apart {mutant.fault} in {mutant.rule}",
            reads=rule.fields | field_names(self.policy.scope),
            sound=lambda at: came_weighed(rule, at, self.policy))

    def _scenes(self, rule: TypedRule, *, named: bool) -> Iterator[PreparedCase]:
        """The cases that name a rule, or those that do not, as the pack itself judges them."""
        for scene in self.bench.cases.naming(rule) if named else self.bench.scenes:
            if not scene.task.by_date and (named or rule.id not in scene.task.expect):
                yield scene

    def _under_row(self, rule: TypedRule, clause: str) -> EvaluationContext | None:
        """A record that a row of a table, and no other, decides."""
        query = self._row_query(rule, clause)
        if query is None or query.smallest(self._near) is not Answer.YES:
            return None
        found = query.found
        return None if found is None else EvaluationContext(
            self.policy.vocabulary, (found.record,) * found.copies, found.today,
            self._params(rule).on(found.today))

    def _params(self, rule: TypedRule) -> Parameters:
        return Parameters.of(self.policy, rule.params | param_names(self.policy.scope))

    def _row_query(self, rule: TypedRule, clause: str) -> Query | None:
        """Whether a finding of a table can stand under the clause of a row; None: it cannot."""
        known = SymbolicRule(scoped(rule, self.policy.scope), self._params(rule),
                             self.policy.vocabulary.fields)
        rows = [known.encoder.formula(c) for name, c in known.lowered.clause if name == clause]
        if not rows:
            return None
        told = some(known.outcome(o) for o in (Outcome.VIOLATION, Outcome.SATISFIED))
        return Query([some(rows) & told], TIMEOUT_MS, samples=self.policy.vocabulary.samples)

    def _never_stands_under(self, clause: str) -> bool:
        """Whether it is certain that no finding stands under a clause: other rows hold with it."""
        users = [self.policy.rules[n] for n in sorted(self.bench.reach.users("clause", clause))]
        if any(r.clause == clause for r in users):
            return False
        queries = [self._row_query(r, clause) for r in users]
        return all(q is None or q.check() is Answer.NO for q in queries)

    def _before(self, setting: EvaluationContext, moment: str) -> EvaluationContext:
        sets = self.policy.moments[moment].sets
        record = {sets: setting.today, **setting.record}
        return replace(setting, before=moment, ledger=(record, *setting.ledger[1:]))
