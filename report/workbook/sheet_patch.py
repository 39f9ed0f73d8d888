"""Cells given another format. In: a sheet's XML, the cells to mark. Out: the sheet's XML.

The sheet passes block by block. Rows without a mark are copied as they stand; in the others the
format of a cell is all that changes, and cells and rows that are not there are put in in order.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from zhuanjie.engine.core.location import column_letter
from zhuanjie.report.workbook.marks import CellMarks
from zhuanjie.report.workbook.markup import (
    OddMarkupError,
    Tag,
    edited,
    tag_at,
    tags,
    with_attributes,
)
from zhuanjie.report.workbook.sheet_survey import SheetSurvey, cell, split_head
from zhuanjie.report.workbook.styles import Kind, StyleBook

_UNUSUAL: Final = (b"<!", b"<?", b"xmlns")
"""What may hide a tag, or give one another meaning."""
_NUMBER: Final = re.compile(rb"\sr\s*=\s*[\"']([0-9]+)[\"']")
_LATER: Final = ("legacyDrawingHF", "drawingHF", "picture", "oleObjects", "controls",
                 "webPublishItems", "tableParts", "extLst")
"""What comes behind the shapes of comments in a sheet."""


def patched(blocks: Iterable[bytes], survey: SheetSurvey, marks: CellMarks, styles: StyleBook,
            drawing: str | None) -> Iterator[bytes]:
    """The sheet with its cells marked, former marks taken off; `drawing` is the element that binds
    it to the shapes of its comments (empty for none, None where it stays as it is).
    """
    head, rest = split_head(iter(blocks))
    yield from _Patch(survey, marks, styles).run(head, rest, drawing)


class _Patch:
    """One sheet on its way."""

    def __init__(self, survey: SheetSurvey, marks: CellMarks, styles: StyleBook) -> None:
        self._names, self._survey = survey.names, survey
        self._styles, self._marks = styles, marks
        self._wanted = iter(marks.rows())
        self._next = next(self._wanted, None)
        self._row = 0
        """The number of the row that was passed last."""
        self._former = _of_former(styles)
        row = self._names.patterns("row")
        self._open = re.compile(
            rb"<(" + row + rb")(?=[\s/>])((?:[^<>\"']++|\"[^\"<]*+\"|'[^'<]*+')*+)>")
        self._end = re.compile(rb"</" + self._names.patterns("sheetData") + rb"\s*>")

    def run(self, head: bytes, rest: Iterator[bytes], drawing: str | None) -> Iterator[bytes]:
        """The sheet."""
        if not self._survey.has_data:
            yield from self._empty(head)
            yield self._tail(b"".join(rest), drawing)
            return
        yield head
        data = b""
        for block in rest:
            data += block
            out, at, ended = self._rows(data)
            yield from out
            data = data[at:]
            if ended:
                yield from self._missing(None)
                yield self._tail(data + b"".join(rest), drawing)
                return
        raise OddMarkupError

    def _rows(self, data: bytes) -> tuple[list[bytes], int, bool]:
        """The whole rows of a text; how far they reach, and whether the last is among them."""
        if any(sign in data for sign in _UNUSUAL):
            return self._walk(data)
        out: list[bytes] = []
        copied = at = 0
        last = self._end.search(data)
        limit = last.start() if last else len(data)
        while True:
            found = self._open.search(data, at, limit)
            if found is None:
                if last is None and data.find(b"<", at) >= 0:  # a row may begin there
                    limit = max(at, data.rfind(b"<"))
                return [*out, data[copied:limit]], limit, last is not None
            if found[2].endswith(b"/"):
                close = found.end()
            else:
                close = data.find(b"</" + found[1], found.end())
                close = data.find(b">", close) + 1 if close >= 0 else 0
                if close <= 0:
                    return [*out, data[copied:found.start()]], found.start(), False
            tag = Tag(found.start(), found.end(), found[1], found[2], closes=False)
            new = self._one(data, tag, close)
            if new is not None:
                out += (data[copied:tag.start], *new)
                copied = close
            at = close

    def _walk(self, data: bytes) -> tuple[list[bytes], int, bool]:
        """The same where not every `<` begins a tag."""
        out: list[bytes] = []
        copied = at = 0
        first: Tag | None = None
        while (at := data.find(b"<", at)) >= 0:
            tag = tag_at(data, at)
            if tag is None:
                break
            if isinstance(tag, int):
                at = tag
                continue
            at, name = tag.end, self._names.local(tag)
            if name == "sheetData" and tag.closes:
                return [*out, data[copied:tag.start]], tag.start, True
            if name != "row":
                continue
            if not tag.closes:
                first = tag
            if (tag.closes or tag.is_empty) and first is not None:
                new = self._one(data, first, tag.end)
                if new is not None:
                    out += (data[copied:first.start], *new)
                    copied = tag.end
                first = None
        end = first.start if first is not None else at if at >= 0 else len(data)
        return [*out, data[copied:end]], end, False

    def _one(self, data: bytes, tag: Tag, end: int) -> list[bytes] | None:
        """A row with its marks, behind rows that are not there; None where nothing changes."""
        found = _NUMBER.search(tag.written)
        number = int(found[1]) if found else self._number(tag)
        if number <= self._row:
            raise OddMarkupError
        self._row = number
        before = list(self._missing(number))
        kinds: Mapping[int, Kind] = {}
        if self._next == number:
            kinds = self._marks.row(number)
            self._next = next(self._wanted, None)
        if kinds or (self._former and self._former.search(data, tag.end, end)):
            return [*before, self._marked(data, tag, end, number, kinds)]
        return [*before, data[tag.start:end]] if before else None

    def _number(self, tag: Tag) -> int:
        text = tag.attributes.get("r")
        return self._row + 1 if text is None else int(text)

    def _missing(self, until: int | None) -> Iterator[bytes]:
        """The rows with marks that are not there, before a row."""
        while self._next is not None and (until is None or self._next < until):
            p = self._names.prefix
            cells = "".join(self._cell(self._next, column, self._inherited(column, None), kind)
                            for column, kind in sorted(self._marks.row(self._next).items()))
            yield f'<{p}row r="{self._next}">{cells}</{p}row>'.encode()
            self._next = next(self._wanted, None)

    def _empty(self, head: bytes) -> Iterator[bytes]:
        """The head of a sheet without rows, and the rows that marks need."""
        rows = list(self._missing(None))
        if not rows:
            yield head
            return
        last = list(tags(head))[-1]
        yield head[:last.end - 2] + b">"
        yield from rows
        yield b"</" + last.name + b">"

    def _marked(self, data: bytes, row: Tag, end: int, number: int,
                kinds: Mapping[int, Kind]) -> bytes:
        """A row with formats changed and cells put in."""
        edits: list[tuple[int, int, bytes]] = []
        left = sorted(kinds.items())
        style = row.attributes
        own = int(style.get("s", "0")) if style.get("customFormat") in ("1", "true") else None
        column, depth, close = -1, 0, row.end
        created: list[int] = []

        def put(at: int, before: int) -> None:
            text = ""
            while left and left[0][0] < before:
                position, kind = left.pop(0)
                text += self._cell(number, position, self._inherited(position, own), kind)
                created.append(position)
            if text:
                edits.append((at, at, text.encode()))

        for tag in () if row.is_empty else tags(data, row.end, end):
            if tag.closes:
                depth -= 1
                if depth < 0:
                    close = tag.start
                continue
            if depth == 0:
                if self._names.local(tag) == "c":
                    given = tag.attributes
                    place = cell(given.get("r", ""))
                    column = place[1] if place else column + 1
                    put(tag.start, column)
                    kind = left.pop(0)[1] if left and left[0][0] == column else None
                    edits += self._change(tag, int(given.get("s", "0")), kind)
                else:
                    put(tag.start, 1 << 20)
            depth += not tag.is_empty
        put(close, 1 << 20)
        head = _spanning(row, created)
        if row.is_empty:
            cells = b"".join(text for *_, text in edits)
            return (head.removesuffix(b"/>") + b">" + cells + b"</" + row.name + b">") \
                if cells else data[row.start:end]
        edits.append((row.start, row.end, head))
        return edited(data[:end], edits)[row.start:]

    def _change(self, tag: Tag, style: int, kind: Kind | None) -> Iterator[tuple[int, int, bytes]]:
        new = self._styles.marked(style, kind) if kind else self._styles.former.get(style, style)
        if new != style:
            yield tag.start, tag.end, with_attributes(tag, {"s": str(new)})

    def _cell(self, row: int, column: int, style: int, kind: Kind) -> str:
        return (f'<{self._names.prefix}c r="{column_letter(column)}{row}" '
                f's="{self._styles.marked(style, kind)}"/>')

    def _inherited(self, column: int, row: int | None) -> int:
        """The format of a cell that is not there."""
        if row is not None:
            return row
        return next((style for first, last, style in self._survey.column_styles
                     if first <= column <= last), 0)

    def _tail(self, data: bytes, drawing: str | None) -> bytes:
        """What stands behind the rows, bound to the shapes of its comments."""
        if drawing is None:
            return data
        edits: list[tuple[int, int, bytes]] = []
        place, depth, begun = None, 0, None
        for tag in tags(data):
            name = self._names.local(tag)
            if name == "legacyDrawing":
                edits.append((tag.start, tag.end, b""))
            if tag.closes:
                depth -= 1
                if depth == 0:
                    begun = None
                if depth < 0 and name == "worksheet":
                    place = tag.start if place is None else place
                    break
                depth = max(depth, 0)
                continue
            if depth == 0:
                begun = tag.start
            # Programs wrap what only some understand; what is within says what it is.
            if place is None and begun is not None and name in _LATER:
                place = begun
            depth += not tag.is_empty
        if place is None:
            raise OddMarkupError
        if drawing:
            edits.append((place, place, drawing.encode()))
        return edited(data, edits)


def _spanning(row: Tag, created: list[int]) -> bytes:
    """The first tag of a row, which may say how far its cells reach."""
    spans = row.attributes.get("spans", "")
    if not created or ":" not in spans or " " in spans:
        return with_attributes(row, {"spans": None} if created and spans else {})
    first, last = map(int, spans.split(":"))
    return with_attributes(row, {
        "spans": f"{min(first, created[0] + 1)}:{max(last, created[-1] + 1)}"})


def _of_former(styles: StyleBook) -> re.Pattern[bytes] | None:
    """A pattern for the formats of former marks; None where there are none."""
    if not styles.former:
        return None
    numbers = "|".join(map(str, sorted(styles.former)))
    return re.compile(rf"\ss\s*=\s*[\"'](?:{numbers})[\"']".encode())


