"""Verdict batches into findings. In: batches. Out: findings in words, in the order of the rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import merge
from typing import Any

from zhuanjie.engine.auditing.verdict_batch import VerdictBatch
from zhuanjie.engine.auditing.wording.renderer import FindingRenderer
from zhuanjie.engine.core.location import Location
from zhuanjie.engine.core.results import Finding, TableRef
from zhuanjie.engine.ledger.given_table import RecordsTable
from zhuanjie.engine.ledger.readers.base import LedgerTable

Columns = Mapping[str, int]


class CellPlaces:
    """Where in the tables of a ledger the fields stand that rules read."""

    def __init__(self, tables: Iterable[LedgerTable] = ()) -> None:
        self._tables = {table.ref: table for table in tables}

    def entry(self, batch: VerdictBatch, row: int | None) -> str | None:
        """The id under which a register keeps the record of a row."""
        table = self._tables.get(TableRef(batch.file, batch.sheet, batch.header_row))
        return table.entry(row) if isinstance(table, RecordsTable) and row is not None else None

    def of(self, batch: VerdictBatch, words: FindingRenderer) -> tuple[dict[int, Columns], bool]:
        """The columns of what each rule of a batch reads, and whether its cells have names."""
        table = self._tables.get(TableRef(batch.file, batch.sheet, batch.header_row))
        if table is None:
            return {}, False
        columns = table.field_columns
        return {rule: {name: columns[name] for name in reads if name in columns}
                for rule, reads in enumerate(words.reads)}, table.is_grid


def findings_of(batches: Iterable[VerdictBatch], words: FindingRenderer,
                places: CellPlaces | None = None) -> Iterator[Finding]:
    """What the verdicts say of each record; `places` knows the cells of their ledger."""
    places = places or CellPlaces()
    run: list[VerdictBatch] = []
    for batch in batches:
        if run and batch.run != run[0].run:
            yield from _among(run, words, places)
            run = []
        if batch.run is not None:
            run.append(batch)
        elif len(batch.verdicts):
            yield from _said(batch, words.of(batch.plan), places)
    yield from _among(run, words, places)


def _among(run: Sequence[VerdictBatch], words: FindingRenderer,
           places: CellPlaces) -> Iterator[Finding]:
    """The findings of batches whose records stand among one another."""
    return merge(*(_said(batch, words.of(batch.plan), places)
                   for batch in run if len(batch.verdicts)),
                 key=lambda finding: finding.location.row or 0)


def _said(batch: VerdictBatch, words: FindingRenderer, places: CellPlaces) -> Iterator[Finding]:
    frame, rows = batch.reported()
    at = -1
    number: int | None = None
    record: dict[str, Any] = {}
    file, (columns, is_grid) = batch.file or None, places.of(batch, words)
    pairs = zip(rows, frame.iter_rows(named=True), strict=True)
    for verdict in batch.verdicts:
        if verdict.row != at:
            at = verdict.row
            number, record = next(pairs)
        location = Location(file, batch.sheet, number, columns.get(verdict.rule, {}), is_grid,
                            places.entry(batch, number))
        waiver = None if verdict.waiver is None else batch.waivers[verdict.waiver]
        share = batch.shares[verdict.row] if batch.shares else None
        yield words.finding(verdict, record, location, waiver, share)
