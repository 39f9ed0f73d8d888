"""The reference engine. In: a plan and records. Out: verdicts, record by record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from zhuanjie.engine.backends.base import UNKNOWN
from zhuanjie.engine.backends.reference.evaluator import Evaluator
from zhuanjie.engine.backends.reference.rules import judge
from zhuanjie.engine.core.dates import to_day
from zhuanjie.engine.core.results import REPORTED, Verdict
from zhuanjie.engine.expr.nodes import Expr, FieldRef
from zhuanjie.engine.lowering.plan import Plan
from zhuanjie.engine.policy.policy import TypedRule

if TYPE_CHECKING:
    import polars as pl


def as_days(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record as evaluators take it: blanks left out, dates as day numbers."""
    return {
        name: to_day(value) if isinstance(value, date) else value
        for name, value in record.items()
        if value is not None
    }


class ReferenceBackend:
    """Judges by `evaluator` and `rules`; slow, plain, and what every other engine is held to."""

    name = "reference"

    def judge(self, plan: Plan, frame: pl.DataFrame, all_outcomes: bool = False) -> list[Verdict]:
        """See `Backend.judge`."""
        out: list[Verdict] = []
        for row, record in enumerate(frame.iter_rows(named=True)):
            out += _judge(plan, record, row, all_outcomes)
        return out

    def judge_record(self, plan: Plan, record: Mapping[str, Any],
                     all_outcomes: bool = False,
                     rules: Sequence[int] | None = None) -> list[Verdict]:
        """See `RecordBackend.judge_record`."""
        return _judge(plan, record, 0, all_outcomes, rules)

    def truth(self, plan: Plan, expr: Expr, frame: pl.DataFrame) -> list[bool | None]:
        """See `Backend.truth`."""
        values = (
            Evaluator(as_days(record), plan.today, plan.params, plan.absent).trace(expr).value
            for record in frame.iter_rows(named=True)
        )
        return [None if v is UNKNOWN else v for v in values]

    def evaluate(self, expr: Expr, record: Mapping[str, Any], as_of: date,
                 params: Mapping[str, int]) -> Any:
        """See `Backend.evaluate`."""
        return Evaluator(as_days(record), to_day(as_of), params).trace(expr).value


def _judge(plan: Plan, record: Mapping[str, Any], row: int, all_outcomes: bool,
           rules: Sequence[int] | None = None) -> list[Verdict]:
    evaluator = Evaluator(as_days(record), plan.today, plan.params, plan.absent)
    sort = plan.fields.sort
    out = []
    for index in range(len(plan.rules)) if rules is None else rules:
        rule = plan.rules[index]
        found = judge(rule, evaluator)
        if found.missing and found.missing <= plan.absent and not _is_listed(plan, rule):
            continue  # nobody could judge it here
        if all_outcomes or found.outcome in REPORTED:
            out.append(Verdict(row, index, found.outcome, found.clause, found.due, found.late,
                               sort(found.missing)))
    return out


def _is_listed(plan: Plan, rule: TypedRule) -> bool:
    """Whether what is not judged here is reported: what hangs on counts always is."""
    counted = isinstance(rule.key, FieldRef) and rule.key.name not in plan.absent
    return plan.lists_all or counted


ENGINE = ReferenceBackend()
