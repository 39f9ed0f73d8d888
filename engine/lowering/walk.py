"""The one walk over lowered trees. In: conditions and terms. Out: what is below them, in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from operator import attrgetter
from typing import Any

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
    below = _BELOW.get(node.__class__)
    return () if below is None else below(node)


_BELOW: Mapping[type, Callable[[Any], tuple[Node, ...]]] = {
    AllOf: attrgetter("parts"),
    AnyOf: attrgetter("parts"),
    Arith: attrgetter("left", "right"),
    Divide: attrgetter("left", "right"),
    Compare: attrgetter("left", "right"),
    DayPart: lambda node: (node.day,),
    WorkShift: lambda node: (node.date,),
    Shift: attrgetter("date", "months"),
    Size: lambda node: (node.text,),
    Canonical: lambda node: (node.text,),
    Among: lambda node: (node.term,),
    TextTest: attrgetter("text", "other"),
    Pick: lambda node: tuple(n for arm in node.arms for n in arm),
}
"""What is below a node, by its class: trees are walked whenever a plan is compiled."""


def walk(*nodes: Node) -> Iterator[Node]:
    """Every node of some trees, each before what is below it, from left to right."""
    left = [*reversed(nodes)]
    while left:
        node = left.pop()
        yield node
        left += reversed(children(node))


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
