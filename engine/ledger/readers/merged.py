"""Merged cells. In: rows, merged ranges. Out: rows in which the cells of a range have its value."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

Row = list[object]
Merged = tuple[tuple[int, int], tuple[int, int]]
"""The first and the last cell of a range, each by row and column from 0."""


BOX = 2
"""Columns beyond its first from which on a merged range is a box, and no value of records."""


def spread(rows: list[Row], merged: list[Merged]) -> None:
    """Give every cell of a merged range the value of its first."""
    for (top, left), (bottom, right) in merged:
        for row in rows[top:bottom + 1]:
            row[left:right + 1] = [rows[top][left]] * len(row[left:right + 1])


def filled_down(rows: Iterator[Row], merged: list[Merged], first: int) -> Iterator[Row]:
    """The rows, with the value of a merged range repeated down its first column.

    A range of several rows and columns is a box with a note in it: it stays where it stands.
    """
    starts: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for (top, left), (bottom, right) in merged:
        if right - left < BOX:
            starts[top].append((left, bottom))
    going: dict[int, tuple[int, object]] = {}
    for at, row in enumerate(rows, first):
        for left, (bottom, value) in list(going.items()):
            if at > bottom:
                del going[left]
            else:
                row[left] = value
        going |= {left: (bottom, row[left]) for left, bottom in starts.get(at, ())}
        yield row
