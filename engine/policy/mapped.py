"""A rule whose expressions are all changed alike. In: a typed rule, a change. Out: another rule."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from zhuanjie.engine.expr.nodes import Expr
from zhuanjie.engine.policy.policy import TypedRule


def mapped(rule: TypedRule, change: Callable[[Expr], Expr]) -> TypedRule:
    """The rule with each of its expressions changed, those of its rows and outputs too."""
    roles = {role: change(expr) for role, expr in rule.expressions().items()
             if not role.startswith("rows[")}
    rows = tuple(replace(row, when=row.when and change(row.when),
                         sets=tuple((to, change(value)) for to, value in row.sets))
                 for row in rule.rows)
    outputs = tuple(replace(output, default=change(output.default)) for output in rule.outputs)
    return replace(rule, rows=rows, outputs=outputs, **roles)
