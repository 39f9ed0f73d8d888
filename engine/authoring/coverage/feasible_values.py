"""What a condition can come out as. In: a typed expression, fields that are there. Out: values.

Plain reasoning on missing values: `has()` is never unknown, and what a neighbour or the rule's
`when` proves to be there cannot be missing. It errs on the side of asking for too much.
"""

from __future__ import annotations

from itertools import product

from zhuanjie.engine.core.results import Outcome
from zhuanjie.engine.expr.decisions import decision_of
from zhuanjie.engine.expr.nodes import Call, Expr, FieldRef, ListLit, Lit
from zhuanjie.engine.expr.types import MONTH_AND_DAY
from zhuanjie.engine.expr.undecided import may_lack
from zhuanjie.engine.policy.policy import TypedRule

Truth = bool | None
"""None is unknown."""

Known = frozenset[str]
NOTHING: Known = frozenset()


def present(expr: Expr | None, absorbing: bool) -> Known:
    """The fields that are surely there when `expr` is not `absorbing`."""
    match expr:
        case Call(op="has", args=(FieldRef(name=name),)):
            return NOTHING if absorbing else frozenset((name,))
        case Call(op="!", args=(inner,)):
            return present(inner, not absorbing)
        case Call(op="&&" | "||" as op, args=(a, b)):
            sides = present(a, absorbing), present(b, absorbing)
            return sides[0] | sides[1] if (op == "||") is absorbing else sides[0] & sides[1]
        case _:
            return NOTHING


def feasible_values(expr: Expr, known: Known) -> set[Truth]:
    """The truth values that a condition can have where the fields `known` are there."""
    match expr:
        case Lit(value=bool() as value):
            return {value}
        case Call(op="has", args=(FieldRef(name=name),)):
            return {True} if name in known else {True, False}
        case Call(op="!", args=(inner,)):
            return {None if v is None else not v for v in feasible_values(inner, known)}
        case Call(op="&&" | "||" as op, args=(a, b)):
            absorbing = op == "||"
            pairs = product(feasible_values(a, known | present(b, absorbing)),
                            feasible_values(b, known | present(a, absorbing)))
            found = {_junction(x, y, absorbing) for x, y in pairs}
            alone = feasible_values(a, known) | feasible_values(b, known)
            return found | ({absorbing} & alone)
        case Call(op="?:", args=(test, yes, no)):
            return feasible_values(yes, known | present(test, False)) | feasible_values(
                no, known | present(test, True)) | ({None} & feasible_values(test, known))
        case Call(op="==" | "!=" as op, args=(a, b)) if _mixed(a, b):
            # A month is never known to be a day.
            return {op == "!=", None}
        case _:
            return {True, False} | ({None} if may_be_unknown(expr, known) else set())


def may_be_unknown(expr: Expr, known: Known) -> bool:
    """Whether a value can be unknown where the fields `known` are there."""
    match expr:
        case FieldRef(name=name):
            return name not in known
        case ListLit(items=items):
            return any(may_be_unknown(i, known) for i in items)
        case Call(op="has"):
            return False
        case Call(op="&&" | "||"):
            return None in feasible_values(expr, known)
        case Call(op="?:", args=(test, yes, no)):
            return (may_be_unknown(test, known) or may_be_unknown(yes, known | present(test, False))
                    or may_be_unknown(no, known | present(test, True)))
        case Call(op="decide"):
            decision = decision_of(expr)
            return True if not decision.first else any(
                may_be_unknown(e, known) for e in expr.args[2:])
        case Call(args=(a, b)) if _mixed(a, b):
            return True
        case Call(args=args):
            return may_lack(expr) or any(may_be_unknown(a, known) for a in args)
        case _:
            return False


def _mixed(a: Expr, b: Expr) -> bool:
    """Whether a month and a day are compared."""
    return {a.type.kind, b.type.kind} == MONTH_AND_DAY


def outcomes(rule: TypedRule) -> list[Outcome]:
    """The outcomes that a rule can have."""
    when: set[Truth] = feasible_values(rule.when, NOTHING) if rule.when is not None else {True}
    known = present(rule.when, False)
    asks = _asks(rule, known)
    dark = None in asks
    can = {
        Outcome.SATISFIED: True in asks,
        Outcome.VIOLATION: False in asks and True in when,
        Outcome.PENDING: rule.shape == "deadline" and True in when,
        Outcome.UNDETERMINED: rule.shape != "reconcile" and (
            dark or (None in when and False in asks)),
        Outcome.NOT_APPLICABLE: False in when,
    }
    return [outcome for outcome, there in can.items() if there]


def _asks(rule: TypedRule, known: Known) -> set[Truth]:
    """What a rule's shape can come to where the rule applies."""
    if rule.ask is not None:
        return feasible_values(rule.ask, known)
    if rule.rows:
        if rule.subject is None:
            return {True}
        dark = rule.hit == "unique" or may_be_unknown(rule.subject, known) or any(
            when is not None and None in feasible_values(when, known)
            for when in (rule.guard, *(row.when for row in rule.rows)))
        return {True, False} | ({None} if dark else set())
    needed = [e for e in (rule.due, rule.start, rule.every, rule.key) if e is not None]
    return {True, False} | ({None} if any(may_be_unknown(e, known) for e in needed) else set())


def _junction(a: Truth, b: Truth, absorbing: bool) -> Truth:
    if absorbing in (a, b):
        return absorbing
    return None if None in (a, b) else not absorbing
