"""Ledgers row by row, for those who keep them. In: ledgers of any kind. Out: typed cells, places.

Tables are not joined: whoever keeps records tells by what is known already which rows are one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import polars as pl
from msgspec import Struct, field

from zhuanjie.engine.api.columns import TableColumns, columns_of_table
from zhuanjie.engine.core.diagnostics import Diagnostic
from zhuanjie.engine.core.results import InputFinding, Skipped
from zhuanjie.engine.ledger.compared_columns import compared_series
from zhuanjie.engine.ledger.ledger import open_ledger
from zhuanjie.engine.policy.policy import Policy

__all__ = ["LedgerRows", "RowPart", "open_rows"]


class RowPart(Struct, frozen=True):
    """Some consecutive records of one table, the `table`th of its ledger.

    `frame` has the typed cells by field, `rows` the row numbers, `forms` the keys as they are
    compared, `others` the columns that nobody knows, as text, by their headings. `input` is what
    could not be read.
    """

    table: int
    frame: pl.DataFrame
    rows: Sequence[int]
    forms: Mapping[str, Sequence[str | None]]
    others: pl.DataFrame
    input: Sequence[InputFinding]


class _Counts(Struct):
    records: int = 0
    roles: Counter[str] = field(default_factory=Counter)


class LedgerRows(AbstractContextManager["LedgerRows"]):
    """A ledger that is read once, part by part, and what is known of it then."""

    def __init__(self, sources: Sequence[str | Path], policy: Policy,
                 columns: Mapping[str, str] | None = None, stdin: BinaryIO | None = None,
                 version: str | None = None) -> None:
        """Raises InputError for what cannot be read at all."""
        self._policy, self._columns = policy, columns
        self._ledger = open_ledger(sources, columns, stdin, vocabulary=policy.vocabulary,
                                   version=version)
        self._counts = [_Counts() for _ in self._ledger.tables]

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._ledger.close()

    @property
    def sha256(self) -> str:
        """The digest of the bytes of all files; empty where a database is among them."""
        return self._ledger.sha256

    @property
    def skipped(self) -> Sequence[Skipped]:
        """The files and sheets that were not read."""
        return self._ledger.skipped

    @property
    def notices(self) -> Sequence[Diagnostic]:
        """What there is to be said of its columns and tables."""
        return self._ledger.notices

    @property
    def kept(self) -> Sequence[frozenset[str]]:
        """By table, the fields that it has columns for: all, where it has no columns to lack."""
        every = frozenset(f.name for f in self._policy.vocabulary.fields)
        return [every if t.kept is None else t.kept for t in self._ledger.tables]

    @property
    def tables(self) -> Sequence[TableColumns]:
        """Its tables with their columns, and how many records were read of each so far."""
        return [columns_of_table(t, counts.records, self._policy, self._columns)
                for t, counts in zip(self._ledger.tables, self._counts, strict=True)]

    @property
    def other_rows(self) -> Sequence[Mapping[str, int]]:
        """By table, how many rows so far are no records, by what they are."""
        return [dict(counts.roles) for counts in self._counts]

    def parts(self, size: int | None = None) -> Iterator[RowPart]:
        """All records, in order; raises InputError where there are none or a file is damaged."""
        vocabulary = self._policy.vocabulary
        # Stacked tables of one sheet differ by their header alone.
        numbers = {(t.file, t.sheet, t.header_row): at
                   for at, t in enumerate(self._ledger.tables)}
        for batch in self._ledger.batches(size):
            number = numbers[batch.file, batch.sheet, batch.header_row]
            counts = self._counts[number]
            counts.records += batch.frame.height
            counts.roles.update(map(str, batch.others.values()))
            forms = {key: compared_series(batch.frame[key],
                                          vocabulary.fields[key].compare).to_list()
                     for key in vocabulary.keys if key in batch.frame.columns}
            yield RowPart(number, batch.frame, batch.rows.to_list(), forms, batch.extra,
                          batch.input)


def open_rows(sources: Sequence[str | Path], policy: Policy,
              columns: Mapping[str, str] | None = None, stdin: BinaryIO | None = None,
              version: str | None = None) -> LedgerRows:
    """The rows of a ledger in files, folders, globs, addresses and standard input (`-`).

    `columns` maps headings to fields. Raises InputError for what cannot be read at all, UsageError
    for a `version` of what has none.
    """
    return LedgerRows(sources, policy, columns, stdin, version)
