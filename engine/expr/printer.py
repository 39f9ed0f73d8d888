"""Expressions back into CEL text. In: a tree. Out: text that parses to the same tree."""

from __future__ import annotations

import json

from zhuanjie.engine.core.dates import from_day
from zhuanjie.engine.expr.decisions import DECIDE, decision_of
from zhuanjie.engine.expr.nodes import (
    AsOf,
    Call,
    Expr,
    FieldRef,
    ListLit,
    Lit,
    Name,
    Param,
    names_of,
)
from zhuanjie.engine.expr.operators import OPS
from zhuanjie.engine.expr.types import Kind, Type


def to_text(expr: Expr) -> str:
    """`expr` as CEL, with no more parentheses than it needs; definitions are written out."""
    return _text(expr, 0, by_name=False)


def as_written(expr: Expr) -> str:
    """As `to_text`, with the definitions that it uses by their names."""
    return _text(expr, 0, by_name=True)


def decision_text(call: Call) -> str:
    """What a `decide` call is made of, on one line."""
    found = decision_of(call)
    rows = "; ".join(f"{to_text(when)} → {to_text(value)}" for when, value in found.arms)
    return f"{'first: ' if found.first else ''}{rows}; else → {to_text(found.default)}"


def _text(expr: Expr, outer: int, *, by_name: bool) -> str:
    if by_name and (names := names_of(expr)):
        return names[0]
    match expr:
        case Lit(value=bool() as value):
            return "true" if value else "false"
        case Lit(value=int() as value, type=Type(kind=Kind.DATE)):
            return f"timestamp('{from_day(value).isoformat()}T00:00:00Z')"
        case Lit(value=int() as value):
            return f"({value})" if value < 0 and outer else str(value)
        case Lit(value=value):
            return _quote(str(value))
        case Name(path=path):
            return ".".join(path)
        case FieldRef(name=name):
            return name
        case Param(name=name):
            return f"params.{name}"
        case AsOf():
            return "as_of"
        case ListLit(items=items):
            return "[" + ", ".join(_text(i, 0, by_name=by_name) for i in items) + "]"
        case Call():
            return _call(expr, outer, by_name=by_name)


def _call(expr: Call, outer: int, *, by_name: bool) -> str:
    op, args = OPS[expr.op], expr.args
    if expr.op == DECIDE:
        return f"outputs.{decision_of(expr).name}"

    def text_of(at: int, binds: int) -> str:
        return _text(args[at], binds, by_name=by_name)

    if op.form == "function":
        return f"{op.name}({', '.join(text_of(at, 0) for at in range(len(args)))})"
    if op.form == "method":
        rest = ", ".join(text_of(at, 0) for at in range(1, len(args)))
        return f"{text_of(0, op.binds)}.{op.name}({rest})"
    if op.form == "prefix":
        text = ("!" if op.name == "!" else "-") + text_of(0, op.binds)
    elif op.form == "ternary":
        text = f"{text_of(0, 2)} ? {text_of(1, 2)} : {text_of(2, 1)}"
    else:
        # Operators group to the left, so an equal on the right needs its parentheses, unless the
        # grouping makes no difference.
        right = op.binds if op.name in ("&&", "||") else op.binds + 1
        text = f"{text_of(0, op.binds)} {op.name} {text_of(1, right)}"
    return f"({text})" if op.binds < outer else text


def _quote(value: str) -> str:
    if "'" in value or "\\" in value or any(ord(c) < 32 for c in value):
        return json.dumps(value, ensure_ascii=False)
    return f"'{value}'"
