"""The engine of durable-rules. In: a plan and records. Out: verdicts, record by record.

Which outcome a rule has is what the engine infers from facts; what goes with it (due day, missing
fields) is worked out from the lowered terms. A rule of which the engine shows no outcome must be
undetermined by its own condition: anything but one outcome for each rule is an error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from zhuanjie.engine.backends.base import UNKNOWN
from zhuanjie.engine.backends.durable.facts import Fact, FactWriter
from zhuanjie.engine.backends.durable.kept import rule_texts
from zhuanjie.engine.backends.durable.network import Network, incomplete
from zhuanjie.engine.backends.durable.question import CompiledExpression
from zhuanjie.engine.backends.record_details import Details
from zhuanjie.engine.backends.record_terms import alone, compiled
from zhuanjie.engine.core.dates import to_day
from zhuanjie.engine.core.results import REPORTED, Outcome, Verdict
from zhuanjie.engine.expr.nodes import Expr, param_names
from zhuanjie.engine.lowering.kleene import Kleene
from zhuanjie.engine.lowering.plan import Plan
from zhuanjie.engine.lowering.rules import LoweredRule

if TYPE_CHECKING:
    import polars as pl

_KEPT = 64
"""How many single expressions are kept compiled."""


class Judge:
    """What is made of rules of a plan; it holds nothing of the plan, so that both can be let go."""

    def __init__(self, plan: Plan, places: range | tuple[int, ...]) -> None:
        counts = alone(plan.unique)
        texts = rule_texts(plan, places)
        self._rules = [(at, plan.lowered[at]) for at in places]
        self._means, self._alone = texts.means, counts
        self._writers = [FactWriter(keys, counts) for keys in texts.fact_keys()]
        self._details = Details(plan.lowered, counts)
        self._undetermined: dict[int, Callable[[Mapping[str, Any]], tuple[Any, ...]]] = {}
        self.network = Network(texts.definition, {
            name: partial(_say, fact) for name, fact in texts.says.items()})

    def __call__(self, record: Mapping[str, Any], row: int, all_outcomes: bool) -> list[Verdict]:
        """The verdicts on a record."""
        means = self._means
        shown: dict[int, Outcome] = {}
        for name in self.network.run([write(record) for write in self._writers]):
            if name in means:
                index, outcome = means[name]
                if shown.setdefault(index, outcome) is not outcome:
                    raise incomplete(self._rules[index][1].id, 2)
        out = []
        for index, (at, lowered) in enumerate(self._rules):
            found = shown.get(index)
            if found is None:
                if not self._is_undetermined(at, lowered, record):
                    raise incomplete(lowered.id, 0)
                found = Outcome.UNDETERMINED
            if all_outcomes or found in REPORTED:
                out.append(self._details.verdict(at, found, record, row))
        return out

    def _is_undetermined(self, at: int, lowered: LoweredRule, record: Mapping[str, Any]) -> bool:
        """Whether the evidence that a rule needs is missing indeed."""
        ask = self._undetermined.get(at)
        if ask is None:
            ask = self._undetermined[at] = compiled([lowered.undetermined], self._alone)
        return ask(record)[0] is True


def _say(fact: Fact, _firing: str) -> tuple[Fact, ...]:
    """The action of a row: it asserts what the row says."""
    return (fact,)


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
