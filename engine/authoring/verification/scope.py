"""A policy's scope as part of a rule. In: a rule, a scope. Out: the rule with both conditions.

A record is out of scope only where that is certain; so the scope joins `when` as "not definitely
false", which is always known.
"""

from __future__ import annotations

from msgspec.structs import replace

from zhuanjie.engine.expr.nodes import Call, Expr, FieldRef, ListLit, Lit
from zhuanjie.engine.expr.types import BOOL
from zhuanjie.engine.policy.policy import TypedRule

TRUE = Lit(True, BOOL)


def scoped(rule: TypedRule, scope: Expr | None) -> TypedRule:
    """The rule as it comes out where only records within `scope` are judged."""
    if scope is None or rule.on_whole_ledger:
        return rule
    within = _or(_not(known(scope)), scope)
    return replace(rule, when=within if rule.when is None else _and(within, rule.when))


def known(expr: Expr) -> Expr:
    """When an expression has a value; itself never unknown."""
    match expr:
        case FieldRef():
            return Call("has", (expr,), BOOL)
        case ListLit(items=items):
            return _all(items)
        case Call(op="has"):
            return TRUE
        case Call(op="&&" | "||" as op, args=(a, b)):
            ka, kb = known(a), known(b)
            settled = (_and(ka, _not(a)), _and(kb, _not(b))) if op == "&&" else (
                _and(ka, a), _and(kb, b))
            return _or(_or(_and(ka, kb), settled[0]), settled[1])
        case Call(op="?:", args=(test, yes, no)):
            return _and(known(test), Call("?:", (test, known(yes), known(no)), BOOL))
        case Call(args=args):
            return _all(args)
        case _:
            return TRUE


def _all(parts: tuple[Expr, ...]) -> Expr:
    out: Expr = TRUE
    for part in parts:
        out = _and(out, known(part))
    return out


def _and(a: Expr, b: Expr) -> Expr:
    return b if a == TRUE else a if b == TRUE else Call("&&", (a, b), BOOL)


def _or(a: Expr, b: Expr) -> Expr:
    return TRUE if TRUE in (a, b) else Call("||", (a, b), BOOL)


def _not(a: Expr) -> Expr:
    return Call("!", (a,), BOOL)
