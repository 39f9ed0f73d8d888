"""JSON lines. In: a .jsonl file. Out: one table; of a large file, of columns where it has them.

The file is read once for its keys, so that a bad line is said at once. On the way the records of a
large file are kept as columns (`json_columns.py`), so that nobody parses them again: Polars parses
the lines of which nothing has to be said, and the others are read one by one.
"""

from __future__ import annotations

import codecs
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

import orjson

from zhuanjie.engine.core.diagnostics import Place
from zhuanjie.engine.core.errors import InputError, fail
from zhuanjie.engine.core.limits import limits
from zhuanjie.engine.ledger.documents import parse_json
from zhuanjie.engine.ledger.headings import HeadingMap
from zhuanjie.engine.ledger.readers.base import LedgerTable
from zhuanjie.engine.ledger.readers.columns_table import ColumnsTable
from zhuanjie.engine.ledger.readers.encoding import Digest, in_utf8, survey
from zhuanjie.engine.ledger.readers.json_columns import DTYPES, JsonColumns
from zhuanjie.engine.ledger.readers.objects import Record, row_of
from zhuanjie.engine.ledger.record import cells_of


class LinesTable(ColumnsTable):
    """A .jsonl file, its records numbered by their line."""

    def __init__(self, path: Path, name: str, mapping: HeadingMap,
                 digest: Digest) -> None:
        """Raises InputError for a line that is no record, with its number."""
        LedgerTable.__init__(self)
        self.file = name
        found = survey(path, name, digest)
        self._path = in_utf8(path, name, found, self)
        self.size_hint = found.lines
        self._kept = JsonColumns() if found.lines >= limits().lines_kept_from else None
        self._match(mapping)

    def numbered(self) -> Iterator[tuple[int, Record]]:
        """The records with their lines."""
        first = 1
        for block in self._blocks():
            for number, record in self._read(block, first):
                if record is not None:
                    yield number, record
            first += len(block)

    def _match(self, mapping: HeadingMap) -> None:
        headings: dict[str, None] = {}
        first = 1
        for text in self._texts():
            first += self._take(text, headings, first)
        if self._kept and not self._kept.finish():
            self._kept = None
        elif self._kept:
            self.size_hint = self._kept.rows
        self._headed(list(headings), mapping)
        if not self._means_the_same():
            self._kept = None

    def _take(self, text: bytes, headings: dict[str, None], first: int) -> int:
        """Take in some lines, the number of the first given; returns how many there are."""
        rows = text.count(b"\n") + (not text.endswith(b"\n"))
        if self._kept and headings and self._kept.decode(text, rows, list(headings)):
            return rows
        if self._kept and self._kept.given_up:
            self._kept = None
        if rows > limits().line_block and b"\r" not in text:
            # One odd line is not to make a thousand others slow.
            cut = text.rfind(b"\n", 0, len(text) // 2) + 1 or text.find(b"\n") + 1
            done = self._take(text[:cut], headings, first)
            return done + self._take(text[cut:], headings, first + done)
        lines = text.splitlines()  # one may end in a carriage return alone
        for at in range(0, len(lines), limits().line_block):
            self._take_singly(lines[at:at + limits().line_block], headings, first + at)
        return len(lines)

    def _take_singly(self, block: list[bytes], headings: dict[str, None], first: int) -> None:
        """Take in lines that are read one by one."""
        values = _alike(block, list(headings)) if self._kept else None
        if values is None:
            cells = [{} if record is None else cells_of(record, Place(self.file, line=number))
                     for number, record in self._read(block, first)]
            for known in cells:
                if not headings.keys() >= known.keys():
                    headings |= dict.fromkeys(known)
            values = zip(*(row_of(c, list(headings)) for c in cells), strict=True)
        if self._kept and not self._kept.add(values, len(block)):
            self._kept = None

    def _texts(self) -> Iterator[bytes]:
        """The lines, some megabytes at a time."""
        with self._path.open("rb") as file:
            file.seek(len(codecs.BOM_UTF8) if file.read(3) == codecs.BOM_UTF8 else 0)
            while text := file.read(limits().lines_part):
                yield text + file.readline()

    def _blocks(self) -> Iterator[list[bytes]]:
        """The lines, some at a time."""
        with self._path.open("rb") as file:
            file.seek(len(codecs.BOM_UTF8) if file.read(3) == codecs.BOM_UTF8 else 0)
            while block := list(islice(file, limits().line_block)):
                if b"\r" in (whole := b"".join(block)):  # a line may end in that alone
                    block = whole.splitlines()
                yield block

    def _read(self, block: Sequence[bytes], first: int) -> Iterator[tuple[int, Record | None]]:
        """What each line holds, with its number; None where it is blank."""
        for number, line in enumerate(block, first):
            if not line.decode().strip():
                yield number, None
                continue
            record = _parse(line, self.file, number)
            if not isinstance(record, Mapping):
                raise fail(InputError, "records.line-shape", Place(self.file, line=number),
                           "records.hint.line-shape")
            yield number, record


def _alike(block: Sequence[bytes], headings: list[str]) -> Iterable[Collection[object]] | None:
    """The columns of lines that all hold these keys, in this order and once, and plain values.

    A program mostly writes such lines. None, and they are read one by one, where one is otherwise.
    """
    try:
        records = list(map(orjson.loads, block))
    except orjson.JSONDecodeError:
        return None
    if (set(map(type, records)) != {dict} or not all(map(headings.__eq__, map(list, records)))
            or any(_may_repeat(line, len(headings)) for line in block)):
        return None
    columns = list(zip(*map(dict.values, records), strict=True))
    plain = DTYPES.keys() | {type(None)}
    return columns if all(plain >= set(map(type, cells)) for cells in columns) else None


def _parse(line: bytes, name: str, number: int) -> object:
    """A line as `parse_json` has it, and nearly always much sooner."""
    try:
        record = orjson.loads(line)
    except orjson.JSONDecodeError:
        return parse_json(line.decode(), name, number)
    if (type(record) is dict and not _may_repeat(line, len(record))
            and DTYPES.keys() | {type(None)} >= set(map(type, record.values()))):
        return record
    return parse_json(line.decode(), name, number)


def _may_repeat(line: bytes, keys: int) -> bool:
    """Whether a key may stand twice in a line: it shows in the colons behind keys."""
    return (line.count(b'":') != keys or b"\t" in line
            or (b" " in line and b" :" in line))  # one byte is found far sooner than two
