"""Comments on cells. In: a sheet's comments, what to say of cells. Out: its comments with ours.

Comments of others stay as they are; where a cell has one, ours is put behind it, under a line that
tells it apart. Threaded comments are left alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import IO, Final

from zhuanjie.engine.core.location import column_letter
from zhuanjie.report.workbook.markup import (
    Element,
    Names,
    children,
    edited,
    escaped,
    plain,
    root_of,
    tags,
)
from zhuanjie.report.workbook.sheet_survey import cell

AUTHOR: Final = "zhuanjie"
TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.comments+xml"
_LINE: Final = "---- zhuanjie ----"
"""What our comments begin with, and what stands between somebody's and ours on the same cell."""
_MARKUP: Final = re.compile(rb"<[^>]*>")
_THREAD: Final = "tc="
"""How the author begins of what stands in for a thread of comments."""
_LONGEST: Final = 32_000
"""Characters that a comment may have, and some to spare."""
Cell = tuple[int, int]
Notes = Iterable[tuple[int, int, str]]
"""Rows, columns, and what to say of the cell; each cell once."""


def least_comments(space: str) -> bytes:
    """The comments of a sheet that has none."""
    return (f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<comments xmlns="{space}">'
            f"<authors></authors><commentList></commentList></comments>").encode()


class CommentPart:
    """The comments of one sheet, without those of former marks."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        root = root_of(data)
        self._names = names = Names(root)
        parts = {names.local(e.tag): e for e in children(data, root.end)}
        self._authors, self._list = parts["authors"], parts["commentList"]
        authors = [plain(data[e.tag.end:e.content_end].decode())
                   for e in children(data, self._authors.tag.end)] \
            if not self._authors.tag.is_empty else []
        self._ours = authors.index(AUTHOR) if AUTHOR in authors else None
        self._count = len(authors)
        self.former: set[Cell] = set()
        """Cells that had comments of ours alone."""
        self.threaded: set[Cell] = set()
        """Cells with threads of comments."""
        self.others: dict[Cell, Element] = {}
        """The comments of others, by their cells."""
        self._gone: list[Element] = []
        for element in children(data, self._list.tag.end) if not self._list.tag.is_empty else ():
            given = element.tag.attributes
            at, author = cell(given.get("ref", "")), int(given.get("authorId", "0"))
            if at is None:
                continue
            if author == self._ours or self._is_ours(element):
                self.former.add(at)
                self._gone.append(element)
            elif author < len(authors) and authors[author].startswith(_THREAD):
                self.threaded.add(at)
            else:
                self.others[at] = element

    def _is_ours(self, element: Element) -> bool:
        """Whether a comment is of ours, which not every program keeps the author of."""
        before, found, _ = self._data[element.tag.end:element.content_end].partition(
            _LINE.encode())
        return bool(found) and not _MARKUP.sub(b"", before).strip()

    @property
    def has_former(self) -> bool:
        """Whether former marks say something in it."""
        return bool(self._gone) or any(
            _LINE.encode() in self._data[e.start:e.end] for e in self.others.values())

    @property
    def is_former(self) -> bool:
        """Whether nothing is in it but former marks."""
        return bool(self.former) and not self.others and not self.threaded

    def writer(self, notes: Callable[[], Notes]) -> Callable[[IO[bytes]], None]:
        """What writes the comments with others put in."""
        def write(file: IO[bytes]) -> None:
            beside = {}
            if self.others:
                beside = {(row, column): text for row, column, text in notes()
                          if (row, column) in self.others}
            head, tail = self._around(beside)
            file.write(head)
            for row, column, text in notes():
                if (row, column) not in self.others and (row, column) not in self.threaded:
                    file.write(self._comment(row, column, text))
            file.write(tail)
        return write

    def _around(self, beside: Mapping[Cell, str]) -> tuple[bytes, bytes]:
        """What stands before the comments that are put in, and behind them."""
        p = self._names.prefix
        edits = [(e.start, e.end, b"") for e in self._gone]
        for at, element in self.others.items():
            if (text := self._beside(element, beside.get(at))) is not None:
                edits.append((element.start, element.end, text))
        if self._ours is None:
            edits.append(_within(self._authors, f"<{p}author>{AUTHOR}</{p}author>"))
        mark = b"\0here\0"
        edits.append(_within(self._list, mark.decode()))
        head, _, tail = edited(self._data, edits).partition(mark)
        return head, tail

    def _comment(self, row: int, column: int, text: str) -> bytes:
        p, author = self._names.prefix, self._count if self._ours is None else self._ours
        run = self._run(f"{_LINE}\n{text}")
        return (f'<{p}comment ref="{column_letter(column)}{row}" authorId="{author}"><{p}text>'
                f"{run}</{p}text></{p}comment>").encode()

    def _run(self, text: str) -> str:
        p = self._names.prefix
        shown = text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
        return (f'<{p}r><{p}rPr><{p}sz val="9"/><{p}color indexed="81"/></{p}rPr>'
                f'<{p}t xml:space="preserve">{escaped(shown)}</{p}t></{p}r>')

    def _beside(self, element: Element, text: str | None) -> bytes | None:
        """Somebody's comment with ours behind it; None where it stays as it is."""
        data = self._data[element.start:element.end]
        had = _LINE.encode() in data
        if had:
            data = self._without(data)
        if text is None:
            return data if had else None
        holder = self._text_of(data)
        if holder is None:
            return None
        theirs = _MARKUP.sub(b"", data[holder.tag.end:holder.content_end])
        gap = "" if theirs.endswith((b"\n", b"&#10;", b"&#xA;")) else "\n"
        new = self._run(f"{gap}{_LINE}\n{text}").encode()
        p = self._names.prefix.encode()
        if holder.tag.is_empty:
            return None
        # A text that is not in runs becomes one.
        edits = [(part.start, part.end,
                  b"<" + p + b"r>" + data[part.start:part.end] + b"</" + p + b"r>")
                 for part in children(data, holder.tag.end)
                 if self._names.local(part.tag) == "t"]
        return edited(data, [*edits, (holder.content_end, holder.content_end, new)])

    def _text_of(self, data: bytes) -> Element | None:
        return next((e for e in children(data, root_of(data).end)
                     if self._names.local(e.tag) == "text"), None)

    def _without(self, data: bytes) -> bytes:
        """Somebody's comment without ours behind it."""
        place = data.index(_LINE.encode())
        holder = self._text_of(data)
        assert holder is not None
        edits = []
        for run in children(data, holder.tag.end):
            if run.start > place:  # some programs give each line a run of its own
                edits.append((run.start, run.end, b""))
            elif place < run.end:
                begun = max(t.end for t in tags(data, run.start, run.end) if t.end <= place)
                before = data[begun:place].rstrip()
                edits.append((begun, data.index(b"<", place), before) if before else
                             (run.start, run.end, b""))
        return edited(data, edits)


def _within(element: Element, text: str) -> tuple[int, int, bytes]:
    """The change that puts something in as the last part of an element."""
    if not element.tag.is_empty:
        return element.content_end, element.content_end, text.encode()
    tag = element.tag
    return (tag.start, tag.end, b"<" + tag.name + tag.written.removesuffix(b"/") + b">"
            + text.encode() + b"</" + tag.name + b">")


def joined(texts: Iterable[str]) -> str:
    """What is said of one cell."""
    return "\n\n".join(dict.fromkeys(texts))


