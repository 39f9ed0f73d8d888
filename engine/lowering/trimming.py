"""Where blanks around a text do not matter. In: conditions. Out: the fields that may keep them.

Trimming every text of a large ledger costs more than judging it. Where a condition only asks
whether a text is there, or is equal to another, and holds for the text as it stands, it holds for
the trimmed text too; so it may be asked first of the text as it stands. The same goes for the form
in which an office compares texts: what is equal as written is equal in that form.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from zhuanjie.engine.lowering.conditions import (
    FALSE,
    AllOf,
    Among,
    AnyOf,
    Canonical,
    ColumnRef,
    Compare,
    Cond,
    Filled,
    Pick,
    Term,
    TextTest,
    all_of,
    any_of,
)
from zhuanjie.engine.lowering.walk import Node, children, walk


def fields_to_trim(conditions: Iterable[Cond]) -> frozenset[str]:
    """The fields of which some condition may hold only for the text with blanks around it."""
    return frozenset(name for cond in conditions for name in _strict(cond))


def as_written(cond: Cond) -> Cond:
    """A condition that brings as few texts as can be into their form; where it holds, `cond` does.
    """
    match cond:
        case AllOf(parts=parts):
            return all_of(map(as_written, parts))
        case AnyOf(parts=parts):
            return any_of(map(as_written, parts))
        case Compare(op="==", left=left, right=right):
            return replace(cond, left=_written(left), right=_written(right))
        case Among(term=term, outside=False):
            return replace(cond, term=_written(term))
        case TextTest(text=text, other=other, fails=False) if any(
                isinstance(node, Canonical) for node in walk(text, other)):
            return FALSE  # what it asks is asked of the text as written beside it
        case _:
            return cond


def _written(term: Term) -> Term:
    match term:
        case Canonical(text=text):
            return text
        case Pick(arms=arms):
            return replace(term, arms=tuple((cond, _written(arm)) for cond, arm in arms))
        case _:
            return term


def compared(conditions: Iterable[Cond]) -> frozenset[str]:
    """The fields whose values some condition reads, rather than whether they are there."""
    return frozenset(n.name for n in walk(*conditions) if isinstance(n, ColumnRef))


def fields_read(conditions: Iterable[Cond]) -> frozenset[str]:
    """The fields that some condition asks anything of."""
    return frozenset(n.name for n in walk(*conditions) if isinstance(n, ColumnRef | Filled))


def _strict(cond: Cond) -> Iterator[str]:
    for parent in walk(cond):
        # Blanks are no part of the form in which texts are compared.
        if not (_is_equality(parent) or isinstance(parent, Canonical)):
            yield from (n.name for n in children(parent) if isinstance(n, ColumnRef))


def _is_equality(node: Node) -> bool:
    """Whether a text that is equal as it stands is equal trimmed, too."""
    return (isinstance(node, Compare) and node.op == "==") or (
        isinstance(node, Among) and not node.outside)
