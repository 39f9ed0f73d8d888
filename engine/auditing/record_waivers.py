"""Which waiver covers a violation of one record. In: a plan, a verdict, a record. Out: a waiver.

What `waiver_cover` says of batches, said of single records, with no frame.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from zhuanjie.engine.core.results import Outcome, Verdict
from zhuanjie.engine.lowering.plan import Plan
from zhuanjie.engine.waivers.waiver_set import TypedWaiver


class RecordWaivers:
    """What the waivers of a plan cover, record by record."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        fields = plan.fields
        keys = dict.fromkeys((plan.key, *plan.keyed, *plan.policy.vocabulary.keys))
        waivers = plan.waivers.waivers
        self._conditions = [at for at, waiver in enumerate(waivers) if waiver.where is not None]
        self._named: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
        """The waivers that name a record, by the key and the form in which it is compared."""
        for at, waiver in enumerate(waivers):
            for name in waiver.entry.named:
                for key in keys:
                    self._named[key, fields[key].compared(name)].append(at)
        self._keys = tuple(keys)

    def matching(self, verdict: Verdict, record: Mapping[str, Any]) -> list[int]:
        """The waivers that speak of a violation, by their places, the first before the others."""
        if verdict.outcome is not Outcome.VIOLATION:
            return []
        rule = self._plan.rules[verdict.rule]
        clause = verdict.clause or rule.clause
        if not self._plan.policy.clauses[clause].waivable:
            return []
        waivers, fields = self._plan.waivers.waivers, self._plan.fields
        named = {at for key in self._keys if (value := record.get(key)) is not None
                 for at in self._named.get((key, fields[key].compared(str(value))), ())}
        return sorted(
            [at for at in named if waivers[at].covers(rule, clause)]
            + [at for at in self._conditions
               if waivers[at].covers(rule, clause) and self._holds(waivers[at], record)])

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

    def _holds(self, waiver: TypedWaiver, record: Mapping[str, Any]) -> bool:
        # Imported late: few waivers have conditions.
        from zhuanjie.engine.backends.reference.backend import as_days
        from zhuanjie.engine.backends.reference.evaluator import Evaluator

        assert waiver.where is not None
        plan = self._plan
        evaluator = Evaluator(as_days(dict(record)), plan.today, plan.params, plan.absent)
        return evaluator.trace(waiver.where).value is True
