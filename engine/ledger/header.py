"""Where a table's header stands. In: the first rows of a grid. Out: the header, or None.

Title rows may stand above it. A header may take two rows, groups above their columns: then a
column is called by group and heading together, or by the heading alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from zhuanjie.engine.core.unicode import comparable
from zhuanjie.engine.ledger.cells.text import as_text
from zhuanjie.engine.ledger.headings import HeadingMap, nearest

SEARCHED = 30
"""Rows among which the header is looked for."""


@dataclass(frozen=True, slots=True)
class Header:
    """A header: the position of its last row, and the heading of each column."""

    last: int
    headings: list[str]


def find_header(
    rows: Sequence[Sequence[object]], mapping: HeadingMap
) -> Header | None:
    """The row, or two rows, with the most known headings; None when no row has enough."""
    texts = [[as_text(cell) if cell is not None else "" for cell in row] for row in rows[:SEARCHED]]
    best: Header | None = None
    most = 0
    above = 0
    for last, row in enumerate(texts):
        names = _names(row, mapping)
        layouts = [(row, names)]
        if last and (names or above):
            joined = _joined(texts[last - 1], row, mapping)
            layouts.append((joined, _names(joined, mapping)))
        above = len(names)
        for headings, found in layouts:
            if len(found) > most and mapping.looks_known(found):
                best, most = Header(last, headings), len(found)
    return best


def closest(rows: Sequence[Sequence[object]], mapping: HeadingMap) -> tuple[str, str] | None:
    """Some heading among the first rows that is nearly known, with what it is near to."""
    for row in rows[:SEARCHED]:
        for cell in row:
            if isinstance(cell, str) and len(cell) < 40 and (
                    near := nearest(cell, mapping.vocabulary)):
                return cell.strip(), near
    return None


def first_texts(rows: Sequence[Sequence[object]], count: int = 6) -> str:
    """The first filled cells, for a message that says what was found instead of headings."""
    found = (as_text(cell).strip() for row in rows for cell in row if cell is not None)
    return ", ".join(f"`{text[:20]}`" for text in list(filter(None, found))[:count])


def _names(headings: Sequence[str], mapping: HeadingMap) -> set[str]:
    fields = (mapping.find(heading) for heading in headings)
    return {field.name for field in fields if field}


def _joined(
    groups: Sequence[str], row: Sequence[str], mapping: HeadingMap
) -> list[str]:
    """Each column's heading from a row of groups and the row below it."""
    out = []
    group = ""
    for i, leaf in enumerate(row):
        above = groups[i] if i < len(groups) else ""
        # A group stands in the first of its columns where the file has lost its merged cells.
        group = above if comparable(above) else group if comparable(leaf) else ""
        forms = [group + leaf, leaf, above] if comparable(group) != comparable(leaf) else [leaf]
        out.append(next((f for f in forms if mapping.find(f)), leaf or above))
    return out
