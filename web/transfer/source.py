"""What an import reads. In: a ledger's rows. Out: plain cells with their places, and how they were
understood.

Cells stay in columns until they are compared, a few members at a time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
import polars as pl

from zhuanjie.engine.api import (
    Diagnostic,
    FieldTable,
    InputFinding,
    LedgerRows,
    RowPart,
    Skipped,
    TableColumns,
    Vocabulary,
    hide_numbers,
    names_not_kept,
)

_HIDDEN: Final = "*"
"""What stands for the characters of a value that is masked."""


_LOOKED_AT: Final = 50
_SAMPLES: Final = 3
_SAMPLE: Final = 24
"""How much of the first rows is kept as samples: rows, cells of a column, characters of a cell."""


@dataclass(frozen=True, slots=True)
class TableReading:
    """A table, what its columns were taken for, and what its rows are."""

    columns: TableColumns
    kept: frozenset[str]
    other_rows: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A row of an import: its table, its number there, and its cells by field, those that are
    filled. `unread` are fields whose cell could not be read, `kept` those that its table keeps.
    """

    table: int
    row: int
    cells: Mapping[str, Any]
    unread: frozenset[str]
    kept: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Part:
    table: int
    start: int
    frame: pl.DataFrame
    rows: Sequence[int]
    absent: Sequence[str | None]


@dataclass(slots=True)
class ImportSource:
    """A ledger that was read to be imported."""

    vocabulary: Vocabulary
    sha256: str = ""
    reading: str = ""
    """The digest of its bytes and of how they are read."""
    tables: Sequence[TableReading] = ()
    input: list[InputFinding] = field(default_factory=list)
    notices: Sequence[Diagnostic] = ()
    skipped: Sequence[Skipped] = ()
    keys: list[Mapping[str, str]] = field(default_factory=list)
    """By row, its keys as they are compared."""
    samples: dict[tuple[int, str], Sequence[str]] = field(default_factory=dict)
    """By table and by the heading or field of a column, a few of its cells as they may be shown."""
    _parts: list[_Part] = field(default_factory=list)
    _unread: dict[tuple[int, int], set[str]] = field(default_factory=dict)
    _kept: dict[tuple[int, str], frozenset[str]] = field(default_factory=dict)

    @property
    def files(self) -> list[str]:
        """The names of its files, in order."""
        return list(dict.fromkeys(t.columns.file for t in self.tables))

    def place(self, number: int) -> tuple[int, int]:
        """The table of a row and its number there."""
        part = next(p for p in reversed(self._parts) if p.start <= number)
        return part.table, part.rows[number - part.start]

    def rows(self, numbers: Sequence[int]) -> Iterator[tuple[int, SourceRow]]:
        """Some rows, by their numbers over all tables, which are in order."""
        for part in self._parts:
            here = [n for n in numbers if 0 <= n - part.start < len(part.rows)]
            if not here:
                continue
            names = part.frame.columns
            for number, cells in zip(here, part.frame[[n - part.start for n in here]].iter_rows(),
                                     strict=True):
                at = number - part.start
                where = (part.table, part.rows[at])
                yield number, SourceRow(
                    *where, {n: v for n, v in zip(names, cells, strict=True) if v is not None},
                    frozenset(self._unread.get(where, ())),
                    self._kept_of(part.table, part.absent[at] if part.absent else None))

    def _kept_of(self, table: int, absent: str | None) -> frozenset[str]:
        """What a row's table keeps, without what an export says that it did not."""
        key = (table, absent or "")
        if key not in self._kept:
            self._kept[key] = self.tables[table].kept.difference((absent or "").split())
        return self._kept[key]

    def take(self, part: RowPart) -> None:
        """Add rows that were read."""
        fields, frame = self.vocabulary.fields, part.frame
        forms = {key: list(found) for key, found in part.forms.items()}
        for finding in part.input:
            if finding.field is not None and finding.row is not None and finding.value is not None:
                self._unread.setdefault((part.table, finding.row), set()).add(finding.field)
        for name in frame.columns:
            if fields[name].mask is not None:
                frame = self._without_masked(part, frame, name, forms)
        frame = plain(frame, fields)
        for at in range(len(part.rows)):
            self.keys.append({key: form for key, found in forms.items()
                              if (form := found[at]) is not None})
        if not any(at == part.table for at, _ in self.samples):
            self.samples |= _samples(part, frame, fields)
        heading = next((h for h in part.others.columns if names_not_kept(h)), None)
        absent = part.others[heading].cast(pl.String).to_list() if heading else ()
        self._parts.append(_Part(part.table, len(self.keys) - len(part.rows), frame, part.rows,
                                 absent))
        self.input += part.input

    def _without_masked(self, part: RowPart, frame: pl.DataFrame, name: str,
                        forms: Mapping[str, list[str | None]]) -> pl.DataFrame:
        """The cells without those that hide a part of their value, which are said."""
        cells = frame[name]
        hidden = cells.str.contains(_HIDDEN, literal=True).fill_null(value=False)
        for at in hidden.arg_true():
            self._unread.setdefault((part.table, part.rows[at]), set()).add(name)
            table = self.tables[part.table].columns
            heading = next((c.heading for c in table.columns
                            if c.field is not None and c.field.name == name), None)
            self.input.append(InputFinding(
                "register.import.masked", None, name, part.rows[at], heading, cells[at],
                table.file, table.sheet))
            if name in forms:
                forms[name][at] = None
        return frame.with_columns(pl.when(~hidden).then(cells).alias(name)) \
            if hidden.any() else frame


def read_source(rows: LedgerRows, vocabulary: Vocabulary, how: Mapping[str, Any]) -> ImportSource:
    """Read a ledger to its end; `how` are the options by which it is read, beside what somebody
    said that its headings mean.

    Raises InputError for a ledger without records, and for a file that is damaged.
    """
    source = ImportSource(vocabulary, rows.sha256)
    source.tables = [TableReading(t, kept, {}) for t, kept in
                     zip(rows.tables, rows.kept, strict=True)]
    for part in rows.parts():
        source.take(part)
    source.tables = [TableReading(t, kept, others) for t, kept, others in
                     zip(rows.tables, rows.kept, rows.other_rows, strict=True)]
    source.notices = rows.notices
    source.skipped = rows.skipped
    if rows.sha256:
        read_so = {**how, "columns": _mapped(t.columns for t in source.tables)}
        source.reading = hashlib.sha256(
            rows.sha256.encode() + orjson.dumps(read_so, option=orjson.OPT_SORT_KEYS)).hexdigest()
    return source


def _samples(part: RowPart, frame: pl.DataFrame,
             fields: FieldTable) -> Iterator[tuple[tuple[int, str], Sequence[str]]]:
    for cells in (*frame.head(_LOOKED_AT), *part.others.head(_LOOKED_AT)):
        some = [str(each).lower() if isinstance(each, bool) else str(each)
                for each in cells.drop_nulls().unique(maintain_order=True).head(_SAMPLES)]
        field = fields.get(cells.name)
        yield (part.table, cells.name), [
            (hide_numbers(text) if field is None else
             field.shown(field.values.get(text, text)))[:_SAMPLE] for text in some]


def _mapped(tables: Iterable[TableColumns]) -> dict[str, str]:
    """What somebody said of headings that are there: of others it makes no difference."""
    return {use.heading: use.field.name if use.field else "" for table in tables
            for use in table.columns if use.how in ("mapped", "null")}


def plain(frame: pl.DataFrame, fields: FieldTable) -> pl.DataFrame:
    """Typed cells as events hold them: days and months as texts."""
    shapes = {"date": "%Y-%m-%d", "month": "%Y-%m"}
    return frame.with_columns(
        pl.col(name).dt.strftime(shapes[fields[name].type]) for name in frame.columns
        if fields[name].type in shapes)
