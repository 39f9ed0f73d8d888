"""The records of one table, asked for as a query. In: expressions over typed fields. Out: frames.

A table whose cells Polars can read by itself is read in one stream, typed by `column_reader`; the
rows that leave a doubt are read again cell by cell. Every other table is read chunk by chunk. Both
give the same records and findings in the same order.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, reduce
from operator import or_

import polars as pl
from msgspec import Struct
from msgspec import field as preset

from zhuanjie.engine.core.limits import limits
from zhuanjie.engine.core.results import InputFinding
from zhuanjie.engine.core.unicode import BLANKS
from zhuanjie.engine.ledger.assemble import Batch, type_chunk
from zhuanjie.engine.ledger.cells.checks import is_suspect
from zhuanjie.engine.ledger.cells.column_reader import (
    ColumnReader,
    column_reader,
    is_native,
)
from zhuanjie.engine.ledger.cells.parser import dtype_of
from zhuanjie.engine.ledger.cells.text_column import as_filled, as_texts
from zhuanjie.engine.ledger.doubtful import AT, DoubtfulRows
from zhuanjie.engine.ledger.readers.base import Chunk, LedgerTable
from zhuanjie.engine.ledger.readers.batches import stream_batches
from zhuanjie.engine.ledger.row_roles import RowRole
from zhuanjie.engine.ledger.typed_cache import ODD, TypedCache
from zhuanjie.engine.vocabulary.fields import Field, FieldTable

__all__ = ["AT", "Rows", "TypedTable", "standing"]

_DOUBT, _OVER, _RAW = "#doubt", "#over", "#cell-{}"
"""Names of the columns that hold a row's doubt, and raw cells."""


class Rows(Struct, frozen=True):
    """Some of a table's records, in order.

    `frame` holds what was asked for, and the position of each record's row as `AT`. `read` says how
    many rows of the table were passed so far, `dropped` which of them since the last `Rows` were no
    records, `others` what those of them are that are not blank.
    """

    frame: pl.DataFrame
    read: int
    dropped: Sequence[int] = ()
    input: list[InputFinding] = preset(default_factory=list)
    others: Mapping[int, RowRole] = preset(default_factory=dict)

    def between(self, start: int, end: int, first: int) -> Rows:
        """What there is of the rows from `start` up to `end`; row numbers begin at `first`."""
        return Rows(
            self.frame.filter(pl.col(AT).is_between(start, end, closed="left")), end,
            [at for at in self.dropped if start <= at < end],
            [i for i in self.input if start <= (i.row or 0) - first < end],
            {at: role for at, role in self.others.items() if start <= at < end})


class TypedTable:
    """One table of a ledger as typed records."""

    def __init__(self, table: LedgerTable) -> None:
        self.table = table
        self.first = (table.header_row or 0) + 1
        """The row number of the first record."""
        self._scan = table.scan()
        self._sample = pl.DataFrame() if self._scan is None else table.collected(
            table.first_rows(limits().sample_rows))
        # Of a doubtful row all cells are looked at; of others only those that are asked for.
        self._cells = {_RAW.format(at): str(at) for at in range(len(table.headings))
                       if str(at) in self._sample.schema}
        over = {} if table.overflow is None else {_OVER: table.overflow}
        self._cache = TypedCache(table, self._sample, self._cells | over) if table.parts else None

    def rows(self, names: Iterable[str], exprs: Sequence[pl.Expr], keep: pl.Expr | None = None, *,
             also: Sequence[Sequence[pl.Expr]] = (), size: int, among: pl.Expr | None = None,
             findings: bool = False, untrimmed: Collection[str] = (), start: int = 0,
             sliced: bool = False) -> Iterator[Rows]:
        """`exprs` of every record for which `keep` is true (or of all), over the fields `names`.

        Both may read `AT` and the columns that `also` makes first, step by step. `among` reads `AT`
        only: no cell of another row is looked at. With `findings`, what could not be read is said,
        and all columns are read but those of a columnar file that nobody asks for and that have
        their field's type. At most about `size` records come at a time. Texts of `untrimmed` fields
        may have blanks behind them. Rows before `start` are passed over. `sliced` reads a table
        part by part, if it can be read from any row on: within one query Polars holds no bounds on
        what it has read and not yet given.
        """
        findings = findings and not self.table.is_typed
        asked = _Asked(set(names), exprs, keep, also, among, findings, frozenset(untrimmed),
                       self.table.match.vocabulary.fields)
        if self._scan is None:
            yield from self._chunks(asked, start)
            return
        yield from self._stream(asked, size, start, sliced)

    def _stream(self, asked: _Asked, size: int, start: int, sliced: bool) -> Iterator[Rows]:
        match, types, cache = self.table.match.fields, self._sample.schema, self._cache
        read = {at: self._read_as(at, f, asked) for at, f in match.items()
                if str(at) in types and (f.name in asked.names or (
                    asked.findings and cache is None and (f.check is not None or not (
                        self.table.columnar and is_native(f, types[str(at)])))))}
        # What the scan lacks, the cells of a doubtful row may have.
        aside = [at for at in match if asked.findings and str(at) not in types]
        cells = dict(self._cells)
        if asked.findings and self.table.overflow is not None:
            cells[_OVER] = self.table.overflow
        needs_fallback = pl.col(ODD) if cache else self._doubt(read, cells, asked)
        doubtful: dict[int, DoubtfulRows] = {}

        def queries() -> Iterator[pl.LazyFrame]:
            for number, (first, scan) in enumerate(self._slices(start, sliced)):
                query = self._query(first, scan, read, cells, asked, needs_fallback)
                if cache is None:
                    doubtful[number] = DoubtfulRows(query.filter(_DOUBT).select(AT, *cells), size)
                kept = query if asked.keep is None else query.filter(asked.keep | pl.col(_DOUBT))
                yield kept.select(*asked.exprs, AT, _DOUBT)

        try:
            for number, batch in stream_batches(queries(), size):
                read_ = int(batch[AT][-1]) + 1 if len(batch) else 0
                odd = batch.filter(_DOUBT)[AT]
                if not len(odd):
                    yield Rows(batch.drop(_DOUBT), read_)
                    continue
                raw = cache.odd(odd) if cache else doubtful[number].up_to(read_)
                yield self._settle(batch, asked, raw, [*match] if cache and asked.findings
                                   else [*read, *aside])
        except pl.exceptions.PolarsError as error:
            raise self.table.damaged(error) from None

    def _slices(self, start: int, sliced: bool) -> Iterator[tuple[int, pl.LazyFrame]]:
        """The rows from `start` on, part by part where they are held so or can be read so."""
        assert self._scan is not None
        height, most = self.table.size_hint, self.table.at_once
        if self._cache is not None:
            yield from self._cache.slices(start, limits().text_rows)
        elif sliced and most is not None and height is not None:
            for at in range(start, height, most):
                yield at, self._scan.slice(at, most)
        else:
            yield start, self._scan.slice(start)

    def _query(self, start: int, scan: pl.LazyFrame, read: Mapping[int, ColumnReader],
               cells: Mapping[str, str], asked: _Asked, needs_fallback: pl.Expr) -> pl.LazyFrame:
        names = {at: self.table.match.fields[at].name for at in read}
        there = {name: cell for name, cell in cells.items() if self._cache is None
                 or (name != _OVER and int(cell) in self.table.match.fields)}
        raw = scan.with_row_index(AT, start).select(
            AT, *self.table.beside, *([ODD] if self._cache else ()),
            *(pl.col(cell).alias(name) for name, cell in there.items()))
        if asked.among is not None:
            raw = raw.filter(asked.among)
        typed = raw.with_columns(q.value.alias(names[at]) for at, q in read.items())
        return asked.made(typed, set(names.values()), needs_fallback)

    def _read_as(self, at: int, field: Field, asked: _Asked) -> ColumnReader:
        """How a column is read: its value from the raw cell, and when that is in doubt."""
        if self.table.is_typed:
            return ColumnReader(pl.col(_RAW.format(at)), None)
        sample, cell = self._sample[str(at)], pl.col(_RAW.format(at))
        found = self._cache.reader(at, cell) if self._cache else column_reader(
            field, cell, sample.dtype, sample)
        return found.untrimmed if found.untrimmed and field.name in asked.untrimmed else found

    def _doubt(self, read: Mapping[int, ColumnReader], cells: Collection[str],
               asked: _Asked) -> pl.Expr:
        names, made = self.table.match.fields, asked.makes
        doubts = [q.needs_fallback(q.value if names[at].name in made else pl.col(names[at].name))
                  for at, q in read.items() if q.needs_fallback is not None]
        if len(self._others):
            doubts.append(standing(self._others, int(self._others[-1]) + 1))
        if asked.findings and (key := self.table.match.key) in (names[at].name for at in read):
            doubts.append(pl.col(key).is_null())
        if asked.findings:
            doubts += [is_suspect(f, pl.col(f.name)) for f in map(self.table.match.fields.get, read)
                       if f is not None and f.check is not None]
        if _OVER in cells:
            doubts.append(pl.col(_OVER).is_not_null())
        return reduce(or_, doubts).fill_null(value=False) if doubts else pl.lit(False)

    @cached_property
    def _others(self) -> pl.Series:
        """The positions of the rows that are no records, in order."""
        assert self._scan is not None
        among = self.table.looked
        if self.table.is_typed or (among is not None and not len(among)):
            return pl.Series(AT, [], dtype=pl.UInt32)
        schema, roles = self._sample.schema, self.table.roles
        there = [at for at in range(len(self.table.headings)) if str(at) in schema]
        texts = {at: as_texts(pl.col(str(at)), schema[str(at)]) for at in there}
        blanks = dict(zip(there, self._sample.select(
            (text.str.strip_chars(BLANKS).fill_null("") == "").sum().alias(str(at))
            for at, text in texts.items()).row(0), strict=True)) if there else {}
        looked = {at: pl.lit(None, dtype=pl.String) if at not in texts else texts[at]
                  if at == roles.signs.first else as_filled(pl.col(str(at)), schema[str(at)])
                  for at in roles.reads(blanks)}
        doubt = roles.doubt(pl.col(AT).cast(pl.Int64), looked)
        numbered = self._scan.with_row_index(AT)
        if among is None:
            doubted = numbered.filter(doubt)
        else:  # one after the other, so that few rows are looked at
            doubted = numbered.filter(standing(among, int(among[-1]) + 1)).with_columns(
                doubt.alias(_DOUBT)).filter(_DOUBT)
        places = [batch[AT] for batch in self._read(doubted.select(AT))]
        found = pl.concat(places) if places else pl.Series(AT, [], dtype=pl.UInt32)
        if not len(found):
            return found
        columns = {at: str(at) for at in there}
        if int(found[-1]) < len(self._sample):
            rows = iter([self._sample.with_row_index(AT)[found]])
        else:
            first, last = int(found[0]), int(found[-1])
            flagged = pl.col(AT).is_between(first, last) & standing(found, last + 1)
            rows = self._read(numbered.filter(flagged))
        none: list[pl.Series] = []
        for some in rows:
            at = list(roles.of(self.table.raw(
                {c: some[name] for c, name in columns.items()}), some[AT]))
            none.append(some[AT].gather(at).sort())
        return pl.concat(none)

    def _read(self, query: pl.LazyFrame) -> Iterator[pl.DataFrame]:
        try:
            for _, batch in stream_batches([query], limits().hashed_rows):
                yield batch
        except pl.exceptions.PolarsError as error:
            raise self.table.damaged(error) from None

    def _settle(self, batch: pl.DataFrame, asked: _Asked, cells: pl.DataFrame,
                columns: Collection[int]) -> Rows:
        """A batch with its doubtful rows, whose raw `cells` are given, read again."""
        read = int(batch[AT][-1]) + 1
        sure = batch.drop(_DOUBT)
        wide = self.table.too_wide(cells[_OVER]) if _OVER in cells.columns else ()
        names = {at: _RAW.format(at) for at in range(len(self.table.headings))}
        typed = type_chunk(self.table, Chunk(
            self.table.raw(self.table.raw_cells(
                cells, names, _OVER if _OVER in cells.columns else None)),
            cells[AT].cast(pl.Int64) + self.first, wide), columns)
        frame = pl.concat([sure.filter(~batch[_DOUBT]), self._typed(typed, asked)])
        return Rows(frame.sort(AT), read, self._dropped(cells[AT], typed),
                    typed.input if asked.findings else [], self._roles(typed))

    def _dropped(self, at: pl.Series, typed: Batch) -> list[int]:
        """Which rows turned out to be no records."""
        if len(at) == len(typed.rows):
            return []
        kept = set(typed.rows - self.first)
        return [place for place in at.to_list() if place not in kept]

    def _roles(self, typed: Batch) -> dict[int, RowRole]:
        return {row - self.first: role for row, role in typed.others.items()}

    def _chunks(self, asked: _Asked, start: int) -> Iterator[Rows]:
        for chunk in self.table.chunks(limits().chunk_rows):
            read = int(chunk.rows[-1]) - self.first + 1
            if read <= start:
                continue
            typed = type_chunk(self.table, chunk)
            rows = Rows(self._typed(typed, asked), read,
                        self._dropped(chunk.rows - self.first, typed),
                        typed.input if asked.findings else [], self._roles(typed))
            yield rows.between(start, read, self.first)

    def _typed(self, batch: Batch, asked: _Asked) -> pl.DataFrame:
        """What was asked for, of records that were read cell by cell."""
        at = (batch.rows - self.first).cast(pl.UInt32).alias(AT)
        query = asked.made(batch.frame.with_columns(at).lazy(), set(batch.frame.columns))
        for wanted in (asked.among, asked.keep):
            query = query if wanted is None else query.filter(wanted)
        return query.select(*asked.exprs, AT).collect()


class _Asked(Struct, frozen=True):
    """What `TypedTable.rows` was asked for."""

    names: set[str]
    exprs: Sequence[pl.Expr]
    keep: pl.Expr | None
    also: Sequence[Sequence[pl.Expr]]
    among: pl.Expr | None
    findings: bool
    untrimmed: frozenset[str]
    known: FieldTable

    @property
    def makes(self) -> set[str]:
        """The columns that are made, some in the place of what was read."""
        return {expr.meta.output_name() for step in self.also for expr in step}

    def made(self, query: pl.LazyFrame, there: set[str],
             needs_fallback: pl.Expr | None = None) -> pl.LazyFrame:
        """The query with the columns that are made before anything else is asked."""
        first, *rest = [[*_blanks(self.known, self.names - there)], *map(list, self.also)]
        steps = [first, *rest]
        if needs_fallback is not None:
            # With what is asked, since both compare the same cells with the same values.
            steps[-1 if self.also else 0].append(needs_fallback.alias(_DOUBT))
        for step in steps:
            query = query.with_columns(*step)
        return query


def standing(places: pl.Series, height: int) -> pl.Expr:
    """Whether a row stands at one of some places: a table of bits, since sets are made anew for
    every few rows. Rows beyond `height` do not."""
    bits = pl.repeat(False, height, dtype=pl.Boolean, eager=True).scatter(places, True)
    return pl.lit(bits).gather(pl.col(AT), null_on_oob=True).fill_null(value=False)


def _blanks(known: FieldTable, names: Iterable[str]) -> list[pl.Expr]:
    """Fields that a table has no column for."""
    return [pl.lit(None, dtype=dtype_of(known[n])).alias(n) for n in known.sort(set(names))]
