"""The engine of durable-rules. In: a plan and records. Out: verdicts, record by record.

Which outcome a rule has is what the engine infers from facts; what goes with it (due day, missing
fields) is worked out from the lowered terms. Anything but one outcome for each rule is an error.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from zhuanjie.engine.backends.base import UNKNOWN
from zhuanjie.engine.backends.durable.facts import refuse_clashes
from zhuanjie.engine.backends.durable.network import STATE_ID, Network, incomplete
from zhuanjie.engine.backends.durable.question import CompiledExpression
from zhuanjie.engine.backends.durable.rules import build
from zhuanjie.engine.backends.record_details import Details
from zhuanjie.engine.backends.record_terms import alone
from zhuanjie.engine.core.dates import to_day
from zhuanjie.engine.core.results import REPORTED, Outcome, Verdict
from zhuanjie.engine.expr.nodes import Expr, param_names
from zhuanjie.engine.lowering.kleene import Kleene
from zhuanjie.engine.lowering.plan import Plan

if TYPE_CHECKING:
    import polars as pl

_KEPT = 64
"""How many single expressions are kept compiled."""


class Judge:
    """What is made of rules of a plan; it holds nothing of the plan, so that both can be let go.
    """

    def __init__(self, plan: Plan, places: Sequence[int]) -> None:
        counts = alone(plan.unique)
        rules = build([plan.rules[at] for at in places], [plan.lowered[at] for at in places],
                      plan.kleene, counts)
        refuse_clashes([*rules.abouts, STATE_ID])
        self._rules = [(at, plan.lowered[at].id) for at in places]
        self._means, self._writers = rules.means, rules.writers
        self._details = Details(plan.lowered, counts)
        self.network = Network(rules.patterns, rules.actions)

    def __call__(self, record: Mapping[str, Any], row: int, all_outcomes: bool) -> list[Verdict]:
        """The verdicts on a record."""
        fired = self.network.run([write(record) for write in self._writers])
        outcomes: dict[int, set[Outcome]] = {}
        for name in fired:
            if name in self._means:
                index, outcome = self._means[name]
                outcomes.setdefault(index, set()).add(outcome)
        out = []
        for index, (at, rule) in enumerate(self._rules):
            found = outcomes.get(index, set())
            if len(found) != 1:
                raise incomplete(rule, len(found))
            (outcome,) = found
            if all_outcomes or outcome in REPORTED:
                out.append(self._details.verdict(at, outcome, record, row))
        return out


class DurableBackend:
    """Judges records by rules that fire on facts."""

    name = "durable"

    def __init__(self) -> None:
        self._plans: WeakKeyDictionary[Plan, Judge] = WeakKeyDictionary()
        self._singles: WeakKeyDictionary[Plan, dict[int, Judge]] = WeakKeyDictionary()

    def judge_record(self, plan: Plan, record: Mapping[str, Any],
                     all_outcomes: bool = False,
                     rules: Sequence[int] | None = None) -> list[Verdict]:
        """See `RecordBackend.judge_record`."""
        if rules is None:
            return self.of(plan)(record, 0, all_outcomes)
        return [v for at in rules for v in self._single(plan, at)(record, 0, all_outcomes)]

    def judge(self, plan: Plan, frame: pl.DataFrame, all_outcomes: bool = False) -> list[Verdict]:
        """See `Backend.judge`."""
        judge = self.of(plan)
        out: list[Verdict] = []
        for row, record in enumerate(frame.iter_rows(named=True)):
            out += judge(record, row, all_outcomes)
        return out

    def of(self, plan: Plan) -> Judge:
        """The judge of a plan; made anew where the one before has failed."""
        made = self._plans.get(plan)
        if made is None or made.network.failed:
            made = self._plans[plan] = Judge(plan, range(len(plan.rules)))
        return made

    def _single(self, plan: Plan, at: int) -> Judge:
        """The judge of one rule: the state of a small network costs little to make and delete."""
        singles = self._singles.setdefault(plan, {})
        made = singles.get(at)
        if made is None or made.network.failed:
            made = singles[at] = Judge(plan, (at,))
        return made

    def truth(self, plan: Plan, expr: Expr, frame: pl.DataFrame) -> list[bool | None]:
        """See `Backend.truth`."""
        ask = _question(expr, plan.today, tuple(plan.params.items()), plan.absent)
        answers = (ask(record) for record in frame.iter_rows(named=True))
        return [None if a is UNKNOWN else a for a in answers]

    def evaluate(self, expr: Expr, record: Mapping[str, Any], as_of: date,
                 params: Mapping[str, int]) -> Any:
        """See `Backend.evaluate`."""
        read = sorted(param_names(expr))
        return _question(expr, to_day(as_of), tuple((n, params[n]) for n in read))(record)


def _question(expr: Expr, today: int, params: tuple[tuple[str, int], ...],
              absent: frozenset[str] = frozenset()) -> CompiledExpression:
    made = _made(expr, today, params, absent)
    if made.failed:
        _made.cache_clear()
        made = _made(expr, today, params, absent)
    return made


@lru_cache(maxsize=_KEPT)
def _made(expr: Expr, today: int, params: tuple[tuple[str, int], ...],
          absent: frozenset[str]) -> CompiledExpression:
    return CompiledExpression(expr, Kleene(today, dict(params), absent))


ENGINE = DurableBackend()
