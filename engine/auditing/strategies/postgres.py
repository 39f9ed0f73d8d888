"""An audit where the data lies. In: a table in a server, a plan. Out: verdicts as they come.

The server judges; only records that have something to report come back.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from zhuanjie.engine.auditing.column_gaps import gap_counts, gaps_of
from zhuanjie.engine.auditing.editions import EditionIndex
from zhuanjie.engine.auditing.frames import RecordFrame
from zhuanjie.engine.auditing.shares import SHARES, fields_of, lowered_shares, merged
from zhuanjie.engine.auditing.strategies.base import AuditRequest
from zhuanjie.engine.auditing.verdict_batch import VerdictBatch, counted
from zhuanjie.engine.backends.sql.ledger import LedgerQueries, StatementPart
from zhuanjie.engine.backends.sql.postgres import PostgresBackend
from zhuanjie.engine.backends.sql.records import Counts
from zhuanjie.engine.backends.verdicts import Verdicts
from zhuanjie.engine.core.dates import Month, from_day
from zhuanjie.engine.core.errors import InputError, fail
from zhuanjie.engine.expr.nodes import FieldRef
from zhuanjie.engine.ledger.ledger import Ledger
from zhuanjie.engine.ledger.readers.postgres import PostgresTable
from zhuanjie.engine.lowering.plan import Plan
from zhuanjie.engine.lowering.shares import LoweredShare


def table_of(ledger: Ledger) -> PostgresTable | None:
    """The table of a server that is the whole of a ledger, or None."""
    tables = ledger.tables
    only = tables[0] if len(tables) == 1 else None
    return only if isinstance(only, PostgresTable) else None


class PostgresJudge:
    """Has a server judge one of its tables."""

    sliced = False

    def __init__(self, request: AuditRequest) -> None:
        """Raises InputError for a table that cannot be read."""
        table = table_of(request.ledger)
        assert table is not None
        self.backend = PostgresBackend(table.server)
        self.ledger, self._request = request.ledger, request
        self._plan = request.plan_for(table.kept, lists_all=request.all_outcomes)
        self._listing = request.plan_for(table.kept)
        self.queries = LedgerQueries(table, self._plan, request.plan.needs)
        self._editions = EditionIndex(self._plan)
        self._known: Counts | None = None

    @property
    def size(self) -> int | None:
        """The rows of the table, once they are counted."""
        return self._known.rows if self._known else self.ledger.size_hint

    def batches(self, start: tuple[int, int] = (0, 0)) -> Iterator[VerdictBatch]:
        """Records with their verdicts, as the server hands them over."""
        counts = self._count()
        guards = len(self._editions.guards)
        yield counted(
            self._plan, records=counts.records, out_of_scope=counts.beyond,
            editions=self._editions.counts(counts.held[:guards], counts.in_scope),
            not_judged=gap_counts(self._plan, counts.held[guards:]),
            file=self.queries.table.file, position=0, others=counts.others)
        position = 0
        for part in self.queries.judged(self._request.all_outcomes):
            position = part.rows[-1] if len(part.rows) else position
            plan = self.queries.plan
            yield VerdictBatch(plan, part.frame, part.rows, Verdicts(plan, items=part.verdicts),
                               self.queries.table.file, input=part.input, slice=start,
                               position=position)

    def shares(self) -> pl.DataFrame | None:
        """See `Strategy.shares`."""
        return merged([self._share(at, lowered)
                       for at, lowered in enumerate(lowered_shares(self._plan))])

    def values(self, field: str, wanted: pl.Series) -> Iterator[pl.Series]:
        """Those of the values wanted that the table has."""
        yield pl.Series(self.queries.there(field, wanted.to_list()), dtype=pl.String)

    def _share(self, at: int, lowered: LoweredShare) -> pl.DataFrame:
        """The counts of one rule, group by group."""
        rule = self._plan.shares[at]
        by = rule.within.name if isinstance(rule.within, FieldRef) else None
        bits = {name: 1 << i for i, name in enumerate(fields_of(rule))}
        cells = len(lowered.cells)
        return pl.DataFrame([
            (at, _written(form, by, self._plan), _written(shown, by, self._plan),
             *counts[:cells + 1], sum(bits.get(name, 0) for (name, _), times in zip(
                 lowered.missing, counts[cells + 1:], strict=True) if times))
            for form, shown, counts in self.queries.shares(by, [
                *lowered.cells, lowered.not_judged, *(cond for _, cond in lowered.missing)])
            if any(counts[:cells])], schema=SHARES, orient="row")

    def frames(self, record: str | None = None) -> Iterator[RecordFrame]:
        """The records in scope; only one, or all of them where there is none of that name."""
        counts = self._count()
        records, beyond, others = counts.records, counts.beyond, counts.others
        for part in self._parts(record):
            yield RecordFrame(self._listing, part.frame, part.rows, self.queries.table.file, None,
                              records, beyond, part.input, others=others)
            records = beyond = 0
            others = {}

    def _parts(self, record: str | None) -> Iterator[StatementPart]:
        if record is not None:
            parts = list(self.queries.records(record))
            if any(len(part.frame) for part in parts):
                return iter(parts)
        return self.queries.records()

    def _count(self) -> Counts:
        """Count the rows; the server counts too which records each edition judges."""
        if self._known is None:
            guards = self._editions.guards
            surely = self._plan.kleene.must_be_true
            counts = self.queries.counts(
                [*map(surely, guards), *(cond for _, cond in gaps_of(self._plan))])
            if not counts.records:
                raise fail(InputError, "records.no-records", self.queries.table.address.place,
                           "records.hint.no-records")
            held = self._editions.counts(counts.held[:len(guards)], counts.in_scope)
            self.queries.judge_by(self._editions.specialize(held, counts.in_scope))
            self._known = counts
        return self._known


def _written(text: str | None, by: str | None, plan: Plan) -> str | None:
    """A group as it is called; the server has days as their numbers."""
    kind = None if by is None else plan.fields[by].type
    if text is None or kind not in ("date", "month"):
        return text
    day = from_day(int(text))
    return (Month.of(day) if kind == "month" else day).isoformat()
