"""Where blanks around a text do not matter. In: conditions. Out: the fields that may keep them.

Trimming every text of a large ledger costs more than judging it. Where a condition only asks
whether a text is there, or is equal to another, and holds for the text as it stands, it holds for
the trimmed text too; so it may be asked first of the text as it stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from zhuanjie.engine.lowering.conditions import Among, ColumnRef, Compare, Cond
from zhuanjie.engine.lowering.walk import Node, children, walk


def fields_to_trim(conditions: Iterable[Cond]) -> frozenset[str]:
    """The fields of which some condition may hold only for the text with blanks around it."""
    return frozenset(name for cond in conditions for name in _strict(cond))


def compared(conditions: Iterable[Cond]) -> frozenset[str]:
    """The fields whose values some condition reads, rather than whether they are there."""
    return frozenset(n.name for n in walk(*conditions) if isinstance(n, ColumnRef))


def _strict(cond: Cond) -> Iterator[str]:
    for parent in walk(cond):
        if not _is_equality(parent):
            yield from (n.name for n in children(parent) if isinstance(n, ColumnRef))


def _is_equality(node: Node) -> bool:
    """Whether a text that is equal as it stands is equal trimmed, too."""
    return (isinstance(node, Compare) and node.op == "==") or (
        isinstance(node, Among) and not node.outside)
