"""What has to be known of a sheet before it is changed. In: its XML. Out: merged cells, links."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from msgspec import Struct, field

from zhuanjie.report.workbook.markup import (
    Names,
    OddMarkupError,
    Tag,
    root_of,
    tag_at,
    tags,
)

_REF: Final = re.compile(r"\$?([A-Za-z]{1,3})\$?([0-9]{1,7})")


class SheetSurvey(Struct):
    """A sheet's head (all above its rows), the text behind its rows, and what they say."""

    names: Names
    has_data: bool
    column_styles: list[tuple[int, int, int]] = field(default_factory=list)
    """First and last column (from 0) and the format of cells that are not there."""
    by_row: dict[int, list[tuple[int, int, int]]] = field(default_factory=dict)
    """Merged cells: by each of their rows the first row, the first column and the last."""
    drawing: str | None = None
    """The id that binds it to the shapes of its comments."""

    def anchor(self, row: int, column: int) -> tuple[int, int] | None:
        """The cell that shows what stands in a merged cell; None where it stands alone."""
        return next(((top, left) for top, left, right in self.by_row.get(row, ())
                     if left <= column <= right), None)


def survey(blocks: Iterable[bytes]) -> SheetSurvey:
    """What a sheet says around its rows."""
    head, rest = split_head(iter(blocks))
    names = Names(root_of(head))
    found, last = SheetSurvey(names, has_data=True), None
    for tag in tags(head):
        last = tag
        if names.local(tag) == "col" and not tag.closes:
            _column(found, tag)
    found.has_data = not (last is None or last.is_empty)
    tail = b"".join(rows_end(rest, names) if found.has_data else rest)
    for tag in tags(tail):
        name = names.local(tag)
        if name == "mergeCell" and not tag.closes:
            first, _, last_cell = tag.attributes.get("ref", "").partition(":")
            start, end = cell(first), cell(last_cell or first)
            if start and end:
                for row in range(start[0], end[0] + 1):
                    found.by_row.setdefault(row, []).append((start[0], start[1], end[1]))
        elif name == "legacyDrawing" and not tag.closes:
            found.drawing = next((v for k, v in tag.attributes.items() if k.endswith(":id")), None)
    return found


def split_head(blocks: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """A sheet up to the tag that its rows follow, and what comes behind it."""
    data, names = b"", None
    for block in blocks:
        data += block
        at = 0
        while (at := data.find(b"<", at)) >= 0:
            tag = tag_at(data, at)
            if tag is None:
                break  # the rest comes in the next block
            if isinstance(tag, int):
                at = tag
                continue
            names = names or Names(tag)
            if names.local(tag) == "sheetData":
                return data[:tag.end], _after(data[tag.end:], blocks)
            at = tag.end
    raise OddMarkupError


def rows_end(blocks: Iterable[bytes], names: Names) -> Iterator[bytes]:
    """What stands behind the rows of a sheet."""
    closing = re.compile(rb"</" + names.patterns("sheetData") + rb"\s*>")
    rest, ended = b"", False
    for block in blocks:
        if ended:
            yield block
            continue
        text = rest + block
        if found := list(closing.finditer(text)):  # the last: one before may stand in a comment
            ended = True
            yield text[found[-1].end():]
        rest = text[-100:]
    if not ended:
        raise OddMarkupError


def cell(text: str) -> tuple[int, int] | None:
    """The row (from 1) and column (from 0) of a cell's name."""
    found = _REF.fullmatch(text)
    if found is None:
        return None
    column = 0
    for letter in found[1].upper():
        column = column * 26 + ord(letter) - 64
    return int(found[2]), column - 1


def _after(rest: bytes, blocks: Iterator[bytes]) -> Iterator[bytes]:
    if rest:
        yield rest
    yield from blocks


def _column(found: SheetSurvey, tag: Tag) -> None:
    given = tag.attributes
    if given.get("style", "0") != "0":
        found.column_styles.append(
            (int(given["min"]) - 1, int(given["max"]) - 1, int(given["style"])))
