"""Whether quotes pair up. In: delimited text in UTF-8. Out: yes or no; a copy where they do.

Where every opening quote stands at the start of a cell and every closing one at its end, fast
readers can be trusted; elsewhere they guess, and may guess in silence.
"""

from __future__ import annotations

import codecs
import csv
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path

from zhuanjie.engine.core import temporary
from zhuanjie.engine.core.unicode import BLANKS
from zhuanjie.engine.ledger.readers.encoding import blocks

LONGEST = 1 << 24
"""Characters a cell may have; beyond them a quote was not closed."""
MOST_LINES = 1000
"""Lines a cell may have."""


def well_quoted(path: Path, delimiter: str, width: int | None = None) -> bool:
    """Whether quotes stand only around cells and doubled within them, to the end of the file.

    And, where `width` is given, no quoted cell holds what may be rows of so many columns.
    """
    edges = delimiter.encode() + b"\r\n"
    inside = False
    rest = b""
    for number, block in enumerate(blocks(path)):
        text = rest + (block.removeprefix(codecs.BOM_UTF8) if number == 0 else block)
        cut = max(text.rfind(b"\n"), text.rfind(edges[:1])) + 1
        if cut == 0 and len(text) > LONGEST:
            return False
        text, rest = text[:cut], text[cut:]
        sound, inside = _scan(text, inside, edges, width)
        if not sound:
            return False
    sound, inside = _scan(rest, inside, edges, width)
    return sound and not inside


def requote(path: Path, delimiter: str, width: int) -> tuple[Path, list[int]]:
    """A temporary copy of a file, its quotes in order and its cells parted by commas.

    A quote inside a bare cell is kept as text. Where one opens a cell and is not closed as it
    should be, or only after rows that look like those of the table, its line is read as if it were
    text; such rows are named by their number, from 1. The caller deletes the copy.
    """
    limit = csv.field_size_limit(LONGEST)
    stray: list[int] = []
    with temporary.room():
        copy = temporary.new_file(".csv")
        try:
            with (
                path.open(encoding="utf-8-sig", newline="\n") as file,
                copy.open("w", encoding="utf-8", newline="") as out,
            ):
                writer = csv.writer(out)
                for number, (row, is_stray) in enumerate(_Records(file, delimiter, width), 1):
                    writer.writerow(row)
                    if is_stray:
                        stray.append(number)
        except BaseException:
            copy.unlink(missing_ok=True)
            raise
        finally:
            csv.field_size_limit(limit)
    return copy, stray


class _StrayError(Exception):
    """A quoted cell has more lines than any would."""


class _Records:
    """The records of a text, each with whether a quote in it was out of place."""

    def __init__(self, lines: Iterable[str], delimiter: str, width: int) -> None:
        self._lines, self._delimiter, self._width = iter(lines), delimiter, width
        self._waiting = deque[str]()
        self._taken: list[str] = []
        """The lines of the record that is being read."""

    def __iter__(self) -> Iterator[tuple[list[str], bool]]:
        while True:
            reader = csv.reader(self._feed(), delimiter=self._delimiter, strict=True)
            try:
                for row in reader:
                    if self._swallowed(row):
                        raise _StrayError
                    self._taken = []
                    yield row, False
            except (csv.Error, _StrayError):
                line, *later = self._taken
                self._waiting.extendleft(reversed(later))
                self._taken = []
            else:
                return
            yield self._as_text(line), True

    def _feed(self) -> Iterator[str]:
        while True:
            line = self._waiting.popleft() if self._waiting else next(self._lines, None)
            if line is None:
                return
            self._taken.append(line)
            if len(self._taken) > MOST_LINES:
                raise _StrayError
            yield line

    def _swallowed(self, row: list[str]) -> bool:
        """Whether every line of a record is a record of its own but for the quotes.

        Where the record has as many cells as the table, one of them may be a text of several
        lines; then its lines have to be filled as rows are.
        """
        lines = self._taken
        if len(lines) < 2 or self._width < 3:
            return False
        cells = [line.split(self._delimiter) for line in lines]
        if any(len(line) != self._width for line in cells):
            return False
        return len(row) != self._width or (
            sum(line.count('"') for line in lines) == 2
            and all(cell.strip(BLANKS + '"') for line in cells for cell in line))

    def _as_text(self, line: str) -> list[str]:
        """The cells of a line in which quotes say little: those around a cell are left out."""
        cells = line.rstrip("\r\n").split(self._delimiter)
        return [c[1:-1].replace('""', '"') if len(c) > 1 and c[0] == c[-1] == '"' else c
                for c in cells]


def _scan(text: bytes, inside: bool, edges: bytes, width: int | None) -> tuple[bool, bool]:
    """Whether the quotes in a text that begins and ends between cells are sound; the new state.

    Splitting at quotes gives what is inside them and what is outside in turn. What is outside
    must begin and end at the edge of a cell, or be empty: then it is a doubled quote.
    """
    parts = text.split(b'"')
    outside = parts[inside::2]
    if width and _may_swallow(parts[1 - inside::2], edges[:-2], width):
        return False, inside
    ends_inside = inside == (len(parts) % 2 == 1)
    if not outside:
        return True, ends_inside
    first = b"" if inside else outside.pop(0)
    last = b"" if ends_inside or not outside else outside.pop()
    middle = set(outside)
    middle.discard(b"")
    return (
        (len(parts) == 1 or first[-1:] in edges)
        and last[:1] in edges
        and all(part[0] in edges and part[-1] in edges for part in middle)
    ), ends_inside


def _may_swallow(quoted: list[bytes], delimiter: bytes, width: int) -> bool:
    """Whether some quoted text has line breaks and as many delimiters as rows would have."""
    if b"\n" not in b"".join(quoted):
        return False
    return any(
        (lines := cell.count(b"\n"))
        and cell.count(delimiter) >= max(1, (lines - 1) * (width - 1)) for cell in quoted)
