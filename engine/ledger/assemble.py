"""Raw chunks to typed batches. In: a table's chunks. Out: batches with their input findings.

One column at a time, through `read_column`; which rows are no records says `row_roles`.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import polars as pl

from zhuanjie.engine.core.limits import limits
from zhuanjie.engine.core.python_cells import python_cell
from zhuanjie.engine.core.results import InputFinding
from zhuanjie.engine.ledger.batch import Batch
from zhuanjie.engine.ledger.cells.checks import faults
from zhuanjie.engine.ledger.cells.parser import CellError, read_column
from zhuanjie.engine.ledger.cells.text import show, whole_text
from zhuanjie.engine.ledger.compared_columns import compared_series
from zhuanjie.engine.ledger.duplicate_ids import DuplicateIdIndex
from zhuanjie.engine.ledger.given_table import RecordsTable
from zhuanjie.engine.ledger.readers.base import Cells, Chunk, LedgerTable
from zhuanjie.engine.ledger.row_roles import COUNTED, RowRole

__all__ = ["SAID", "Batch", "assemble", "lead", "same_id", "type_chunk"]

SAID = {RowRole.NOTE: "records.note-row", RowRole.HEADING: "records.heading-row",
         RowRole.SUM: "records.sum-row", RowRole.EXAMPLE: "records.example-row"}
"""What is said of rows that are no records."""


def assemble(table: LedgerTable, size: int, start: int, ids: DuplicateIdIndex) -> Iterator[Batch]:
    """The batches of one table; `start` records came before it, `ids` are those seen so far."""
    if isinstance(table, RecordsTable):
        yield from table.batches(size, start)
        return
    for chunk in table.chunks(size) if table.match.fields else ():
        batch = _Typing(table, chunk).batch(start, ids)
        if batch.frame.height or batch.input or batch.others:
            start += batch.frame.height
            yield batch


def type_chunk(table: LedgerTable, chunk: Chunk, only: Collection[int] | None = None) -> Batch:
    """The records of one chunk by itself; nothing is said of ids that other records have.

    Of the known columns `only` these are read, if given.
    """
    return _Typing(table, chunk, only).batch(0, None)


def same_id(table: LedgerTable, ids: pl.Series, rows: pl.Series,
            seen: DuplicateIdIndex) -> Iterator[tuple[int, InputFinding]]:
    """The records whose id an earlier one has, by row; `seen` holds those before and takes in all.
    """
    name, at = table.match.key, table.match.key_column
    shown = table.match.vocabulary.fields[name].shown
    heading = None if at is None else " ".join(table.headings[at].split())
    forms = compared_series(ids, table.match.vocabulary.fields[name].compare)
    for position, first in seen.check(forms, rows, (table.file, table.sheet),
                                      table.kept):
        record, row = shown(ids[position]), rows[position]
        yield row, InputFinding(
            "records.same-id", record, name, row, heading, record, table.file, table.sheet,
            {"first": f"{first.file}[{first.sheet}]" if first.sheet else first.file,
             "first_row": first.row},
        )


def lead(cells: Iterable[object]) -> str:
    """The first text of a row, as a finding quotes it."""
    return next(filter(None, (show(cell) for cell in cells if cell is not None)), "")


class _Typing:
    """The typing of one chunk."""

    def __init__(self, table: LedgerTable, chunk: Chunk,
                 only: Collection[int] | None = None) -> None:
        self.table = table
        self.chunk = chunk
        self.only = table.match.fields if only is None else only
        self.order, self.key = table.match.vocabulary.fields.order, table.match.key
        self.errors: list[tuple[int, int, CellError]] = []
        """(position in the chunk, column, error)"""
        known = sorted(table.match.fields.items(), key=lambda item: self.order[item[1].name])
        positions = [at for at, _ in known]
        # Polars works outside the interpreter's lock, so that its columns can go side by side.
        aside = len(chunk.rows) >= limits().columns_from and all(isinstance(c, pl.Series) for c in
                                                chunk.cells.values())
        run = _workers().map if aside else map
        columns = []
        for at, (column, errors) in zip(positions, run(self._column, positions), strict=True):
            columns.append(column)
            self.errors += [(i, at, error) for i, error in errors]
        self.frame = pl.DataFrame(columns)

    def batch(self, start: int, ids: DuplicateIdIndex | None) -> Batch:
        """The records of the chunk, without the rows that are none."""
        frame, rows, extra = self.frame, self.chunk.rows, self._extra()
        first = (self.table.header_row or 0) + 1
        roles = self.table.roles.of(self.chunk.cells, rows - first)
        found = [*self._findings(roles), *(
            self._other(at, role) for at, role in roles.items() if role in SAID)]
        if roles:
            keep = pl.repeat(True, len(rows), eager=True).scatter(list(roles), False)
            frame, rows = frame.filter(keep), rows.filter(keep)
            extra = extra.filter(keep) if extra.width else extra
        if self.key in frame.columns:
            found += ((row, -1, finding) for row, finding in self._ids(frame, rows, ids))
        found.sort(key=lambda item: item[:2])
        return Batch(frame, extra, rows, self.table.file, self.table.sheet, start,
                     [finding for _, _, finding in found],
                     {self.chunk.rows[at]: r for at, r in roles.items() if r in COUNTED},
                     self.table.header_row, self.table.kept, self.key)

    def _heading(self, at: int) -> str:
        return " ".join(self.table.headings[at].split())

    def _column(self, at: int) -> tuple[pl.Series, list[tuple[int, CellError]]]:
        cells = self.chunk.cells.get(at) if at in self.only else None
        if cells is None:
            cells = pl.repeat(None, len(self.chunk.rows), dtype=pl.Null, eager=True)
        return read_column(self.table.match.fields[at], cells, self.table.day_zero)

    def _other(self, at: int, role: RowRole) -> tuple[int, int, InputFinding]:
        """What is said of a row that is no record."""
        cells = [python_cell(column, at) for _, column in sorted(self.chunk.cells.items())]
        return self._finding(at, SAID[role], value=lead(cells))

    def _findings(
        self, roles: Mapping[int, RowRole]
    ) -> Iterator[tuple[int, int, InputFinding]]:
        """Cells that could not be read, and what the reader found wrong with whole records."""
        for at, column, error in self.errors:
            if at in roles:
                continue
            value = _quoted(self.chunk.cells[column], at)
            yield self._finding(at, error.code, column, value, error.values)
        for column, field in self.table.match.fields.items():
            if field.check is not None:
                for at, wrong in faults(field, self.frame[field.name]):
                    if at in roles:
                        continue
                    value = self.frame[field.name][at]
                    yield self._finding(at, wrong.code, column, value, wrong.values)
        for f in self.chunk.findings:
            if f.position not in roles:
                yield self._finding(f.position, f.code, value=f.value, args=dict(f.args))

    def _finding(self, at: int, code: str, column: int | None = None, value: str | None = None,
                 args: dict[str, object] | None = None) -> tuple[int, int, InputFinding]:
        """A finding at a position of the chunk, with the row and order it sorts by."""
        field = None if column is None else self.table.match.fields[column]
        row = self.chunk.rows[at]
        record = self.frame[self.key][at] if self.key in self.frame.columns else None
        if code in SAID.values():
            record = None
        if record is not None:
            record = self.table.match.vocabulary.fields[self.key].shown(record)
        if field is not None and value is not None:
            value = field.shown(value)
        heading = None if column is None else self._heading(column)
        return row, self.order[field.name] if field else -2, InputFinding(
            code, record, field.name if field else None, row, heading, value, self.table.file,
            self.table.sheet, args or {},
        )

    def _ids(self, frame: pl.DataFrame, rows: pl.Series,
             ids: DuplicateIdIndex | None) -> Iterator[tuple[int, InputFinding]]:
        """Records without an id, and those whose id an earlier record has."""
        at = self.table.match.key_column
        assert at is not None
        column = frame[self.key]
        unreadable = {self.chunk.rows[i] for i, where, _ in self.errors if where == at}
        for row in set(rows.filter(column.is_null())) - unreadable:
            yield row, InputFinding("records.no-id", None, self.key, row, self._heading(at), None,
                                    self.table.file, self.table.sheet)
        if ids is not None:
            yield from same_id(self.table, column, rows, ids)

    def _extra(self) -> pl.DataFrame:
        """The columns nobody knows, as they came; a heading used twice is told apart by number."""
        out: dict[str, pl.Series] = {}
        for at, (heading, _) in self.table.match.unknown.items():
            name, times = heading, 1
            while name in out:
                times += 1
                name = f"{heading}#{times}"
            if (cells := self.chunk.cells.get(at)) is not None:
                out[name] = _plain(name, cells)
        return pl.DataFrame(out)


@cache
def _workers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="zhuanjie-records")


def _quoted(cells: Cells, at: int) -> str:
    """A cell as a finding quotes it."""
    return show(python_cell(cells, at))


def _plain(name: str, cells: Cells) -> pl.Series:
    """Cells as a column: of their own type where they share one, else as text."""
    if isinstance(cells, pl.Series):
        return cells.alias(name)
    kinds = {type(cell) for cell in cells if cell is not None}
    far = int in kinds and any(isinstance(c, int) and c.bit_length() > 63 for c in cells)
    if len(kinds) == 1 and kinds <= {int, float, bool} and not far:
        return pl.Series(name, cells)
    texts = [None if cell is None else whole_text(cell) for cell in cells]
    return pl.Series(name, texts, dtype=pl.String)
