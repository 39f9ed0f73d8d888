"""Merged cells. In: rows, merged ranges. Out: rows in which the cells of a range have its value."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from zhuanjie.engine.ledger.readers.laid_out import Merged, Row

BOX = 2
"""Columns beyond its first from which on a merged range is a box, and no value of records."""


def spread(rows: list[Row], merged: Sequence[Merged]) -> None:
    """Give every cell of a merged range the value of its first.

    Ranges do not overlap; where they do, no more cells are filled than there could be without.
    """
    room = sum(map(len, rows)) + len(rows)
    for (top, left), (bottom, right) in merged:
        for row in rows[top:bottom + 1]:
            width = len(row[left:right + 1])
            room -= width
            if room < 0:
                return
            row[left:right + 1] = [rows[top][left]] * width


def _going_down(merged: Sequence[Merged]) -> dict[int, list[tuple[int, int]]]:
    """By column, the first and last rows of ranges whose value goes down.

    A range of several rows and columns is a box with a note in it: it stays where it stands.
    """
    out: dict[int, dict[int, int]] = defaultdict(dict)
    for (top, left), (bottom, right) in merged:
        if right - left < BOX:
            out[left][top] = bottom
    return {left: sorted(ranges.items()) for left, ranges in out.items()}


def sources_down(merged: Sequence[Merged], first: int,
                 end: int) -> dict[int, list[tuple[int, int]]]:
    """By column, which row takes whose value; all counted from `first`, up to `end`."""
    out: dict[int, list[tuple[int, int]]] = {}
    for left, ranges in _going_down(merged).items():
        pairs: list[tuple[int, int]] = []
        source: dict[int, int] = {}
        inside = [r for r in ranges if first <= r[0] < end]
        nexts = [*(top for top, _ in inside[1:]), end]
        for (top, bottom), following in zip(inside, nexts, strict=False):
            # A range that another cuts short gives it its value.
            value = source.get(top, top)
            for row in range(top + 1, min(bottom, following, end - 1) + 1):
                source[row] = value
                pairs.append((row - first, value - first))
        if pairs:
            out[left] = pairs
    return out


def filled_down(rows: Iterator[Row], merged: Sequence[Merged], first: int) -> Iterator[Row]:
    """The rows, with the value of a merged range repeated down its first column."""
    starts: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for left, ranges in _going_down(merged).items():
        for top, bottom in ranges:
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
