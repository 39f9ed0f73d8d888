"""JSON lines. In: a .jsonl file. Out: one table; of a large file, of columns where it has them.

The file is read once for its keys, so that a bad line is said at once. On the way the records of a
large file are kept as columns in a folder of the moment, so that nobody parses them again: where
every key has values of one kind a column loses nothing, and otherwise records stay objects.
"""

from __future__ import annotations

import codecs
import shutil
import weakref
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
import polars as pl

from zhuanjie.engine.core.diagnostics import Place
from zhuanjie.engine.core.errors import InputError, fail
from zhuanjie.engine.core.limits import limits
from zhuanjie.engine.core.temporary import new_folder
from zhuanjie.engine.ledger.documents import parse_json
from zhuanjie.engine.ledger.headings import HeadingMap
from zhuanjie.engine.ledger.readers.base import Chunk, LedgerTable
from zhuanjie.engine.ledger.readers.encoding import Digest, in_utf8, survey
from zhuanjie.engine.ledger.readers.frames import frame_chunks
from zhuanjie.engine.ledger.readers.objects import ObjectTable, Record, row_of
from zhuanjie.engine.ledger.record import cells_of

_DTYPES: dict[type, Any] = {str: pl.String, bool: pl.Boolean, int: pl.Int64}
"""The kinds that columns hold. A number beyond 64 bits shows as another: as a float."""


class LinesTable(ObjectTable):
    """A .jsonl file, its records numbered by their line."""

    def __init__(self, path: Path, name: str, mapping: HeadingMap,
                 digest: Digest) -> None:
        """Raises InputError for a line that is no record, with its number."""
        LedgerTable.__init__(self)
        self.file = name
        found = survey(path, name, digest)
        self._path = in_utf8(path, name, found, self)
        self.size_hint = found.lines
        self._kept = _columns() if found.lines >= limits().lines_kept_from else None
        self._match(mapping)

    def numbered(self) -> Iterator[tuple[int, Record]]:
        """The records with their lines."""
        first = 1
        for block in self._blocks():
            for number, record in self._read(block, first):
                if record is not None:
                    yield number, record
            first += len(block)

    def scan(self) -> pl.LazyFrame | None:
        """The lines as a query, where they were kept as columns."""
        return self._kept.scan(len(self.headings)) if self._kept else None

    @property
    def at_once(self) -> int | None:
        """Columns can be read from any line on."""
        return limits().text_rows if self._kept else None

    def chunks(self, size: int) -> Iterator[Chunk]:
        """The records in blocks."""
        if (scan := self.scan()) is None:
            yield from super().chunks(size)
            return
        try:
            yield from frame_chunks(scan, range(len(self.headings)), size)
        except pl.exceptions.PolarsError as error:
            raise self.damaged(error) from None

    def close(self) -> None:
        """Delete what was kept."""
        if self._kept:
            self._kept.delete()

    def _match(self, mapping: HeadingMap) -> None:
        headings: dict[str, None] = {}
        first = 1
        for block in self._blocks():
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
            first += len(block)
        if self._kept and (rows := self._kept.finish()) is None:
            self._kept = None
        elif self._kept:
            self.size_hint = rows
        self._headed(list(headings), mapping)

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
    plain = _DTYPES.keys() | {type(None)}
    return columns if all(plain >= set(map(type, cells)) for cells in columns) else None


def _parse(line: bytes, name: str, number: int) -> object:
    """A line as `parse_json` has it, and nearly always much sooner."""
    try:
        record = orjson.loads(line)
    except orjson.JSONDecodeError:
        return parse_json(line.decode(), name, number)
    if (type(record) is dict and not _may_repeat(line, len(record))
            and _DTYPES.keys() | {type(None)} >= set(map(type, record.values()))):
        return record
    return parse_json(line.decode(), name, number)


def _may_repeat(line: bytes, keys: int) -> bool:
    """Whether a key may stand twice in a line: it shows in the colons behind keys."""
    return (line.count(b'":') != keys or b"\t" in line
            or (b" " in line and b" :" in line))  # one byte is found far sooner than two


def _columns() -> _Columns | None:
    try:
        return _Columns()
    except OSError:  # no place for files of the moment
        return None


class _Columns:
    """Records kept as columns, in files that go with this object."""

    def __init__(self) -> None:
        self._folder = new_folder()
        self.delete = weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        self._kinds: dict[int, type] = {}
        self._frames: list[pl.DataFrame] = []
        self._files: list[Path] = []
        self._waiting = self._rows = 0

    def add(self, cells_by_column: Iterable[Collection[object]], rows: int) -> bool:
        """Keep the next rows; False, and nothing is kept, where a column mixes kinds.

        There may be more columns than the time before, behind those.
        """
        columns: dict[str, pl.Series] = {"": pl.repeat(True, rows, eager=True)}
        for at, cells in enumerate(cells_by_column):
            kinds = set(map(type, cells)) - {type(None)}
            if not kinds:
                continue
            kind = self._kinds.setdefault(at, next(iter(kinds)))
            if kinds != {kind} or kind not in _DTYPES:
                return self._give_up()
            try:
                columns[str(at)] = pl.Series(cells, dtype=_DTYPES[kind])
            except (OverflowError, TypeError, UnicodeError, pl.exceptions.PolarsError):
                # A number beyond 64 bits, half a character.
                return self._give_up()
        self._frames.append(pl.DataFrame(columns))
        self._waiting += rows
        return self._waiting < limits().kept_part or self._write()

    def finish(self) -> int | None:
        """Write what waits; returns how many rows there are, None where it cannot be written."""
        return self._rows if self._write() else None

    def scan(self, width: int) -> pl.LazyFrame:
        """The columns by position; those without any cell are null."""
        schema = {"": pl.Boolean, **{str(at): _DTYPES[kind] for at, kind in self._kinds.items()}}
        there = pl.scan_parquet(self._files, schema=schema, missing_columns="insert", glob=False)
        return there.select(pl.col(str(at)) if at in self._kinds else pl.lit(None).alias(str(at))
                            for at in range(width))

    def _write(self) -> bool:
        if not self._frames:
            return True
        path = self._folder / f"{len(self._files):06}.parquet"
        try:
            pl.concat(self._frames, how="diagonal").write_parquet(path, compression="lz4")
        except (OSError, pl.exceptions.PolarsError):  # no room: it goes without
            return self._give_up()
        self._files.append(path)
        self._rows += self._waiting
        self._waiting = 0
        self._frames.clear()
        return True

    def _give_up(self) -> bool:
        self.delete()
        return False
