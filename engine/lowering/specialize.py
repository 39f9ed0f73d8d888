"""A plan for records that few editions judge. In: a plan, which editions judge. Out: a plan.

Rules keep their places; an edition that judges none of the records never applies, and one that
judges all of them need not ask by what date. Every record comes out as it did.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from msgspec.structs import replace

from zhuanjie.engine.lowering.conditions import FALSE, TRUE
from zhuanjie.engine.lowering.kleene import Kleene
from zhuanjie.engine.lowering.plan import Plan
from zhuanjie.engine.lowering.rules import LoweredRule, lower
from zhuanjie.engine.policy.policy import TypedRule


@lru_cache(maxsize=64)
def specialize(plan: Plan, judging: Sequence[bool | None]) -> Plan:
    """`plan` for records of which rule i judges all, none, or (None) it is not said which."""
    if all(judges is None for judges in judging):
        return plan
    kleene = plan.kleene
    order = tuple(f.name for f in plan.fields)
    return replace(plan, lowered=tuple(
        _narrowed(rule, lowered, judges, kleene, order)
        for rule, lowered, judges in zip(plan.rules, plan.lowered, judging, strict=True)))


def _narrowed(rule: TypedRule, lowered: LoweredRule, judges: bool | None, kleene: Kleene,
              order: tuple[str, ...]) -> LoweredRule:
    if judges is None or rule.edition is None:
        return lowered
    if judges:
        own = replace(rule, when=rule.edition.when)
        return lowered if own == rule else lower(own, kleene, order)
    return LoweredRule(rule.id, not_applicable=TRUE, satisfied=FALSE, violation=FALSE,
                       pending=FALSE, undetermined=FALSE, settled=TRUE, missing=())
