"""Which waiver covers a violation of one record. In: a plan, a verdict, a record. Out: a waiver.

What `waiver_cover` says of batches, said of single records, with no frame.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from zhuanjie.engine.backends.reference.backend import as_days
from zhuanjie.engine.backends.reference.evaluator import Evaluator
from zhuanjie.engine.core.results import Outcome, Verdict
from zhuanjie.engine.lowering.plan import Plan
from zhuanjie.engine.waivers.waiver_set import TypedWaiver


class RecordWaivers:
    """What the waivers of a plan cover, record by record."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        fields = plan.fields
        keys = dict.fromkeys((plan.key, *plan.keyed, *plan.policy.vocabulary.keys))
        self._named = [
            {(key, fields[key].compared(name)) for key in keys for name in waiver.entry.named}
            for waiver in plan.waivers.waivers]

    def matching(self, verdict: Verdict, record: Mapping[str, Any]) -> list[int]:
        """The waivers that speak of a violation, by their places, the first before the others."""
        if verdict.outcome is not Outcome.VIOLATION:
            return []
        rule = self._plan.rules[verdict.rule]
        clause = verdict.clause or rule.clause
        if not self._plan.policy.clauses[clause].waivable:
            return []
        return [at for at, waiver in enumerate(self._plan.waivers.waivers)
                if waiver.covers(rule, clause) and self._holds(at, waiver, record)]

    def marked(self, verdict: Verdict, record: Mapping[str, Any],
               beyond: frozenset[str] = frozenset()) -> Verdict:
        """The verdict with its waiver; waivers of the ids `beyond` cover nothing."""
        waivers = self._plan.waivers
        at = next((at for at in self.matching(verdict, record)
                   if waivers.waivers[at].entry.id not in beyond), None)
        if at is None:
            return verdict
        outcome = Outcome.WAIVED if at < waivers.in_force else verdict.outcome
        return replace(verdict, outcome=outcome, waiver=at)

    def _holds(self, at: int, waiver: TypedWaiver, record: Mapping[str, Any]) -> bool:
        if waiver.where is None:
            fields = self._plan.fields
            return any(record.get(key) is not None
                       and fields[key].compared(str(record[key])) == form
                       for key, form in self._named[at])
        plan = self._plan
        evaluator = Evaluator(as_days(dict(record)), plan.today, plan.params, plan.absent)
        return evaluator.trace(waiver.where).value is True
