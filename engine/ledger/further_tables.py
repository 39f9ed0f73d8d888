"""Tables below a table, on the same sheet. In: the rows of a grid. Out: where each one's header is.

A row of headings that are not those of the table above begins another table; the same headings once
more are a heading of the same one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from zhuanjie.engine.core.unicode import comparable
from zhuanjie.engine.ledger.cells.text import as_text
from zhuanjie.engine.ledger.header import Header, find_header
from zhuanjie.engine.ledger.headings import ENOUGH, HeadingMap

Row = Sequence[object]


class TableBelow(Struct, frozen=True):
    """A table below another: the position of its header's first row, and the header."""

    top: int
    header: Header


def tables_below(rows: Iterable[Row], header: Header, mapping: HeadingMap) -> list[TableBelow]:
    """The tables below the one with this header; `rows` are those of the whole grid."""
    words = heading_words(mapping)
    found: list[TableBelow] = []
    before: list[Row] = []
    headings: Sequence[str] = header.headings
    for at, row in enumerate(rows):
        if at > header.last and not words.isdisjoint(
                cell.strip() for cell in row if isinstance(cell, str)):
            below = _header(before, row, mapping)
            if below is not None and not _is_same(below.headings, headings, mapping):
                top = at - below.last
                found.append(TableBelow(top, Header(at, below.headings)))
                headings = below.headings
        before = [before[-1], row] if before else [row]
    return found


def heading_words(mapping: HeadingMap) -> frozenset[str]:
    """Headings, as they are mostly written, of which a header has some."""
    known = (h for field in mapping.vocabulary.fields for h in field.all_headings)
    return frozenset((*known, *mapping.columns))


def _header(before: Sequence[Row], row: Row, mapping: HeadingMap) -> Header | None:
    """The header that ends in a row; groups may stand above it, where a blank row is above them."""
    window = [row]
    if len(before) > 1 and not any(map(_text, before[-2])) and len(
            set(filter(None, map(_text, before[-1])))) > 1:  # else it is a title
        window = [before[-1], row]
    header = find_header(window, mapping)
    if header is None or header.last != len(window) - 1:
        return None
    filled = [text for cell in row if (text := _text(cell))]
    known = sum(mapping.find(text) is not None or mapping.is_silent(text)
                for text in header.headings if text)
    fields = {field.name for text in header.headings if (field := mapping.find(text))}
    enough = len(fields) >= ENOUGH and known * 2 >= len(filled) > 1
    return header if enough and not any(text.isdigit() for text in filled) else None


def _is_same(headings: Sequence[str], above: Sequence[str], mapping: HeadingMap) -> bool:
    """Whether headings are those of the table above, each in its place, if in shorter words."""
    pairs = [(mine, theirs) for mine, theirs in zip(headings, above, strict=False)
             if comparable(mine)]
    if any(comparable(mine) for mine in headings[len(above):]):
        return False
    return all(comparable(theirs).endswith(comparable(mine)) or (
        (field := mapping.find(mine)) is not None and field == mapping.find(theirs))
        for mine, theirs in pairs)


def _text(cell: object) -> str:
    return "" if cell is None else as_text(cell).strip()
