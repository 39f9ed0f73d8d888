"""A policy made ready to judge. In: a policy, an as-of day, parameter values. Out: a plan.

A plan is what every engine runs. It holds the typed rules (for the reference evaluator and for
explanations) and the lowered ones (for every other engine) side by side.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from zhuanjie.engine.core.dates import to_day
from zhuanjie.engine.core.errors import UsageError, fail
from zhuanjie.engine.expr.types import RECORD_DAYS
from zhuanjie.engine.lowering.kleene import Kleene
from zhuanjie.engine.lowering.rules import LoweredRule, lower
from zhuanjie.engine.policy.policy import Policy, TypedRule
from zhuanjie.engine.vocabulary.fields import FieldTable


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Plan:
    """The rules that judge records one by one, typed and lowered, for one day.

    `rules` and `lowered` run in parallel; `whole` are the rules that look at the ledger as a whole
    and not at records (`reconcile`). `assumed` are fields that count as filled with the as-of day
    where they are blank: the act that is about to happen.
    """

    policy: Policy
    as_of: date
    today: int
    params: Mapping[str, int]
    rules: tuple[TypedRule, ...]
    lowered: tuple[LoweredRule, ...]
    whole: tuple[TypedRule, ...]
    assumed: tuple[str, ...] = ()

    @property
    def fields(self) -> FieldTable:
        """The fields of the policy's vocabulary."""
        return self.policy.vocabulary.fields

    @property
    def key(self) -> str:
        """The field that names a record."""
        return self.policy.vocabulary.key

    @property
    def needs(self) -> tuple[str, ...]:
        """The fields that judging reads, and the key, in the order of the vocabulary."""
        return self.fields.sort(self.policy.fields | {self.key})

    @property
    def unique(self) -> tuple[TypedRule, ...]:
        """The rules that need counts over the whole ledger before records are judged."""
        return tuple(r for r in self.rules if r.shape == "unique")

    def applies_to(self, rule: int, record: Mapping[str, Any]) -> bool:
        """Whether the rule at `rule` judges `record`, and no other edition of it."""
        edition = self.rules[rule].edition
        return edition is None or edition.applies_to(record, self.as_of)


def make_plan(policy: Policy, as_of: date, before: str | None = None) -> Plan:
    """Lower every rule of `policy` for `as_of` and the parameter values in force then.

    `before` names one of the policy's moments: only the rules asked then are kept, and the act is
    taken to be done on `as_of`. Raises UsageError for a moment that there is not.
    """
    if policy.timeline is not None:
        policy = policy.timeline.on(as_of)
    assumed: tuple[str, ...] = ()
    if before is not None:
        if before not in policy.moments:
            raise fail(UsageError, "policy.unknown-moment", hint="hint.known", name=before,
                       known=", ".join(policy.moments))
        assumed = (policy.moments[before].sets,)
        policy = policy.at(before)
    if not RECORD_DAYS[0] <= to_day(as_of) <= RECORD_DAYS[1]:
        raise fail(UsageError, "policy.as-of", day=as_of.isoformat())
    params = policy.values(as_of)
    today = to_day(as_of)
    kleene = Kleene(today, params)
    order = tuple(f.name for f in policy.vocabulary.fields)
    rules = tuple(r for r in policy.rules if r.shape != "reconcile")
    return Plan(
        policy=policy, as_of=as_of, today=today, params=params, rules=rules,
        lowered=tuple(lower(r, kleene, order) for r in rules),
        whole=tuple(r for r in policy.rules if r.shape == "reconcile"), assumed=assumed,
    )
