"""A plan for records whose table lacks columns. In: a plan, absent fields. Out: a plan.

A blank cell says that an act is not on record, an absent column only that this table does not keep
it: of such a field everything is unknown. Rules keep their places and their outcomes; a rule that
such a field decides comes out as undetermined and names the field.
"""

from __future__ import annotations

from functools import lru_cache

from msgspec.structs import replace

from zhuanjie.engine.expr.nodes import Call, Expr, FieldRef, Lit
from zhuanjie.engine.expr.types import BOOL
from zhuanjie.engine.lowering.plan import Plan
from zhuanjie.engine.lowering.rules import lower, unlisted
from zhuanjie.engine.policy.policy import TypedRule

_TRUE, _FALSE = Lit(True, BOOL), Lit(False, BOOL)


@lru_cache(maxsize=64)
def without_columns(plan: Plan, absent: frozenset[str], *,
                    doubted: frozenset[str] = frozenset(), lists_all: bool = True) -> Plan:
    """`plan` for records of a table that has no column for the fields `absent`.

    Of `doubted` fields, about which a record's tables contradict each other, nothing is known
    either, but there is a column: what they could decide is undetermined, and listed.

    With `lists_all` what only these fields could decide comes out as undetermined; without it, it
    is not reported, as if there were nothing to report. An act that is about to happen is known,
    whatever columns there are.
    """
    doubted = doubted.intersection(plan.needs).difference(absent)
    absent = absent.union(doubted).intersection(plan.needs).difference(plan.assumed)
    if not absent:
        return plan
    rules = tuple(_dated(rule, absent) for rule in plan.rules)
    if all(now is was for now, was in zip(rules, plan.rules, strict=True)):
        rules = plan.rules
    kleene = replace(plan.kleene, absent=absent)
    order = tuple(f.name for f in plan.fields)
    lowered = tuple(
        before if rule.fields.isdisjoint(absent) else lower(rule, kleene, order)
        for rule, before in zip(rules, plan.lowered, strict=True))
    if not lists_all:
        lowered = tuple(map(unlisted, lowered))
    shares = tuple(_dated(rule, absent) for rule in plan.shares)
    return replace(plan, shares=shares, rules=rules, lowered=lowered, absent=absent,
                   lists_all=lists_all, doubted=doubted & absent)


def _dated(rule: TypedRule, absent: frozenset[str]) -> TypedRule:
    """The rule, its edition chosen without dates that nobody keeps.

    Which law judges a record must never be unknown: a date without a column is like a blank one.
    """
    edition = rule.edition
    if edition is None or absent.isdisjoint(edition.dates):
        return rule
    guard = _blanked(edition.guard, absent)
    when = guard if edition.when is None else Call("&&", (guard, edition.when), BOOL)
    return replace(rule, when=edition.when if guard == _TRUE else when,
                   edition=replace(edition, guard=guard))


def _blanked(expr: Expr, absent: frozenset[str]) -> Expr:
    """An edition's guard where some of its dates are blank, folded."""
    match expr:
        case Call(op="has", args=(FieldRef(name=name),)) if name in absent:
            return _FALSE
        case Call(op="!", args=(inner,)):
            inner = _blanked(inner, absent)
            return Lit(not inner.value, BOOL) if isinstance(inner, Lit) else replace(
                expr, args=(inner,))
        case Call(op="&&" | "||" as op, args=args):
            absorbing, neutral = (_FALSE, _TRUE) if op == "&&" else (_TRUE, _FALSE)
            parts = [_blanked(a, absent) for a in args]
            kept = tuple(p for p in parts if p != neutral)
            if absorbing in kept:
                return absorbing
            return replace(expr, args=kept) if len(kept) > 1 else kept[0] if kept else neutral
        case Call(op="?:", args=(test, yes, no)):
            test = _blanked(test, absent)
            if isinstance(test, Lit):
                return _blanked(yes if test.value else no, absent)
            return replace(expr, args=(test, _blanked(yes, absent), _blanked(no, absent)))
        case _:
            return expr
