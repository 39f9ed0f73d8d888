"""Questions about every record, answered by the solver and checked. In: a policy. Out: answers.

An answer is a record on which the reference evaluator itself shows what was asked for, or the
solver's proof that there is none. A record the evaluator does not agree with makes the answer
unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from time import monotonic
from typing import Any, Final

from msgspec import Struct, field

from zhuanjie.engine.authoring.diff.case_yaml import as_values
from zhuanjie.engine.authoring.testing.prepared_cases import EvaluationContext, judged
from zhuanjie.engine.authoring.verification.kept_answers import NONE, KeptAnswers
from zhuanjie.engine.backends.reference.evaluator import Evaluator
from zhuanjie.engine.backends.reference.rules import Judgement
from zhuanjie.engine.backends.smt.encode import AS_OF, LITERALS, Encoder, Formula
from zhuanjie.engine.backends.smt.facts import DAYS
from zhuanjie.engine.backends.smt.query import Answer, Query, Situation
from zhuanjie.engine.backends.smt.rules import Parameters, SymbolicRule, kleene_of
from zhuanjie.engine.core.dates import from_day, to_day
from zhuanjie.engine.core.results import Outcome
from zhuanjie.engine.expr.nodes import Expr, Lit, walk
from zhuanjie.engine.expr.types import Kind
from zhuanjie.engine.lowering.conditions import Value, all_of, compare
from zhuanjie.engine.policy.policy import Policy, TypedRule

_REMEMBERED: Final = 48
"""Of so many records that were met last it is seen whether one answers a question."""

About = tuple[str, ...]
"""What a question asks, and the ids of the rules that it asks it of."""

Stretch = tuple[int, int]
"""First and last day, both counted."""


class Scenario(Struct, eq=False):
    """A record on a day, with what the reference evaluator makes of it."""

    setting: EvaluationContext
    scope: Expr | None
    _known: dict[str, Judgement] = field(default_factory=dict)

    @property
    def record(self) -> dict[str, Any]:
        """The record, its days as dates."""
        return as_values(self.setting.record, self.setting.vocabulary.fields)

    @property
    def day(self) -> date:
        """The as-of day."""
        return from_day(self.setting.today)

    def judgement(self, rule: TypedRule) -> Judgement:
        """How a rule comes out."""
        if rule.id not in self._known:
            self._known[rule.id] = judged(rule, self.setting, self.scope)
        return self._known[rule.id]

    def outcome(self, rule: TypedRule) -> Outcome:
        """The outcome of a rule."""
        return self.judgement(rule).outcome

    def violates(self, rule: TypedRule) -> bool:
        """Whether a rule is violated."""
        return self.outcome(rule) is Outcome.VIOLATION

    def value(self, expr: Expr) -> Any:
        """What an expression comes to, or `UNKNOWN`."""
        setting = self.setting
        return Evaluator(setting.record, setting.today, setting.params).trace(expr).value

    def applies(self, rule: TypedRule) -> bool:
        """Whether a rule definitely applies."""
        if self.scope is not None and self.value(self.scope) is False:
            return False
        return rule.when is None or self.value(rule.when) is True

    def put(self, name: str, value: Any) -> Scenario:
        """The same with another value of one field."""
        record = {**self.setting.record, name: value}
        ledger = (record,) * len(self.setting.ledger)
        return Scenario(
            EvaluationContext(
                self.setting.vocabulary, ledger, self.setting.today, self.setting.params
            ),
            self.scope,
        )


Shown = Callable[[Scenario], bool]


class Proof(Struct, frozen=True):
    """Whether there is such a record, and one."""

    answer: Answer
    scenario: Scenario | None = None

    @property
    def none(self) -> bool:
        """Proved that there is none."""
        return self.answer is Answer.NO

    @property
    def unknown(self) -> bool:
        """Neither found nor excluded."""
        return self.answer is Answer.UNKNOWN


class OutOfTime(Exception):
    """The time that was given to prove something is over."""


class Prover:
    """Asks about the rules of one policy, and remembers the records it has met."""

    def __init__(self, policy: Policy, timeout_ms: int, kept: KeptAnswers | None = None,
                 until: float | None = None) -> None:
        """`kept` are answers of earlier calls; no question is asked after the time `until`."""
        self.policy, self.timeout_ms = policy, timeout_ms
        self.kept, self.until = kept, until
        _number_texts(policy)
        self.params = Parameters.of(policy)
        self.kleene = kleene_of(self.params)
        fields = policy.vocabulary.fields
        self.encoder = Encoder(fields)
        self.rules = tuple(SymbolicRule(r, self.params, fields, self.kleene)
                           for r in policy.rules if not r.on_whole_ledger)
        self.within = ([] if policy.scope is None
                       else [self.encoder.formula(self.kleene.may_be_true(policy.scope))])
        self.near = to_day(policy.start)
        self.met: list[Scenario] = []
        self.period: Stretch | None = None
        self._values: dict[int, Mapping[str, int]] = {}
        self.known: dict[Hashable, Proof] = {}

    def periods(self) -> list[Stretch]:
        """The stretches, while the policy is in force, in which no parameter changes."""
        held = self.policy.manifest.in_force
        first = DAYS[0] if held.start is None else max(DAYS[0], to_day(held.start))
        last = DAYS[1] if held.end is None else min(DAYS[1], to_day(held.end))
        steps = {start for steps in self.params.steps.values() for start, _ in steps[1:]}
        starts = [first, *sorted(s for s in steps if first < s <= last)]
        return list(zip(starts, [*(s - 1 for s in starts[1:]), last], strict=True))

    @contextmanager
    def during(self, period: Stretch) -> Iterator[None]:
        """Ask about the days of a stretch only."""
        kept, kept_near = self.within, self.near
        first, last = (Value(day, Kind.DATE) for day in period)
        self.within = [*kept, self.encoder.formula(all_of((
            compare(">=", AS_OF, first), compare("<=", AS_OF, last))))]
        self.near, self.period = min(max(kept_near, period[0]), period[1]), period
        try:
            yield
        finally:
            self.within, self.near, self.period = kept, kept_near, None

    def met_here(self) -> list[Scenario]:
        """The records met so far, on days that are asked about."""
        first, last = self.period or DAYS
        return [s for s in self.met if first <= s.setting.today <= last]

    def find(self, wanted: Iterable[Formula], shown: Shown, about: About = ()) -> Proof:
        """Some record of which all of `wanted` holds; `shown` says the same of one record.

        `about` names the question, where it may be asked again: of which rules, and what.
        """
        known = self.recall("find", about, shown)
        if known is not None:
            return known
        first, last = self.period or DAYS
        for scenario in self.met[:-_REMEMBERED:-1]:
            if first <= scenario.setting.today <= last and shown(scenario):
                return self.answered("find", about, Proof(Answer.YES, scenario))
        query = self.query(wanted)
        return self.answered("find", about, self.checked(query.check(), query, shown))

    def smallest(self, wanted: Iterable[Formula], shown: Shown, about: About = ()) -> Proof:
        """The smallest such record."""
        known = self.recall("smallest", about, shown)
        if known is not None:
            return known
        query = self.query(wanted)
        return self.answered("smallest", about,
                              self.checked(query.smallest(self.near), query, shown))

    def recall(self, how: str, about: About, shown: Shown) -> Proof | None:
        """The answer to a question that was asked before, by this prover or an earlier one.

        A record that was kept counts only if the reference evaluator bears it out once more.
        Raises OutOfTime where the time that was given is over.
        """
        if self.until is not None and monotonic() > self.until:
            raise OutOfTime
        if not about:
            return None
        known = self.known.get((how, self.period, about))
        if known is None and self.kept is not None:
            found = self.kept.answer(how, self.period, about)
            if found == NONE:
                known = Proof(Answer.NO)
            elif isinstance(found, Situation):
                scenario = self.scenario(found)
                if shown(scenario):
                    self.met.append(scenario)
                    known = Proof(Answer.YES, scenario)
        if known is not None:
            self.known[how, self.period, about] = known
            self._keep(how, about, known)
        return known

    def answered(self, how: str, about: About, proof: Proof) -> Proof:
        """The same proof, remembered."""
        if about:
            self.known[how, self.period, about] = proof
            self._keep(how, about, proof)
        return proof

    def _keep(self, how: str, about: About, proof: Proof) -> None:
        if self.kept is None or proof.unknown:
            return
        setting = None if proof.scenario is None else proof.scenario.setting
        self.kept.note(how, self.period, about, NONE if setting is None else Situation(
            setting.record, setting.today, len(setting.ledger)))

    def core(self, wanted: Sequence[Formula], parts: Mapping[str, Formula]) -> list[str] | None:
        """A least set of `parts` that cannot all hold with `wanted`; None where that is not known.

        All of them together are known not to.
        """
        query = self.query(wanted, parts.values())
        kept = query.core({name: f.expr for name, f in parts.items()})
        for name in list(kept):
            fewer = [n for n in kept if n != name]
            answer = self.query([*wanted, *(parts[n] for n in fewer)]).check()
            if answer is Answer.NO:
                kept = fewer
        answer = self.query([*wanted, *(parts[n] for n in kept)]).check()
        return kept if answer is Answer.NO else None

    def clash(self, wanted: Sequence[Formula], parts: Mapping[str, Formula]) -> list[str]:
        """Some of `parts` that cannot all hold with `wanted`, found in one go; never none."""
        return self.query(wanted, parts.values()).core({n: f.expr for n, f in parts.items()})

    def query(self, wanted: Iterable[Formula], besides: Iterable[Formula] = ()) -> Query:
        """A solver that claims `wanted`, and can be asked of `besides`."""
        return Query([*self.within, *wanted], self.timeout_ms, besides,
                     self.policy.vocabulary.samples)

    def checked(self, answer: Answer, query: Query, shown: Shown) -> Proof:
        """The solver's answer, if the reference evaluator bears it out."""
        if answer is not Answer.YES or query.found is None:
            return Proof(answer)
        scenario = self.scenario(query.found)
        if not shown(scenario):
            return Proof(Answer.UNKNOWN)
        self.met.append(scenario)
        return Proof(answer, scenario)

    def _params_on(self, day: int) -> Mapping[str, int]:
        if day not in self._values:
            self._values[day] = self.params.on(day)
        return self._values[day]

    def scenario(self, found: Situation) -> Scenario:
        """What the solver found, ready to be judged."""
        setting = EvaluationContext(
            self.policy.vocabulary, (found.record,) * found.copies, found.today,
                          self._params_on(found.today))
        return Scenario(setting, self.policy.scope)


def _number_texts(policy: Policy) -> None:
    """Give texts their numbers in the policy's order, so that every process finds the same."""
    exprs = [e for r in policy.rules for e in r.expressions().values()]
    for expr in exprs if policy.scope is None else [policy.scope, *exprs]:
        for node in walk(expr):
            if isinstance(node, Lit) and isinstance(node.value, str):
                LITERALS.number(node.value)
