"""Records that are JSON, kept as columns. In: lines, or cells by column. Out: frames, in parts.

Polars parses lines fast and is content with what has to be spoken of: a key given twice, a number
where texts stand. So pairs are counted in the bytes and in the columns, by their kind: where the
counts agree, nothing was passed over. Where they do not, lines are left to be read one by one.

A column of texts, truth values or whole numbers alone is of that kind. One that mixes them, or
holds other numbers, is of texts, which mean the same to whoever reads a cell: where they do not,
the columns give up.
"""

from __future__ import annotations

import re
import shutil
import weakref
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
from msgspec import Struct

from zhuanjie.engine.core.limits import limits
from zhuanjie.engine.core.temporary import new_folder
from zhuanjie.engine.ledger.cells.text import EXACT, as_text
from zhuanjie.engine.ledger.readers.base import Part

DTYPES: dict[type, Any] = {str: pl.String, bool: pl.Boolean, int: pl.Int64}
"""The kinds that columns hold. A number beyond 64 bits shows as another: as a float."""

_MIXED = object
"""The kind of a column of texts that stand for values of several kinds."""
_NULL = -987654321
"""What stands for null while pairs are counted: a key that is there, and no key at all, are alike
in a column otherwise."""
_HEAD = 1 << 16
PATIENCE = 16
"""Times in a row that Polars is asked in vain: lines with objects in them are never sure."""
_TRUTHS = ("true", "false")
_LOST_ZERO = re.compile(r"\d{4}\.1", re.ASCII)
_UNSURE = re.compile(
    rb'": ?(?:-0|-?(?:[0-9]{19}|(?=[0-9.]{14})[0-9]+\.|[0-9.]+[eE]|[0-9]{4}\.1[,} \r\n]))')
"""Numbers that may not be what Polars makes texts of."""


class _Kept(Struct, frozen=True):
    """Some rows: how many, the kinds of their columns, and a query of them."""

    rows: int
    kinds: dict[int, type]
    scan: pl.LazyFrame


class _NoColumnError(Exception):
    """A value for which no text can stand."""


class JsonColumns:
    """Records kept as columns, in memory or in files that go with this object."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._left = limits().held_bytes // 2
        self._kinds: dict[int, type] = {}
        self._patience = PATIENCE
        self._marks = False
        """Whether nulls were met, which are to be marked."""
        self._truths: set[int] = set()
        """Columns of mixed kinds in which truth values may stand."""
        self._frames: list[pl.DataFrame] = []
        self._waiting = 0
        self._parts: list[_Kept] = []
        self.rows = 0
        self.given_up = False
        """Whether nothing is kept, since some cells cannot be, or there is no room."""

    def delete(self) -> None:
        """Let go of all rows; they are not asked for again."""
        self._parts.clear()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def decode(self, text: bytes, rows: int, headings: Sequence[str]) -> bool:
        """Keep lines that hold known keys once and known kinds; False, and nothing is kept,
        where that is not sure.
        """
        if self._patience == 0 or _is_odd(text):
            return False
        self._patience -= 1
        before = b'": ' if b'": ' in text[:_HEAD] else b'":'
        with ThreadPoolExecutor(1) as aside:
            counting = aside.submit(_Counts, text, before)
            parsed = self._parsed(text, before, headings)
            try:
                counts = counting.result()
            except pl.exceptions.PolarsError:  # these are no characters
                return False
        if parsed is None or counts.apart:
            return False
        frame, nulls = parsed
        if not nulls and _filled(frame)[1] < counts.pairs and not self._marks:
            self._marks = True
            if (parsed := self._parsed(text, before, headings)) is None:
                return False
            frame, nulls = parsed
        kinds = [self._kinds.get(at) for at in range(len(headings))]
        if len(frame) != rows or _filled(frame)[1] != counts.pairs:
            return False
        frame = frame.select(_unmarked(at, kind, nulls) for at, kind in enumerate(kinds))
        if not self._are_of_kind(frame, kinds, counts, nulls):
            return False
        self._patience = PATIENCE
        return self._take(frame.select(pl.lit(value=True).alias(""), *(
            str(at) for at, kind in enumerate(kinds) if kind is not None)), rows)

    def _parsed(self, text: bytes, before: bytes,
                headings: Sequence[str]) -> tuple[pl.DataFrame, int] | None:
        """The lines as Polars reads them, nulls marked where some were met, and how many there are.
        """
        kinds = [self._kinds.get(at) for at in range(len(headings))]
        nulls = 0
        if self._marks:
            mark = b"%d" % _NULL
            marked = text.replace(before + b"null", before + mark)
            nulls = (len(marked) - len(text)) // (len(mark) - len(b"null"))
            text = marked
        try:
            frame = pl.read_ndjson(text, schema={
                heading: pl.Int64 if kind is int else pl.String
                for heading, kind in zip(headings, kinds, strict=True)})
        except pl.exceptions.PolarsError:
            return None
        frame.columns = [str(at) for at in range(len(headings))]
        return frame, nulls

    def _are_of_kind(self, frame: pl.DataFrame, kinds: Sequence[type | None], counts: _Counts,
                     nulls: int) -> bool:
        """Whether the values are surely of the kinds of their columns."""
        filled, sums = _filled(frame)[0], Counter[type | None]()
        for kind, count in zip(kinds, filled, strict=True):
            sums[kind] += count
        # Truth values that are none were left out, so that there are fewer.
        if sums[None] or sum(sums.values()) != counts.pairs - nulls:
            return False
        texts, others = counts.texts - sums[str], sums[bool] + sums[int]
        if sums[_MIXED] == 0:
            certain = texts == 0
        else:
            truths = counts.truths - sums[bool]
            numbers = counts.pairs - nulls - counts.texts - counts.truths - sums[int]
            certain = min(texts, truths, numbers) >= 0 and not counts.nested and not (
                numbers and _UNSURE.search(counts.text))
            others += truths
        if certain and others:
            # One may stand where a text is expected, for a text that stands there.
            held = [str(at) for at, kind in enumerate(kinds) if kind in (str, _MIXED)]
            found = frame.select(pl.col(name).is_in(_TRUTHS).any() for name in held)
            self._truths.update(int(name) for name in held if found[name][0])
        return certain

    def add(self, cells_by_column: Iterable[Collection[object]], rows: int) -> bool:
        """Keep the next rows; False, and nothing is kept, where no column can hold them.

        There may be more columns than the time before, behind those.
        """
        columns = {"": pl.repeat(True, rows, eager=True)}
        for at, cells in enumerate(cells_by_column):
            found = set(map(type, cells)) - {type(None)}
            if not found:
                continue
            kind = next(iter(found)) if len(found) == 1 and found <= DTYPES.keys() else _MIXED
            try:
                column = _column(cells, kind)
                if (former := self._kinds.setdefault(at, kind)) is not kind or kind is _MIXED:
                    # What waits is of the former kind.
                    if former is not _MIXED and not self._write():
                        return False
                    self._kinds[at] = _MIXED
                    column = _column(cells, _MIXED)
                    if bool in (former, *found):
                        self._truths.add(at)
            except (OverflowError, TypeError, UnicodeError, _NoColumnError,
                    pl.exceptions.PolarsError):
                return self._give_up()
            columns[str(at)] = column
        return self._take(pl.DataFrame(columns), rows)

    def finish(self) -> bool:
        """Keep what waits; whether that could be done."""
        return self._write()

    def mixes_truth(self, columns: Iterable[int]) -> bool:
        """Whether in some of these columns truth values may stand beside others, as texts."""
        return not self._truths.isdisjoint(columns)

    def parts(self, width: int) -> list[Part]:
        """The rows in parts, their columns called by position; those without any cell are null."""
        return [partial(self._read, kept, width) for kept in self._parts]

    def scan(self, width: int) -> pl.LazyFrame:
        """All rows."""
        return pl.concat([part({}) for part in self.parts(width)])

    def _read(self, kept: _Kept, width: int, kinds: Mapping[str, pl.DataType]) -> pl.LazyFrame:
        cells = kept.scan.select(self._cell(kept, at).alias(str(at)) for at in range(width))
        return cells.with_columns(pl.col(name).cast(kind) for name, kind in kinds.items())

    def _cell(self, kept: _Kept, at: int) -> pl.Expr:
        kind = self._kinds.get(at)
        if kind is None:
            return pl.lit(None)
        dtype = DTYPES.get(kind, pl.String)
        if at not in kept.kinds:
            return pl.lit(None, dtype=dtype)
        return pl.col(str(at)) if kept.kinds[at] is kind else pl.col(str(at)).cast(dtype)

    def _take(self, columns: pl.DataFrame, rows: int) -> bool:
        self._frames.append(columns)
        self._waiting += rows
        return self._waiting < limits().kept_part or self._write()

    def _write(self) -> bool:
        if not self._frames:
            return True
        frame = pl.concat(self._frames, how="diagonal")
        kinds = {int(name): self._kinds[int(name)] for name in frame.columns if name}
        if (size := int(frame.estimated_size())) <= self._left:
            self._left -= size
            scan = frame.lazy()
        else:
            try:
                scan = self._spilled(frame)
            except (OSError, pl.exceptions.PolarsError):  # no room: it goes without
                return self._give_up()
        self._parts.append(_Kept(len(frame), kinds, scan))
        self.rows += len(frame)
        self._waiting = 0
        self._frames.clear()
        return True

    def _spilled(self, frame: pl.DataFrame) -> pl.LazyFrame:
        if self._folder is None:
            self._folder = new_folder()
            weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        path = self._folder / f"{len(self._parts):06}.parquet"
        frame.write_parquet(path, compression="lz4", statistics=False)
        return pl.scan_parquet(path, glob=False)

    def _give_up(self) -> bool:
        self.given_up = True
        self.delete()
        return False


class _Counts:
    """How many pairs the objects of some lines have, and of which kinds; some may be in texts.

    `before` is what stands before a value.
    """

    def __init__(self, text: bytes, before: bytes) -> None:
        self.text, self.before = text, before
        # Polars counts several times as fast as Python.
        self._texts = pl.Series([text]).cast(pl.String)
        self.pairs = self._count(b'":')
        self.texts = self._count(before + b'"')
        self.apart = self.has(b'" :') or (b"\r" in text and self.has(b'"\r:'))
        """Whether blanks may stand before a colon, so that a pair is not counted."""

    @property
    def truths(self) -> int:
        """Pairs that are truth values."""
        return self._count(self.before + b"true") + self._count(self.before + b"false")

    @property
    def nested(self) -> bool:
        """Whether there are lists or objects among them."""
        return self.has(self.before + b"[") or self.has(self.before + b"{")

    def has(self, sought: bytes) -> bool:
        """Whether something stands in the lines."""
        return bool(self._texts.str.contains(sought.decode(), literal=True)[0])

    def _count(self, sought: bytes) -> int:
        return int(self._texts.str.count_matches(sought.decode(), literal=True)[0])


def _unmarked(at: int, kind: type | None, nulls: int) -> pl.Expr:
    """A column without the marks of null."""
    cell = pl.col(str(at))
    if kind is bool:
        return pl.when(cell == "true").then(True).when(cell == "false").then(False).alias(str(at))
    if not nulls:
        return cell
    return pl.when(cell != (_NULL if kind is int else str(_NULL))).then(cell).alias(str(at))


def _filled(frame: pl.DataFrame) -> tuple[list[int], int]:
    """How many cells of each column hold something, and of all."""
    filled = [len(frame) - count for count in frame.null_count().row(0)]
    return filled, sum(filled)


def _is_odd(text: bytes) -> bool:
    """Whether lines are written so that counting would say little: by halves of characters, in
    lines that end in a carriage return alone, with blanks that are none.
    """
    return b"\t" in text or (b"\\" in text and (b"\\ud" in text or b"\\uD" in text)) or (
        b"\r" in text and text.count(b"\r") != text.count(b"\r\n"))


def _column(cells: Collection[object], kind: type) -> pl.Series:
    """Cells of one kind, or the texts that stand for those of several."""
    if kind is not _MIXED:
        return pl.Series(cells, dtype=DTYPES[kind])
    return pl.Series([cell if cell is None or type(cell) is str else _text_of(cell)
                      for cell in cells], dtype=pl.String)


def _text_of(cell: object) -> str:
    """The text that a cell may stand as; raises _NoColumnError where it means something else."""
    if isinstance(cell, float):
        text = as_text(cell) if abs(cell) < EXACT else ""  # not what is no number, either
        if text and not _LOST_ZERO.fullmatch(text):
            return text
    elif isinstance(cell, (bool, int)):
        return as_text(cell)
    raise _NoColumnError
