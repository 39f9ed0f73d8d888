"""Which keys a mapping has already. In: a pack as read, a cursor on a key of it. Out: those."""

from __future__ import annotations

import re
from collections.abc import Iterator

from zhuanjie.engine.authoring.editor.cursor import Cursor
from zhuanjie.engine.authoring.editor.reading import PackReading
from zhuanjie.engine.authoring.editor.text_map import TextMap


def siblings(reading: PackReading, text: TextMap, cursor: Cursor, offset: int) -> set[str]:
    """The keys beside the one that is typed: by the parts of the file, else by its lines."""
    source = next((f.source for f in reading.files.values()
                   if f.source is not None and f.text == text.text), None)
    if source is not None:
        return {str(t[-1]) for t in source.keys
                if t[:-1] == cursor.trail and t[-1] != cursor.before}
    return set(_around(text, cursor, offset))


def _around(text: TextMap, cursor: Cursor, offset: int) -> Iterator[str]:
    number, _ = text.line_of(offset)
    column = cursor.column
    for step in (-1, 1):
        at = number + step
        while 0 <= at < text.lines:
            line = text.line(at)
            at += step
            indent = len(line) - len(line.lstrip(" "))
            if not line.strip() or indent > column:
                continue
            found = re.match(r"[ -]*([\w.\"'-]+)\s*:", line)
            dash = line.lstrip().startswith("- ")
            if (indent < column and not dash) or (dash and step > 0):
                break
            if found is not None and found.start(1) == column:
                yield found[1].strip("'\"")
            if dash or indent < column:
                break
