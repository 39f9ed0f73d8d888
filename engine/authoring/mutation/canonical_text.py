"""What a rule decides by, as text. In: a typed rule. Out: its parts by name.

Two rules with the same parts mean the same, however their YAML is laid out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from zhuanjie.engine.expr.decisions import decisions_in
from zhuanjie.engine.expr.nodes import Expr, calendars
from zhuanjie.engine.expr.printer import decision_text, to_text
from zhuanjie.engine.policy.policy import TypedRule
from zhuanjie.engine.policy.typed_table import TypedRow

DEFINED = "definitions."
"""How the name of a definition begins, beside those of rules."""
ROW = "row "
"""How the name of a table's row begins."""


def parts(rule: TypedRule, text: Callable[[Expr], str] = to_text) -> dict[str, str]:
    """The rule's expressions by role and its rows by name, printed as they are understood."""
    found = {role: text(expr) for role, expr in rule.expressions().items()
             if not role.startswith("rows[")}
    if rule.rows:
        order = f": {', '.join(row_names(rule))}" if rule.hit == "first" else ""
        found["hit"] = f"{rule.hit}{order}"
    for name, call in decisions_in(*rule.expressions().values()).items():
        found[f"outputs.{name}"] = decision_text(call)
    for output in rule.outputs:
        found[f"default {output.name}"] = text(output.default)
    if calendar := next(iter(calendars(*rule.expressions().values())), None):
        found["working days"] = repr(calendar)
    named = zip(row_names(rule), rule.rows, strict=True)
    return {**found, **{name: row_text(row, text) for name, row in named}}


def row_names(rule: TypedRule) -> list[str]:
    """The rows of a table by their clause, numbered where several stand for one clause."""
    seen: Counter[str] = Counter()
    out = []
    for row in rule.rows:
        seen[row.clause] += 1
        number = f" #{seen[row.clause]}" if seen[row.clause] > 1 else ""
        out.append(f"{ROW}{row.clause}{number}")
    return out


def row_text(row: TypedRow, text: Callable[[Expr], str] = to_text) -> str:
    """A row of a decision table on one line."""
    given = "".join(f", {name}: {text(value)}" for name, value in sorted(row.sets))
    return f"{text(row.when) if row.when else 'true'} → [{', '.join(sorted(row.allow))}]{given}"
