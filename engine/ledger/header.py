"""Where a table's header stands. In: the first rows of a grid. Out: the header, or None.

Title rows may stand above it. A header may take two or three rows, groups above their columns: then
a column is called by its groups and heading together, or by the heading alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from msgspec import Struct

from zhuanjie.engine.core.diagnostics import Place
from zhuanjie.engine.core.unicode import comparable
from zhuanjie.engine.ledger.cells.text import as_text
from zhuanjie.engine.ledger.headings import (
    ENOUGH,
    GUESSED,
    MOST,
    HeadingMap,
    nearest,
    too_many,
)

SEARCHED = 30
"""Rows among which the header is looked for."""

DEEPEST = 3
"""Rows that a header may take."""

LEAVES = 2
"""Headings that a row below groups has at least; one text alone is a note."""


class Header(Struct, frozen=True):
    """A header: the position of its last row, and the heading of each column."""

    last: int
    headings: list[str]


def find_header(
    rows: Sequence[Sequence[object]], mapping: HeadingMap, place: Place | None = None
) -> Header | None:
    """The row, or up to three rows, with the most known headings; None when none has enough.

    What looks like a header below one that knows three fields or more is another table's, or the
    same header again.
    """
    widest = max((len(row) for row in rows[:SEARCHED]), default=0)
    if widest > MOST:
        raise too_many(widest, place)
    texts = [[as_text(cell) if cell is not None else "" for cell in row] for row in rows[:SEARCHED]]
    best: Header | None = None
    most, deepest, filled = 0, 0, 0
    for last, row in enumerate(texts):
        filled += sum(map(bool, row))
        if last and filled > MOST:
            break  # a grid so wide has its header at the top, or none
        headings, deep = _layout(texts[:last], row, mapping)
        found = len(_names(headings, mapping))
        if best is not None and most > ENOUGH and last - deep > best.last:
            break
        # Of two layouts that know as much the one with its groups says more.
        if found > most or (found == most and deep > deepest):
            if mapping.looks_known(_names(headings, mapping)):
                best, most, deepest = Header(last, list(headings)), found, deep
    return best


def _layout(
    above: Sequence[Sequence[str]], row: Sequence[str], mapping: HeadingMap
) -> tuple[Sequence[str], int]:
    """A row's headings with as many groups as stand above it, and in how many rows these stand."""
    headings, deep = row, 0
    while deep < min(DEEPEST - 1, len(above)) and _is_groups(above[-deep - 1]):
        joined = _joined(above[len(above) - deep - 1:], row, mapping)
        if _repeats(row, above[-deep - 1]) or not _are_leaves(row, joined, mapping):
            break
        headings, deep = joined, deep + 1
    return headings, deep


def _repeats(row: Sequence[str], above: Sequence[str]) -> bool:
    """Whether a row says what the one above it says, in the same columns."""
    return all(not comparable(text) or comparable(text) == comparable(over)
               for text, over in zip(row, above, strict=False))


def closest(rows: Sequence[Sequence[object]], mapping: HeadingMap) -> tuple[str, str] | None:
    """Some heading among the first rows that is nearly known, with what it is near to."""
    texts = dict.fromkeys(cell.strip() for row in rows[:SEARCHED] for cell in row
                          if isinstance(cell, str) and len(cell) < 40)
    return next(((text, near) for text in islice(texts, GUESSED)
                 if (near := nearest(text, mapping.vocabulary))), None)


def first_texts(rows: Sequence[Sequence[object]], count: int = 6) -> str:
    """The first filled cells, for a message that says what was found instead of headings."""
    found = (as_text(cell).strip() for row in rows for cell in row if cell is not None)
    return ", ".join(f"`{text[:20]}`" for text in list(filter(None, found))[:count])


def _names(headings: Sequence[str], mapping: HeadingMap) -> set[str]:
    fields = (mapping.find(heading) for heading in headings)
    return {field.name for field in fields if field}


def _is_groups(row: Sequence[str]) -> bool:
    """Whether a row may hold groups: a single text is a title above the table."""
    return len(set(filter(comparable, row))) > 1


def _are_leaves(row: Sequence[str], joined: Sequence[str], mapping: HeadingMap) -> bool:
    """Whether a row below groups holds headings, rather than a record's cells."""
    filled = [(text, heading) for text, heading in zip(row, joined, strict=False)
              if comparable(text)]
    if len(filled) < LEAVES or any(_is_number(text) for text, _ in filled):
        return False
    known = sum(mapping.find(heading) is not None or mapping.is_silent(heading)
                for _, heading in filled)
    return known * 2 >= len(filled)


def _is_number(text: str) -> bool:
    return comparable(text).replace(".", "").replace("-", "").replace("/", "").isdigit()


def _joined(
    groups: Sequence[Sequence[str]], row: Sequence[str], mapping: HeadingMap
) -> list[str]:
    """Each column's heading from rows of groups, the uppermost first, and the row below them."""
    width = max(len(row), *(len(above) for above in groups))
    leaves = [*row, *[""] * (width - len(row))]
    spread = [_spread(above, leaves) for above in groups]
    out = []
    for at, leaf in enumerate(leaves):
        # A heading may take more than one row and be written in the first of them.
        path = list(filter(comparable, (*(above[at] for above in spread), leaf))) or [""]
        out.append(mapping.under(path[:-1], path[-1]))
    return out


def _spread(groups: Sequence[str], leaves: Sequence[str]) -> list[str]:
    """A row of groups over their columns: a file that has lost its merged cells shows the first."""
    out: list[str] = []
    group = ""
    for at, leaf in enumerate(leaves):
        own = groups[at] if at < len(groups) else ""
        group = own if comparable(own) else group if comparable(leaf) else ""
        out.append(group)
        if comparable(own) and not comparable(leaf):
            group = ""
    return out
