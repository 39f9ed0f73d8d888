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
from threading import Lock

import polars as pl
from msgspec import Struct

from zhuanjie.engine.core.limits import limits
from zhuanjie.engine.core.temporary import new_folder
from zhuanjie.engine.core.unicode import BLANKS
from zhuanjie.engine.ledger.cells.checks import is_suspect
from zhuanjie.engine.ledger.cells.column_reader import ColumnReader, column_reader
from zhuanjie.engine.ledger.cells.text_column import as_texts
from zhuanjie.engine.ledger.distinct_cells import Alike, DistinctCells, number
from zhuanjie.engine.ledger.doubtful import AT
from zhuanjie.engine.ledger.readers.base import LedgerTable, Part

ODD = "#odd"
"""The column that says of a row that its cells have to be read one by one."""
_VALUE = "v{}"
"""What a column is called once it is read."""


class CachedPart(Struct, frozen=True):
    """A part whose columns hold values, and `ODD`; the raw cells of its odd rows, with `AT`."""

    first: int
    rows: int
    typed: Callable[[], pl.LazyFrame]
    odd: Callable[[], pl.LazyFrame]


class _Made(Struct, frozen=True):
    """What is held of a part: its columns, in some of them the numbers of texts; the odd rows."""

    held: pl.DataFrame
    odd: pl.DataFrame
    numbered: Mapping[int, Alike]

    def typed(self) -> pl.LazyFrame:
        """See `CachedPart`."""
        return _spelled_out(self.held.lazy(), self.numbered)


class TypedCache:
    """The parts of a table, typed. `sample` shows in what form its columns are written.

    `cells` says how the raw cells of odd rows are called.
    """

    def __init__(self, table: LedgerTable, sample: pl.DataFrame, cells: Mapping[str, str]) -> None:
        self._table, self._sample, self._cells = table, sample, cells
        self._left = limits().held_bytes
        self._folder: Path | None = None
        self._files = 0
        self._making = Lock()
        self._readers: dict[int, ColumnReader] = {}

    def reader(self, at: int, cell: pl.Expr) -> ColumnReader:
        """How a column of the typed parts is read: as it is, a text with its blanks or without."""
        field = self._table.match.fields[at]
        if field.type != "string" or self._reader(at).untrimmed is None:
            return ColumnReader(cell, None)
        return ColumnReader(cell.str.strip_chars(BLANKS), None,
                            untrimmed=ColumnReader(cell, None))

    @cached_property
    def parts(self) -> list[CachedPart]:
        """All parts, in order."""
        kept: list[CachedPart] = []
        for part in self._table.parts:
            last = kept[-1:]
            kept.append(self._kept(part, sum(part.first + part.rows for part in last)))
        return kept

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
    def _distinct(self) -> DistinctCells:
        """The columns of which each text is read once."""
        return DistinctCells({at: field for at, field in self._table.match.fields.items()
                              if self._sample.schema[str(at)] == pl.String}, self._sample)

    def _reader(self, at: int) -> ColumnReader:
        """How a column of raw texts is read, text by text."""
        if at not in self._readers:
            sample = self._sample[str(at)]
            self._readers[at] = column_reader(
                self._table.match.fields[at], pl.col(str(at)), sample.dtype, sample)
        return self._readers[at]

    def _doubts(self) -> list[pl.Expr]:
        """Where values may not be what the raw cells say."""
        doubts, match, few = [], self._table.match, self._distinct.columns
        for at, field in match.fields.items():
            if at in few:
                doubts += [doubt for doubt in [few[at].doubt(at)] if doubt is not None]
                continue
            doubt, value = _untrimmed(self._reader(at)).needs_fallback, pl.col(_VALUE.format(at))
            if doubt is not None:
                doubts.append(doubt(value))
            if field.check is not None:
                doubts.append(is_suspect(field, value))
        if (key := match.key_column) is not None:
            doubts.append((few[key].value(key) if key in few else
                           pl.col(_VALUE.format(key))).is_null())
        if self._table.overflow is not None:
            doubts.append(pl.col(self._table.overflow).is_not_null())
        return doubts

    def _maybe(self) -> pl.Expr:
        """Where a row may be no record."""
        few = self._distinct.columns
        return self._table.roles.doubt(pl.col(AT).cast(pl.Int64), {
            at: few[at].text(at) if at in few else as_texts(
                pl.col(str(at)), self._sample.schema[str(at)]) for at in self._telling})

    @cached_property
    def _telling(self) -> list[int]:
        """The columns that show where a row may be no record."""
        sample = self._sample
        blanks = sample.select(
            (as_texts(pl.col(str(at)), sample.schema[str(at)]).str.strip_chars(BLANKS)
             .fill_null("") == "").sum().alias(str(at))
            for at in range(len(self._table.headings)))
        return self._table.roles.reads({int(at): n for at, n in blanks.row(0, named=True).items()}
                                       if blanks.width else {})

    def _make(self, part: Part, first: int) -> _Made:
        """The columns of a part, and the raw cells of its odd rows; `first` is its first row."""
        with self._making:
            few = self._distinct
            raw = part(few.kinds).collect().with_row_index(AT, first)
            few.learn()
            numbered = few.columns
            both = raw.lazy().with_columns(
                _untrimmed(self._reader(at)).value.alias(_VALUE.format(at))
                for at in self._table.match.fields if at not in numbered).collect()
            odd = self._odd(raw, both)
            cells = (raw.filter(odd) if odd.any() else raw.head(0)).with_columns(
                pl.col(name).cast(pl.String) for name in few.kinds).select(AT, *(
                    pl.col(cell).alias(name) for name, cell in self._cells.items()))
            few.forget(raw)
        columns = [(number(at) if at in numbered else pl.col(_VALUE.format(at))).alias(str(at))
                   for at in self._table.match.fields]
        return _Made(both.select(*columns, odd), cells, numbered)

    def _odd(self, raw: pl.DataFrame, both: pl.DataFrame) -> pl.Series:
        """Which rows of a part have to be read one by one."""
        odd = pl.repeat(False, len(raw), dtype=pl.Boolean, eager=True)
        doubts = [doubt.fill_null(value=False) for doubt in self._doubts()]
        # Nearly every doubt holds of no row at all, which is sooner seen than said of each.
        there = both.select(pl.lit(False).alias(""), *(
            doubt.any().alias(str(n)) for n, doubt in enumerate(doubts)))
        if held := [doubt for n, doubt in enumerate(doubts) if there[str(n)][0]]:
            odd = both.select(AT, reduce(or_, held).alias(ODD))[ODD]
        maybe = raw.select(AT, self._maybe().alias(ODD))[ODD].arg_true()
        if len(maybe):
            rows = raw[maybe]
            none = list(self._table.roles.of({at: rows[str(at)] for at in range(
                len(self._table.headings))}, rows[AT]))
            if none:
                odd = odd.scatter(maybe.gather(sorted(none)), True)
        return odd.alias(ODD)

    def _kept(self, part: Part, first: int) -> CachedPart:
        made = self._make(part, first)
        size, rows = made.held.estimated_size() + made.odd.estimated_size(), len(made.held)
        if size <= self._left:
            self._left -= int(size)
            return CachedPart(first, rows, made.typed, made.odd.lazy)
        held, odd = self._spilled(made.held), self._spilled(made.odd)
        return CachedPart(
            first, rows,
            partial(self._again, part, first, _Made.typed) if held is None
            else partial(_spelled_out, pl.scan_parquet(held, glob=False), made.numbered),
            partial(self._again, part, first, lambda made: made.odd.lazy()) if odd is None
            else partial(pl.scan_parquet, odd, glob=False))

    def _again(self, part: Part, first: int,
               which: Callable[[_Made], pl.LazyFrame]) -> pl.LazyFrame:
        return which(self._make(part, first))

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


def _spelled_out(held: pl.LazyFrame, numbered: Mapping[int, Alike]) -> pl.LazyFrame:
    """Columns with values for numbers, which are smaller; few columns are ever asked for."""
    return held.with_columns(
        alike.value(at).alias(str(at)) for at, alike in numbered.items())


def _untrimmed(reader: ColumnReader) -> ColumnReader:
    """How texts are kept: with the blanks behind them, which are seldom asked about."""
    return reader.untrimmed or reader
