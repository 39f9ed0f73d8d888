"""Where the clock matters. In: a condition, the as-of day. Out: the dates compared with it."""

from __future__ import annotations

from collections.abc import Iterator

from zhuanjie.engine.ir.types import Kind
from zhuanjie.engine.lower.conditions import AllOf, AnyOf, Compare, Cond, Term, Value


def day_terms(cond: Cond, today: int) -> Iterator[Term]:
    """The dates that the condition compares with the as-of day."""
    match cond:
        case AllOf(parts=parts) | AnyOf(parts=parts):
            for part in parts:
                yield from day_terms(part, today)
        case Compare(left=left, right=right):
            mark = Value(today, Kind.DATE)
            if left == mark:
                yield right
            elif right == mark:
                yield left
        case _:
            return
