"""What goes with an outcome. In: lowered rules and a record. Out: verdicts.

Due days, days late, missing fields and clauses are worked out only for the rules that an engine
asks about; their functions are made when first needed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import compress
from typing import Any

from zhuanjie.engine.backends.record_terms import NOTHING, compiled
from zhuanjie.engine.core.results import DUE_OUTCOMES, Outcome, Verdict
from zhuanjie.engine.expr.types import Kind
from zhuanjie.engine.lowering.conditions import missing
from zhuanjie.engine.lowering.rules import LoweredRule

_NO_DAY = missing(Kind.DATE)
_NO_LENGTH = missing(Kind.DURATION)

Ask = Callable[[Mapping[str, Any]], tuple[Any, ...]]


class Details:
    """Makes verdicts of a plan's rules; `alone` presets the counts of `unique` rules."""

    def __init__(self, lowered: Sequence[LoweredRule], alone: Mapping[str, int]) -> None:
        self._lowered = lowered
        self._alone = alone
        self._made: dict[tuple[int, str], Ask] = {}

    def verdict(self, rule: int, outcome: Outcome, record: Mapping[str, Any],
                row: int = 0) -> Verdict:
        """The verdict that the rule at place `rule` came out as `outcome` for `record`."""
        lowered = self._lowered[rule]
        clause = due = late = None
        blank: tuple[str, ...] = ()
        if lowered.clause and outcome is not Outcome.NOT_APPLICABLE:
            clause = next(compress((c for c, _ in lowered.clause),
                                   self._ask(rule, "clause", record)), None)
        if lowered.due is not None and outcome in DUE_OUTCOMES:
            due, late = self._ask(rule, "due", record)
        if lowered.missing and outcome is Outcome.UNDETERMINED:
            blank = tuple(compress((f for f, _ in lowered.missing),
                                   self._ask(rule, "missing", record)))
        return Verdict(row, rule, outcome, clause, due,
                       late if outcome is Outcome.VIOLATION else None, blank)

    def _ask(self, rule: int, what: str, record: Mapping[str, Any]) -> tuple[Any, ...]:
        ask = self._made.get((rule, what))
        if ask is None:
            ask = self._made[rule, what] = self._make(self._lowered[rule], what)
        return ask(record)

    def _make(self, rule: LoweredRule, what: str) -> Ask:
        if what == "clause":
            return compiled([cond for _, cond in rule.clause], self._alone)
        if what == "missing":
            return compiled([cond for _, cond in rule.missing], self._alone,
                            NOTHING.given(rule.undetermined))
        return compiled([rule.due or _NO_DAY, rule.late or _NO_LENGTH], self._alone)
