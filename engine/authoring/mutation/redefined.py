"""A policy with a definition that says something else. In: a policy, an expression. Out: a policy.

What uses the definition, by way of others too, is as if it had been written with the other one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from zhuanjie.engine.expr.nodes import Expr, redefined
from zhuanjie.engine.policy.policy import Policy, TypedRule


def redefined_in(policy: Policy, name: str, new: Expr) -> Policy:
    """The policy with another expression for a definition, wherever it is used."""
    def put(expr: Expr) -> Expr:
        return redefined(expr, name, new)

    return replace(
        policy, scope=policy.scope and put(policy.scope),
        definitions={n: replace(d, expr=new if n == name else put(d.expr))
                     for n, d in policy.definitions.items()},
        rules=tuple(_mapped(r, put) if name in r.definitions else r for r in policy.rules))


def _mapped(rule: TypedRule, change: Callable[[Expr], Expr]) -> TypedRule:
    """The rule with each of its expressions changed in the same way."""
    roles = {role: change(expr) for role, expr in rule.expressions().items()
             if not role.startswith("rows[")}
    rows = tuple(replace(row, when=row.when and change(row.when),
                         sets=tuple((to, change(value)) for to, value in row.sets))
                 for row in rule.rows)
    outputs = tuple(replace(o, default=change(o.default)) for o in rule.outputs)
    return replace(rule, rows=rows, outputs=outputs, **roles)  # type: ignore[arg-type]
