"""Where blanks around a text do not matter. In: conditions. Out: the fields that may keep them.

Trimming every text of a large ledger costs more than judging it. Where a condition only asks
whether a text is there, or is equal to another, and holds for the text as it stands, it holds for
the trimmed text too; so it may be asked first of the text as it stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from zhuanjie.engine.lowering.conditions import (
    AllOf,
    Among,
    AnyOf,
    Arith,
    ColumnRef,
    Compare,
    Cond,
    Const,
    Filled,
    Pick,
    Shift,
    Size,
    Term,
    TextTest,
)


def fields_to_trim(conditions: Iterable[Cond]) -> frozenset[str]:
    """The fields of which some condition may hold only for the text with blanks around it."""
    return frozenset(name for cond in conditions for name in _strict(cond))


def compared(conditions: Iterable[Cond]) -> frozenset[str]:
    """The fields whose values some condition reads, rather than whether they are there."""
    return frozenset(name for cond in conditions for name in _read(cond))


def _read(cond: Cond) -> Iterator[str]:
    match cond:
        case AllOf(parts=parts) | AnyOf(parts=parts):
            for part in parts:
                yield from _read(part)
        case Compare(left=left, right=right):
            yield from _columns(left)
            yield from _columns(right)
        case Among(term=term):
            yield from _columns(term)
        case _:
            yield from _strict(cond)


def _strict(cond: Cond) -> Iterator[str]:
    match cond:
        case Const() | Filled():
            return
        case AllOf(parts=parts) | AnyOf(parts=parts):
            for part in parts:
                yield from _strict(part)
        case Compare(op="==", left=left, right=right):
            for side in (left, right):
                if not isinstance(side, ColumnRef):
                    yield from _columns(side)
        case Among(term=ColumnRef(), outside=False):
            return
        case Compare() | Among():
            yield from _read(cond)
        case TextTest(text=text, other=other):
            yield from _columns(text)
            yield from _columns(other)


def _columns(term: Term) -> Iterator[str]:
    match term:
        case ColumnRef(name=name):
            yield name
        case Arith(left=left, right=right):
            yield from _columns(left)
            yield from _columns(right)
        case Shift(date=date, months=months):
            yield from _columns(date)
            yield from _columns(months)
        case Size(text=text):
            yield from _columns(text)
        case Pick(arms=arms):
            for cond, then in arms:
                yield from _strict(cond)
                yield from _columns(then)
        case _:
            return
