"""What the rows of a table decide, as an expression. In: rows, which decide. Out: a `decide` call.

The rows that may decide are, where the `first` that holds decides, those up to the first that
surely holds; else all; those that surely fail left out. What is taken where none holds is one more,
but where one surely holds. All that may decide giving the same, that is the value; else it is not
known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from zhuanjie.engine.expr.nodes import Call, Expr, Lit
from zhuanjie.engine.expr.types import BOOL, STRING, Type

DECIDE = "decide"


@dataclass(frozen=True, slots=True)
class Decision:
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


def decision_of(call: Call) -> Decision:
    """What a `decide` call is made of."""
    name, first, *flat, default = call.args
    assert isinstance(name, Lit) and isinstance(first, Lit)
    return Decision(str(name.value), bool(first.value),
                    tuple(zip(flat[::2], flat[1::2], strict=True)), default)
