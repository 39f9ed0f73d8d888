"""The one walk over lowered trees. In: conditions and terms. Out: what is below them, in order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from zhuanjie.engine.lowering.conditions import (
    AllOf,
    Among,
    AnyOf,
    Arith,
    Canonical,
    ColumnRef,
    Compare,
    Cond,
    Const,
    DayPart,
    Divide,
    Filled,
    Pick,
    Shift,
    Size,
    Term,
    TextTest,
    WorkShift,
)

Node = Cond | Term
Leaf = Filled | Compare | Among | TextTest


def children(node: Node) -> tuple[Node, ...]:
    """The terms and conditions directly below `node`, from left to right."""
    match node:
        case AllOf(parts=parts) | AnyOf(parts=parts):
            return parts
        case Arith(left=left, right=right) | Divide(left=left, right=right):
            return left, right
        case Compare(left=left, right=right):
            return left, right
        case DayPart(day=day):
            return (day,)
        case WorkShift(date=date):
            return (date,)
        case Shift(date=date, months=months):
            return date, months
        case Size(text=text) | Canonical(text=text):
            return (text,)
        case Among(term=term):
            return (term,)
        case TextTest(text=text, other=other):
            return text, other
        case Pick(arms=arms):
            return tuple(n for arm in arms for n in arm)
        case _:
            return ()


def walk(*nodes: Node) -> Iterator[Node]:
    """Every node of some trees, each before what is below it, from left to right."""
    for node in nodes:
        yield node
        yield from walk(*children(node))


def leaves(cond: Cond) -> Iterator[Leaf]:
    """The leaves of a condition: what its conjunctions and disjunctions join."""
    match cond:
        case Const():
            return
        case AllOf(parts=parts) | AnyOf(parts=parts):
            for part in parts:
                yield from leaves(part)
        case _:
            yield cond


def columns_of(nodes: Iterable[Node]) -> Iterator[str]:
    """The columns that conditions and terms name, as often as they do, in order."""
    for node in walk(*nodes):
        if isinstance(node, ColumnRef | Filled):
            yield node.name
