"""The one table of operators. In: nothing. Out: for each, its CEL name and how it prints.

`strict` operators are unknown when an operand is; the others follow Kleene (docs/semantics.md).
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Form = Literal["infix", "prefix", "ternary", "method", "function"]


class Op(Struct, frozen=True):
    """An operator: the name CEL's parser gives it, its form, binding strength and arity."""

    name: str
    cel: str
    form: Form
    binds: int = 9
    arity: int = 2
    strict: bool = True


DAY_PARTS = ("getFullYear", "getMonth", "getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear")
"""What is read off a day; see `core.calendar`."""

OPS: dict[str, Op] = {
    op.name: op
    for op in (
        Op("?:", "_?_:_", "ternary", 1, 3, strict=False),
        Op("||", "_||_", "infix", 2, strict=False),
        Op("&&", "_&&_", "infix", 3, strict=False),
        Op("==", "_==_", "infix", 4),
        Op("!=", "_!=_", "infix", 4),
        Op("<", "_<_", "infix", 4),
        Op("<=", "_<=_", "infix", 4),
        Op(">", "_>_", "infix", 4),
        Op(">=", "_>=_", "infix", 4),
        Op("in", "@in", "infix", 4),
        Op("+", "_+_", "infix", 5),
        Op("-", "_-_", "infix", 5),
        Op("*", "_*_", "infix", 6),
        Op("/", "_/_", "infix", 6),
        Op("%", "_%_", "infix", 6),
        Op("!", "!_", "prefix", 7, 1),
        Op("neg", "-_", "prefix", 7, 1),
        Op("has", "has", "function", 9, 1, strict=False),
        Op("decide", "@decide", "function", 9, 0, strict=False),
        Op("size", "size", "function", 9, 1),
        Op("days", "days", "function", 9, 1),
        Op("months", "months", "function", 9, 1),
        Op("workdays", "workdays", "function", 9, 1),
        Op("date", "date", "function", 9, 3),
        Op("timestamp", "timestamp", "function", 9, 1),
        *(Op(part, part, "method", 9, 1) for part in DAY_PARTS),
        Op("startsWith", "startsWith", "method"),
        Op("endsWith", "endsWith", "method"),
        Op("contains", "contains", "method"),
        Op("matches", "matches", "method"),
    )
}

BY_CEL = {op.cel: op for op in OPS.values()}
COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">="})
TURNED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
"""What says the same with both sides swapped."""
NEGATED = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", "<=": ">", ">": "<="}
DIVISIONS = frozenset({"/", "%"})
TEXT_TESTS = frozenset({"startsWith", "endsWith", "contains", "matches"})
