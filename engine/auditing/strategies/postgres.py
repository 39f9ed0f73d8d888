"""An audit where the data lies. In: a table in a server, a plan. Out: findings as they come.

The server judges; only records that have something to report come back. They are put into words
as those of any other audit.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl

from zhuanjie.engine.auditing.run import AuditRun
from zhuanjie.engine.auditing.strategies.stream import VerdictBatch
from zhuanjie.engine.backends.sql.ledger import LedgerQueries, StatementPart
from zhuanjie.engine.backends.sql.postgres import PostgresBackend
from zhuanjie.engine.backends.verdicts import to_table
from zhuanjie.engine.core.errors import InputError, fail
from zhuanjie.engine.ledger.batch import Batch
from zhuanjie.engine.ledger.ledger import Ledger
from zhuanjie.engine.ledger.readers.postgres import PostgresTable
from zhuanjie.engine.lowering.plan import Plan


def table_of(ledger: Ledger) -> PostgresTable | None:
    """The table of a server that is the whole of a ledger, or None."""
    tables = ledger.tables
    only = tables[0] if len(tables) == 1 else None
    return only if isinstance(only, PostgresTable) else None


class PostgresJudge(AuditRun):
    """One audit in a server. Iterate it for findings; `head` is complete once it is exhausted."""

    def __init__(self, ledger: Ledger, table: PostgresTable, plan: Plan, **options: Any) -> None:
        """Options as for `AuditRun`. Raises InputError for a table that cannot be read."""
        super().__init__(ledger, plan, PostgresBackend(table.server), **options)
        self.queries = LedgerQueries(table, plan, self.needs)
        self.counters = []  # the server counts
        self._none = pl.DataFrame()
        self._rows: int | None = None

    @property
    def in_stream(self) -> bool:
        """A server's table has no slices."""
        return False

    def judged(self, start: tuple[int, int] = (0, 0)) -> Iterator[VerdictBatch]:
        """Records with their verdicts, as the server hands them over."""
        for part in self._parts(self.queries.judged(self.every)):
            plan = self.queries.plan
            yield VerdictBatch(plan, part.frame, part.rows, to_table(plan, part.verdicts),
                                self.queries.table.file, None, 0, 0)
        for absent in self.absent:
            there = self.queries.there(absent.field, absent.expected.to_list())
            absent.observe(pl.Series(there, dtype=pl.String))

    def frames(self) -> Iterator[tuple[Batch, pl.DataFrame, pl.Series]]:
        """Each batch of records in scope, ready to judge, and their row numbers."""
        for part in self._parts(self.queries.records()):
            yield self._batch(part), part.frame, part.rows

    def frames_about(self, record: str) -> Iterator[tuple[Batch, pl.DataFrame, pl.Series]]:
        """Only the record; or all of them, where there is none of that name."""
        found = False
        for part in self._parts(self.queries.records(record)):
            found = found or len(part.frame) > 0
            yield self._batch(part), part.frame, part.rows
        if not found:
            self.input.clear()
            yield from self.frames()

    def _parts(self, parts: Iterator[StatementPart]) -> Iterator[StatementPart]:
        """Count, then pass the parts on, which nothing was asked for before."""
        if self._rows is None:
            self._rows = self._count()
        total = self._rows
        for part in parts:
            self.input += part.input
            yield part
            if self.progress and len(part.rows):
                self.progress(part.rows[-1], total)

    def _count(self) -> int:
        """How many rows there are; the server counts too which records each edition judges."""
        counts = self.queries.counts(self.tally.guards)
        self.out_of_scope, self.records = counts.beyond, counts.records
        if not self.records:
            raise fail(InputError, "records.no-records", self.queries.table.address.place,
                       "records.hint.no-records")
        self.queries.judge_by(self.tally.take(counts.held, counts.in_scope))
        return counts.rows

    def _batch(self, part: StatementPart) -> Batch:
        return Batch(part.frame, self._none, part.rows, self.queries.table.file, None, 0,
                     part.input)
