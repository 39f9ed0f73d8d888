"""A policy with a definition that says something else. In: a policy, an expression. Out: a policy.

What uses the definition, by way of others too, is as if it had been written with the other one.
"""

from __future__ import annotations

from msgspec.structs import replace

from zhuanjie.engine.expr.nodes import Expr, redefined
from zhuanjie.engine.policy.mapped import mapped
from zhuanjie.engine.policy.policy import Policy


def redefined_in(policy: Policy, name: str, new: Expr) -> Policy:
    """The policy with another expression for a definition, wherever it is used."""
    def put(expr: Expr) -> Expr:
        return redefined(expr, name, new)

    return replace(
        policy, scope=policy.scope and put(policy.scope),
        definitions={n: replace(d, expr=new if n == name else put(d.expr))
                     for n, d in policy.definitions.items()},
        rules=tuple(mapped(r, put) if name in r.definitions else r for r in policy.rules))
