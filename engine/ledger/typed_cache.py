"""The rows of a large text, read and typed once. In: a table in parts. Out: typed frames, odd rows.

A part is parsed, its cells are typed by `column_reader`, and only what is asked again is held: the
typed columns, and the raw cells of rows that leave a doubt. What is beyond a bound goes to files of
the moment, and is read anew where there is no room for them.
"""

from __future__ import annotations

import shutil
import weakref
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property, partial, reduce
from operator import or_
from pathlib import Path

import polars as pl
from msgspec import Struct

from zhuanjie.engine.core.limits import limits
from zhuanjie.engine.core.temporary import new_folder
from zhuanjie.engine.core.unicode import BLANKS
from zhuanjie.engine.ledger.cells.checks import is_suspect
from zhuanjie.engine.ledger.cells.column_reader import ColumnReader, column_reader
from zhuanjie.engine.ledger.cells.text_column import as_texts
from zhuanjie.engine.ledger.doubtful import AT
from zhuanjie.engine.ledger.readers.base import LedgerTable, Part

ODD = "#odd"
"""The column that says of a row that its cells have to be read one by one."""
_MAYBE = "#maybe"


class CachedPart(Struct, frozen=True):
    """A part whose columns hold values, and `ODD`; the raw cells of its odd rows, with `AT`."""

    first: int
    rows: int
    typed: Callable[[], pl.LazyFrame]
    odd: Callable[[], pl.LazyFrame]


class TypedCache:
    """The parts of a table, typed. `sample` shows in what form its columns are written.

    `cells` says how the raw cells of odd rows are called.
    """

    def __init__(self, table: LedgerTable, sample: pl.DataFrame, cells: Mapping[str, str]) -> None:
        self._table, self._sample, self._cells = table, sample, cells
        self._left = limits().held_bytes
        self._folder: Path | None = None
        self._files = 0

    def reader(self, at: int, cell: pl.Expr) -> ColumnReader:
        """How a column of the typed parts is read: as it is, a text with its blanks or without."""
        if self._read[at].untrimmed is None:
            return ColumnReader(cell, None)
        return ColumnReader(cell.str.strip_chars(BLANKS), None,
                            untrimmed=ColumnReader(cell, None))

    @cached_property
    def parts(self) -> list[CachedPart]:
        """All parts, in order."""
        return [self._kept(part) for part in self._table.parts]

    def slices(self, start: int, most: int) -> Iterator[tuple[int, pl.LazyFrame]]:
        """The rows from `start` on, about `most` at a time where parts have fewer."""
        waiting: list[pl.LazyFrame] = []
        first = rows = 0
        for part in self.parts:
            if part.first + part.rows <= start:
                continue
            over = max(0, start - part.first)
            if waiting and rows + part.rows > most:
                yield first, pl.concat(waiting)
                waiting, rows = [], 0
            if not waiting:
                first = part.first + over
            waiting.append(part.typed().slice(over) if over else part.typed())
            rows += part.rows - over
        if waiting:
            yield first, pl.concat(waiting)

    def odd(self, places: pl.Series) -> pl.DataFrame:
        """The raw cells of odd rows at some places, in order."""
        low, high = int(places[0]), int(places[-1])
        found = [part.odd().filter(pl.col(AT).is_in(places.implode())).collect()
                 for part in self.parts if part.first <= high and part.first + part.rows > low]
        return pl.concat(found)

    @cached_property
    def _read(self) -> Mapping[int, ColumnReader]:
        return {at: column_reader(field, pl.col(str(at)), self._sample[str(at)].dtype,
                                  self._sample[str(at)])
                for at, field in self._table.match.fields.items()}

    @cached_property
    def _queried(self) -> tuple[list[pl.Expr], list[pl.Expr]]:
        """What is made of raw cells: first values by position, then what they leave in doubt."""
        values, doubts = [], []
        match = self._table.match
        for at, read in self._read.items():
            use, value = read.untrimmed or read, pl.col(f"v{at}")
            values.append(use.value.alias(f"v{at}"))
            if use.needs_fallback is not None:
                doubts.append(use.needs_fallback(value))
            if match.fields[at].check is not None:
                doubts.append(is_suspect(match.fields[at], value))
            if match.fields[at].name == match.key:
                doubts.append(value.is_null())
        if self._table.overflow is not None:
            doubts.append(pl.col(self._table.overflow).is_not_null())
        odd = reduce(or_, doubts).fill_null(value=False) if doubts else pl.lit(False)
        return values, [odd.alias(ODD), self._maybe.alias(_MAYBE)]

    @property
    def _maybe(self) -> pl.Expr:
        """Where a row may be no record."""
        sample, roles = self._sample, self._table.roles
        texts = {at: as_texts(pl.col(str(at)), sample.schema[str(at)])
                 for at in range(len(self._table.headings))}
        blanks = dict(zip(texts, sample.select(
            (text.str.strip_chars(BLANKS).fill_null("") == "").sum()
            .alias(str(at)) for at, text in texts.items()).row(0), strict=True)) if texts else {}
        return roles.doubt(pl.col(AT).cast(pl.Int64), {at: texts[at] for at in roles.reads(blanks)})

    def _make(self, part: Part) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The typed columns of a part, and the raw cells of its odd rows."""
        raw = part.read().collect().with_row_index(AT, part.first)
        values, doubts = self._queried
        typed = raw.lazy().with_columns(values).select(
            *(pl.col(f"v{at}").alias(str(at)) for at in self._read), *doubts).collect()
        odd, maybe = typed[ODD], typed[_MAYBE].arg_true()
        if len(maybe):
            rows = raw[maybe]
            none = list(self._table.roles.of({at: rows[str(at)] for at in range(
                len(self._table.headings))}, rows[AT]))
            if none:
                odd = odd.scatter(maybe.gather(sorted(none)), True)
        cells = raw.filter(odd).select(AT, *(
            pl.col(cell).alias(name) for name, cell in self._cells.items()))
        return typed.drop(_MAYBE).with_columns(odd), cells

    def _kept(self, part: Part) -> CachedPart:
        frames = self._make(part)
        size = int(sum(frame.estimated_size() for frame in frames))
        if size <= self._left:
            self._left -= size
            typed, odd = (frame.lazy for frame in frames)
            return CachedPart(part.first, part.rows, typed, odd)
        files = [self._spilled(frame) for frame in frames]
        read = [partial(pl.scan_parquet, file, glob=False) if file is not None
                else partial(self._again, part, at) for at, file in enumerate(files)]
        return CachedPart(part.first, part.rows, *read)

    def _again(self, part: Part, which: int) -> pl.LazyFrame:
        return self._make(part)[which].lazy()

    def _spilled(self, frame: pl.DataFrame) -> Path | None:
        """A file that holds a frame; None where there is no room for it."""
        try:
            if self._folder is None:
                self._folder = new_folder()
                self._table.on_close.append(weakref.finalize(
                    self, shutil.rmtree, self._folder, ignore_errors=True))
            self._files += 1
            path = self._folder / f"{self._files:06}.parquet"
            frame.write_parquet(path, compression="uncompressed", statistics=False)
        except (OSError, pl.exceptions.PolarsError):
            return None
        return path
