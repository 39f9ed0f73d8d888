"""What holds of every lowered rule. In: a plan, answers about a record. Out: what does not hold.

Lowering is trusted by every engine but the reference; these can be run on any plan, so that a fault
is found in the tree and not in what an engine makes of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from zhuanjie.engine.lowering.conditions import (
    AllOf,
    Among,
    AnyOf,
    Arith,
    ColumnRef,
    Compare,
    Cond,
    Const,
    DayPart,
    Divide,
    Filled,
    Pick,
    Term,
    TextTest,
    Value,
    WorkShift,
    is_missing,
)
from zhuanjie.engine.lowering.plan import Plan
from zhuanjie.engine.lowering.printer import to_text
from zhuanjie.engine.lowering.rules import UNIQUE_ALL, UNIQUE_SURE, LoweredRule
from zhuanjie.engine.lowering.walk import Node, children, walk

OUTCOMES = ("not_applicable", "satisfied", "violation", "pending", "undetermined")
"""The five conditions of a rule, of which exactly one holds."""


def conditions_of(rule: LoweredRule) -> Iterator[Cond]:
    """Every condition that is asked of a record for a rule."""
    yield from (getattr(rule, name) for name in OUTCOMES)
    yield from (rule.settled, rule.not_judged)
    yield from (cond for _, cond in (*rule.missing, *rule.clause))


def terms_of(rule: LoweredRule) -> Iterator[Term]:
    """Every term that is worked out for a rule."""
    yield from (term for term in (rule.due, rule.late) if term is not None)


def faults(plan: Plan) -> Iterator[str]:
    """What is wrong with the trees of a plan, whatever the record; nothing, if all is well."""
    columns = {f.name for f in plan.fields} | {
        name.format(rule=rule.id) for rule in plan.unique for name in (UNIQUE_SURE, UNIQUE_ALL)}
    order = plan.fields.order
    for typed, rule in zip(plan.rules, plan.lowered, strict=True):
        if typed.id != rule.id:
            yield f"{rule.id}: stands in the place of {typed.id}"
        for root in (*conditions_of(rule), *terms_of(rule)):
            for node in walk(root):
                for wrong in _node_faults(node, columns):
                    yield f"{rule.id}: {wrong}: {to_text(node)}"
        names = [name for name, _ in rule.missing]
        if names != sorted(set(names), key=order.__getitem__):
            yield f"{rule.id}: missing fields out of order, or twice: {names}"
        if not {clause for clause, _ in rule.clause} <= set(typed.clauses):
            yield f"{rule.id}: a clause that is none of the rule's"


def outcome_faults(rule: LoweredRule, holds: Callable[[Cond], bool]) -> Iterator[str]:
    """What is wrong with the outcome of a rule for one record, of which `holds` answers."""
    came = [name for name in OUTCOMES if holds(getattr(rule, name))]
    if len(came) != 1:
        yield f"{rule.id}: {len(came)} outcomes hold: {came}"
    if holds(rule.settled) != (came in (["not_applicable"], ["satisfied"])):
        yield f"{rule.id}: settled, and {came}, do not agree"
    if sum(holds(cond) for _, cond in rule.clause) > 1:
        yield f"{rule.id}: two clauses at once"


def _node_faults(node: Node, columns: set[str]) -> Iterator[str]:
    match node:
        case AllOf(parts=parts) | AnyOf(parts=parts):
            if len(parts) < 2:
                yield "joins fewer than two"
            if any(isinstance(part, Const | type(node)) for part in parts):
                yield "was not folded"
            if len(set(parts)) < len(parts):
                yield "says a thing twice"
        case Filled(name=name) | ColumnRef(name=name) if name not in columns:
            yield "no such column"
        case Compare() | Arith() | Divide() | DayPart() | WorkShift() if all(
                isinstance(n, Value) for n in children(node)):
            yield "constants only"
        case Pick(arms=()) | Among(values=()):
            yield "chooses from nothing"
        case _:
            pass
    if isinstance(node, Compare | TextTest | Among | Arith | Divide | DayPart) and any(
            is_missing(side) for side in children(node) if isinstance(side, Value)):
        yield "speaks of what is never known"
