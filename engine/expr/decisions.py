"""What the rows of a table decide, as an expression. In: rows, which decide. Out: a `decide` call.

The rows that may decide are, where the `first` that holds decides, those up to the first that
surely holds; else all; those that surely fail left out. What is taken where none holds is one more,
but where one surely holds. All that may decide giving the same, that is the value; else it is not
known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from zhuanjie.engine.expr.nodes import Call, Expr, ListLit, Lit, walk
from zhuanjie.engine.expr.types import BOOL, STRING, Type

DECIDE = "decide"


class Decision(Struct, frozen=True):
    """`arms` are conditions with what they give; `default` is what is taken where none holds.

    `first` says that the order of the arms counts; else no two that hold may differ. `name` is the
    output that it is the value of, if it is one.
    """

    name: str
    first: bool
    arms: tuple[tuple[Expr, Expr], ...]
    default: Expr


def decide(name: str, *, first: bool, arms: Sequence[tuple[Expr | None, Expr]], default: Expr,
           type_: Type, at: int = 0) -> Call:
    """The call; a condition that is None always holds."""
    flat = [e for when, value in arms for e in (when or Lit(True, BOOL), value)]
    return Call(DECIDE, (Lit(name, STRING), Lit(first, BOOL), *flat, default), type_, at)


def decisions_in(*exprs: Expr | None) -> dict[str, Call]:
    """The `decide` calls in expressions, those within them too, by the outputs they are."""
    return {decision_of(node).name: node for expr in exprs if expr is not None
            for node in walk(expr) if isinstance(node, Call) and node.op == DECIDE}


def with_decisions(expr: Expr, others: Mapping[str, Call]) -> Expr:
    """The expression, with other calls for the outputs of some names."""
    match expr:
        case Call(op="decide", args=(Lit(value=str() as name), *_)) if name in others:
            return replace(others[name], at=expr.at)
        case Call(args=args):
            return replace(expr, args=tuple(with_decisions(a, others) for a in args))
        case ListLit(items=items):
            return replace(expr, items=tuple(with_decisions(i, others) for i in items))
        case _:
            return expr


def decision_of(call: Call) -> Decision:
    """What a `decide` call is made of."""
    name, first, *flat, default = call.args
    assert isinstance(name, Lit) and isinstance(first, Lit)
    return Decision(str(name.value), bool(first.value),
                    tuple(zip(flat[::2], flat[1::2], strict=True)), default)
