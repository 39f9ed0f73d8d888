"""Delimited text (.csv, .tsv, .txt). In: a file of any encoding and size. Out: one table of text.

Polars reads the file. One in another encoding, or with quotes out of place, is first copied to a
file that Polars cannot misread. A large one is read part by part.
"""

from __future__ import annotations

import csv
import itertools
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from copy import copy
from functools import cached_property, partial
from pathlib import Path
from types import MappingProxyType

import polars as pl

from zhuanjie.engine.core.errors import InputError
from zhuanjie.engine.core.limits import limits
from zhuanjie.engine.core.unicode import BLANKS, comparable
from zhuanjie.engine.ledger.cells.text import show
from zhuanjie.engine.ledger.further_tables import tables_below
from zhuanjie.engine.ledger.header import Header, find_header
from zhuanjie.engine.ledger.headings import HeadingMap
from zhuanjie.engine.ledger.readers.base import Chunk, LedgerTable, Part, RowFinding
from zhuanjie.engine.ledger.readers.batches import stream_batches
from zhuanjie.engine.ledger.readers.charset import by_headings
from zhuanjie.engine.ledger.readers.encoding import Digest, owned, readable, survey
from zhuanjie.engine.ledger.readers.quotes import requote, well_quoted
from zhuanjie.engine.ledger.readers.refuse import not_a_ledger
from zhuanjie.engine.ledger.readers.text_parts import TextPart, text_parts

DELIMITERS = ",\t;|\N{FULLWIDTH COMMA}\N{FULLWIDTH SEMICOLON}"
SAMPLE = 200
"""Records looked at to learn the delimiter and the width of the table."""

_TOP = 2 << 20
"""Bytes in which the first rows mostly are."""

LARGEST = 64 << 20
"""Bytes up to which a file is looked at for a second table: larger ones are no office's."""


class DelimitedTable(LedgerTable):
    """A delimited text file, read in a stream."""

    row_rules = "layout"
    is_grid = True

    def __init__(self, path: Path, name: str, mapping: HeadingMap,
                 digest: Digest) -> None:
        super().__init__()
        self.file = name
        found = by_headings(path, survey(path, name, digest, lenient=True), mapping)
        self._encoding = found.encoding
        self._path, self._undecodable = readable(path, name, found, self)
        self._delimiter, header, sample = self._look(mapping)
        self._quoted = found.quoted
        self._stray: list[int] = []
        width = len(header.headings)
        if not self._delimiter.isascii() or (
                found.quoted and not well_quoted(self._path, self._delimiter, width)):
            copy, self._stray = requote(self._path, self._delimiter, width)
            self._path, self._delimiter, self._quoted = owned(copy, self), ",", True
        self.header_row = header.last + 1
        self.headings = header.headings
        # A table whose every row ends in one more delimiter is wider than its header.
        widths = [len(row) for row in sample[header.last + 1:] if row]
        blank = not any(comparable("".join(row[len(header.headings):])) for row in sample)
        if widths and blank:
            self.headings += [""] * (min(widths) - len(self.headings))
        self.match = mapping.match(self.headings, self.place)
        self.size_hint = max(0, found.lines - self.header_row)
        self._flawed = bool(self._stray) or self._undecodable
        """Some rows have to be spoken of, which a query cannot."""
        self._end: int | None = None
        self._owner: DelimitedTable | None = None
        """The table that the files of the moment go with, where it is another."""
        self._lines = found.lines

    def below(self, mapping: HeadingMap) -> Iterator[DelimitedTable]:
        """The tables below this one, which ends where the next begins."""
        if not self._may_have_more(mapping):
            return
        last = self
        header = Header((self.header_row or 0) - 1, self.headings)
        for found in tables_below(self._records(self._delimiter, None), header, mapping):
            table = copy(last)
            last.cut(found.top)
            table.header_row, table.headings = found.header.last + 1, found.header.headings
            table.notices = []
            table.match = mapping.match(table.headings, table.place)
            table.size_hint = max(0, self._lines - table.header_row)
            table._owner = self
            yield table
            last = table

    def cut(self, end: int) -> None:
        """Let the table end before a row."""
        self._end = end - (self.header_row or 0)
        self.size_hint = self._end

    def _may_have_more(self, mapping: HeadingMap) -> bool:
        """Whether some heading of a key or name stands in the file more than once."""
        if self._path.stat().st_size > LARGEST:
            return False
        vocabulary = mapping.vocabulary
        names = {*vocabulary.keys, vocabulary.name}
        words = {h for f in vocabulary.fields if f.name in names for h in f.all_headings}
        words |= {h for h, name in mapping.columns.items() if name in names}
        content = self._path.read_bytes()
        words_ = (word.encode() for word in words)
        return sum(content.count(word) for word in words_ if word in content) > 1

    def scan(self) -> pl.LazyFrame | None:
        """The rows below the header as a query."""
        return None if self._flawed else self._text()

    def first_rows(self, rows: int) -> pl.LazyFrame:
        """The first rows of `scan`, for which no large file is looked at as a whole."""
        skipped = self._header_lines()
        if self._end is None and (first := next(text_parts(
                self._path, skipped, _TOP, self._quoted), None)) is not None:
            frame = self.collected(self._part(first, {}).head(rows))
            if len(frame) == rows:
                return frame.lazy()
        return self._text().head(rows)

    @cached_property
    def parts(self) -> Sequence[Part]:
        """Runs of rows, where the file is large."""
        if self._flawed or self._end is not None:
            return ()
        return [partial(self._part, part) for part in text_parts(
            self._path, self._header_lines(), limits().text_part, self._quoted)]

    def _part(self, part: TextPart, kinds: Mapping[str, pl.DataType]) -> pl.LazyFrame:
        return self._rows_of(part.content(self._path), 0, kinds)

    def _text(self) -> pl.LazyFrame:
        text = self._rows_of(self._path, self._header_lines())
        return text if self._end is None else text.head(self._end)

    def _rows_of(self, source: Path | bytes, skipped: int,
                 kinds: Mapping[str, pl.DataType] = MappingProxyType({})) -> pl.LazyFrame:
        schema = {str(i): pl.String() for i in range(len(self.headings) + 1)} | dict(kinds)
        return pl.scan_csv(
            source, has_header=False, skip_lines=skipped, schema=schema,
            separator=self._delimiter, quote_char='"' if self._quoted else None,
            missing_columns="insert", extra_columns="ignore", truncate_ragged_lines=True,
            infer_schema=False, glob=False, raise_if_empty=False,
        )

    def chunks(self, size: int) -> Iterator[Chunk]:
        """The rows below the header."""
        done = 0
        texts = (part({}) for part in self.parts) if self.parts else [self._text()]
        for _, batch in stream_batches(texts, size):
            for frame in batch.iter_slices(size):
                yield self._chunk(frame, done)
                done += frame.height

    def _look(
        self, mapping: HeadingMap
    ) -> tuple[str, Header, list[list[str]]]:
        """The delimiter under which the file has the most known headings, header and sample."""
        best: tuple[tuple[int, int], str, Header, list[list[str]]] | None = None
        rows: list[list[str]] = []
        refused: InputError | None = None
        for delimiter in self._delimiters():
            sample = self._records(delimiter, SAMPLE)
            try:
                header = find_header(sample, mapping, self.place)
            except InputError as error:  # too many columns, perhaps by another delimiter alone
                header, refused = None, error
            if header is not None:
                known = sum(mapping.find(heading) is not None for heading in header.headings)
                rank = known, len(header.headings)
                if best is None or rank > best[0]:
                    best = rank, delimiter, header, sample
            if max(map(len, sample), default=0) >= max(map(len, rows), default=0):
                rows = sample
        if best is None:
            raise refused or not_a_ledger(self.file, None, rows, mapping)
        return best[1:]

    def _delimiters(self) -> str:
        """Those that stand in the first lines: parsing by any other says nothing."""
        with self._path.open(encoding="utf-8-sig", newline="\n") as file:
            first = "".join(itertools.islice(file, SAMPLE))
        return "".join(filter(first.__contains__, DELIMITERS)) or DELIMITERS

    def _records(self, delimiter: str, count: int | None) -> list[list[str]]:
        """The first records of the file."""
        with self._path.open(encoding="utf-8-sig", newline="\n") as file:
            reader = csv.reader(file, delimiter=delimiter)
            rows: list[list[str]] = []
            with suppress(csv.Error):  # said with its line when the records are read
                rows.extend(itertools.islice(reader, count))
            return rows

    @property
    def overflow(self) -> str:
        """The column that takes the first cell beyond the last heading."""
        return str(len(self.headings))

    def too_wide(self, over: pl.Series) -> list[RowFinding]:
        """Rows with more cells than there are headings."""
        wide = (over.str.strip_chars(BLANKS) != "").fill_null(value=False).arg_true()
        return [RowFinding(at, "records.too-many-cells", show(over[at]),
                           {"count": len(self.headings)}) for at in wide]

    def _header_lines(self) -> int:
        """Lines that the header and the rows above it take; a quoted cell may hold several."""
        with self._path.open(encoding="utf-8-sig", newline="\n") as file:
            reader = csv.reader(file, delimiter=self._delimiter)
            for _ in range(self.header_row or 0):
                next(reader)
            return reader.line_num

    def _chunk(self, frame: pl.DataFrame, done: int) -> Chunk:
        first = (self.header_row or 0) + done + 1
        rows = pl.int_range(first, first + frame.height, eager=True)
        cells = {i: frame[str(i)] for i in range(len(self.headings))}
        findings = self.too_wide(frame[self.overflow])
        if self._flawed:
            findings += self._strays(frame, first)
            if self._undecodable:
                cells = {i: self._decodable(cell, self.headings[i], findings)
                         for i, cell in cells.items()}
        return Chunk(cells, rows, findings)

    def _strays(self, frame: pl.DataFrame, first: int) -> list[RowFinding]:
        """Rows in which a quote is out of place."""
        low = bisect_left(self._stray, first)
        return [RowFinding(row - first, "records.stray-quote", show(next(
                    (text for text in frame.row(row - first) if text and '"' in text), "")))
                for row in self._stray[low:bisect_left(self._stray, first + frame.height)]]

    def _decodable(self, cells: pl.Series, heading: str, findings: list[RowFinding]) -> pl.Series:
        """A column without the cells that have bytes which are no characters; they are said."""
        bad = cells.str.contains("\ufffd", literal=True).fill_null(value=False)
        findings += [RowFinding(at, "records.bad-bytes", show(cells[at]), {
            "heading": " ".join(heading.split()), "encoding": self._encoding.upper()})
            for at in bad.arg_true()]
        return cells.set(bad, None) if bad.any() else cells


