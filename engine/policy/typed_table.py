"""The parts of a decision table, typed. In: typed expressions. Out: rows, and what they give."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from zhuanjie.engine.expr.decisions import decide
from zhuanjie.engine.expr.nodes import Call, Expr
from zhuanjie.engine.expr.types import BOOL, Type

if TYPE_CHECKING:
    from zhuanjie.engine.core.models import Text
    from zhuanjie.engine.policy.table_model import Hit


class TypedRow(Struct, frozen=True):
    """A row of a decision table, without the table's guard; `when` None: under it, always."""

    clause: str
    title: Text
    when: Expr | None
    allow: tuple[str, ...]
    sets: tuple[tuple[str, Expr], ...] = ()
    """What it gives of the table's outputs, by their names."""


class TypedOutput(Struct, frozen=True):
    """A value that the rows of a table give; `default` is taken where none holds or gives it."""

    name: str
    type: Type
    default: Expr


def value_of(output: TypedOutput, hit: Hit, rows: Sequence[tuple[Expr | None, TypedRow]],
             applies: Expr | None, at: int) -> Call:
    """What an output comes to: of the rows with their conditions, where their rule `applies`."""
    arms: list[tuple[Expr | None, Expr]] = []
    for when, row in rows:
        here = when or applies
        if when is not None and applies is not None:
            here = Call("&&", (applies, when), BOOL)
        arms.append((here, dict(row.sets).get(output.name, output.default)))
    return decide(output.name, first=hit == "first", arms=arms, default=output.default,
                  type_=output.type, at=at)
