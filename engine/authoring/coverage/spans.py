"""Where conditions stand in a rule's own text. In: an expression and its CEL. Out: stretches."""

from __future__ import annotations

import re
from collections.abc import Iterator

from zhuanjie.engine.expr.nodes import AsOf, Call, Expr, FieldRef, ListLit, Lit, Param, names_of
from zhuanjie.engine.expr.types import Kind

_STRING = re.compile(r"""[rRbB]*(?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")""")
_WORD = re.compile(r"\.?[\w.]+")

Span = tuple[int, int]


def conditions(expr: Expr, text: str) -> Iterator[tuple[Span, Expr]]:
    """The conditions of an expression that hold no `&&`, `||` or `!`, with their stretch of text.

    A condition within another (the test of a choice that is compared) comes after it.
    """
    if names_of(expr):
        if expr.type.kind is Kind.BOOL:
            yield span(expr, text), expr
        return
    joins = isinstance(expr, Call) and expr.op in ("&&", "||", "!", "?:")
    if expr.type.kind is Kind.BOOL and not joins and not isinstance(expr, Lit):
        yield span(expr, text), expr
    if isinstance(expr, Call) and expr.op != "has":
        for child in expr.args:
            yield from conditions(child, text)


def span(expr: Expr, text: str) -> Span:
    """The stretch of `text` that an expression takes, its parentheses balanced."""
    start, end = _reach(expr, text)
    bare = _STRING.sub(lambda found: " " * len(found[0]), text)
    while bare.count("(", start, end) > bare.count(")", start, end):
        close = bare.find(")", end)
        if close < 0:
            break
        end = close + 1
    return start, end


def _reach(expr: Expr, text: str) -> Span:
    match expr:
        case _ if names_of(expr):
            found = _WORD.match(text, expr.at)
        case Call(op="has", args=(inner,)):
            start, end = _reach(inner, text)
            return max(text.rfind("has", 0, start), 0), end
        case Call(op="days" | "months" | "size" as op, args=(inner,)):
            start, end = _reach(inner, text)
            before = text.rfind(op, 0, start)
            return (before if before >= 0 and op != "size" else start), end
        case Call(args=args) | ListLit(items=args) if args:
            parts = [_reach(a, text) for a in args]
            start, end = min(p[0] for p in parts), max(p[1] for p in parts)
            if isinstance(expr, ListLit):
                close = text.find("]", end)
                return max(text.rfind("[", 0, start), 0), close + 1 if close >= 0 else end
            return start, end
        case Lit(value=str()):
            found = _STRING.match(text, expr.at)
        case FieldRef() | Param() | AsOf() | Lit():
            found = _WORD.match(text, expr.at)
        case _:
            found = None
    return (expr.at, found.end()) if found else (expr.at, expr.at + 1)
