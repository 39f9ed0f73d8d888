"""An audit. In: a ledger, a plan, an engine. Out: verdicts or findings as they come, then a report.

A large ledger passes through a column engine in one stream (`bulk`). Otherwise records pass in
batches: where a rule looks across records the ledger is read twice, once to count, once to judge; a
ledger of one batch is kept and read once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

import polars as pl

from zhuanjie.engine.auditing.editions import EditionCounts
from zhuanjie.engine.auditing.notices import no_columns, said_of
from zhuanjie.engine.auditing.reconciliation import RosterReconciliation
from zhuanjie.engine.auditing.strategies.stream import StreamJudge, VerdictBatch
from zhuanjie.engine.auditing.uniqueness import DTYPES, DuplicateCounter
from zhuanjie.engine.auditing.wording.renderer import FindingRenderer, field_label
from zhuanjie.engine.backends.base import Backend
from zhuanjie.engine.backends.registry import column_backend_of
from zhuanjie.engine.backends.verdicts import to_table, to_verdicts
from zhuanjie.engine.core.errors import InputError, fail
from zhuanjie.engine.core.messages import Lang
from zhuanjie.engine.core.results import (
    Finding,
    InputFinding,
    LedgerRef,
    Location,
    Outcome,
    Report,
    Severity,
    Summary,
)
from zhuanjie.engine.ledger.assemble import Batch
from zhuanjie.engine.ledger.ledger import Ledger
from zhuanjie.engine.lowering.plan import Plan

Progress = Callable[[int, int | None], None]

MANY = 20_000
"""Records from which on a ledger is read as one stream."""


class AuditRun:
    """One audit. Iterate it for findings; `head` is complete once it is exhausted."""

    def __init__(self, ledger: Ledger, plan: Plan, backend: Backend, *, lang: Lang,
                 roster: Ledger | None = None, every: bool = False,
                 progress: Progress | None = None, sparse: bool = False,
                 bulk: bool | None = None) -> None:
        """`sparse` records leave out what they have no value for: that is no missing column.

        `bulk` has the ledger read as one stream even if it is small.
        """
        self.ledger, self.plan, self.backend = ledger, plan, backend
        self.roster, self.every, self.progress = roster, every, progress
        self.lang, self.sparse, self.bulk = lang, sparse, bulk
        self.words = FindingRenderer(plan, lang)
        self.needs = plan.needs
        self.summary = Summary()
        self.kinds: set[tuple[Outcome, Severity]] = set()
        """What findings there are, by what they weigh."""
        self.input: list[InputFinding] = []
        self.records = self.out_of_scope = 0
        self.clauses: frozenset[str] | None = None
        """The clauses that are asked about, where it is not all of them."""
        self.tally = EditionCounts(plan)
        self.counters = [DuplicateCounter(r, plan, backend) for r in plan.unique]
        self.absent = [RosterReconciliation(r) for r in plan.whole] if roster else []
        self._call_roll()

    def close(self) -> None:
        """Let go of the ledgers; `head` can still be taken."""
        self.ledger.close()
        if self.roster is not None:
            self.roster.close()

    def __iter__(self) -> Iterator[Finding]:
        for judged in self.judged():
            yield from self._said(judged)
        yield from self.absences()

    @property
    def in_stream(self) -> bool:
        """Whether the ledger passes as one stream, slice by slice, rather than in batches."""
        if column_backend_of(self.backend) is None or self.bulk is False:
            return False
        hint = self.ledger.size_hint
        return self.bulk is True or hint is None or hint >= MANY

    def judged(self, start: tuple[int, int] = (0, 0)) -> Iterator[VerdictBatch]:
        """Records with their verdicts, in order; who is absent comes last, by `absences`.

        `start` passes over the slices of the ledger before it.
        """
        engine = column_backend_of(self.backend)
        if engine is None or not self.in_stream:
            for batch, frame, rows in self.frames():
                verdicts = self.backend.judge(self.tally.add_all(frame), frame, self.every)
                yield VerdictBatch(
                    self.plan, frame, rows, to_table(self.plan, verdicts), batch.file, batch.sheet,
                    len(batch.frame), len(batch.frame) - len(frame))
            return
        bulk = StreamJudge(self.ledger.tables, self.plan, engine, self.needs, self.counters,
                         self.tally, every=self.every)
        if self.progress:
            self.progress(self.records, self.ledger.size_hint)
        for judged in bulk.judged(start):
            self.input += judged.input
            self.records += judged.records
            self.out_of_scope += judged.out_of_scope
            yield judged
            if self.progress:
                self.progress(self.records, self.ledger.size_hint)
        self.ledger.check_filled(self.records)
        for absent in self.absent:
            for there in bulk.values(absent.field):
                absent.observe(there)

    def absences(self) -> Iterator[Finding]:
        """Who stands in the roster and not in the ledger, once all was judged."""
        for absent in self.absent:
            for value, location in absent.unmatched():
                yield self._noted(self.words.absence(absent.rule, value, location))

    def head(self) -> Report:
        """The report without its findings."""
        lacking = {} if self.sparse else no_columns(self.plan, self.ledger.fields)
        order = {clause: i for i, clause in enumerate(self.plan.policy.clauses)}
        counts = dict(sorted(self.summary.counts.items(), key=lambda pair: order[pair[0]]))
        return Report(
            policy=self.plan.policy.ref,
            as_of=self.plan.as_of,
            ledger=LedgerRef(self.records, self.out_of_scope, self.ledger.sha256),
            summary=Summary(counts),
            input=self.input,
            findings=[],
            notices=[*self.plan.policy.notices, *self.ledger.notices,
                     *(self.roster.notices if self.roster else ()),
                     *said_of(lacking, self.plan, self.lang, self.clauses)],
            no_columns=lacking,
            judged=self.tally.judged(),
        )

    def _counted(self) -> Iterator[Batch]:
        """The batches, once every rule that counts over the ledger has seen all of them."""
        batches = iter(self.ledger.batches())
        first = [b for b in (next(batches, None), next(batches, None)) if b is not None]
        everything = chain(first, batches)
        if self.counters:
            for batch in everything:
                frame = self._in_scope(batch.frame)[0]
                for counter in self.counters:
                    counter.add(frame)
            everything = chain(first) if len(first) < 2 else chain(self.ledger.batches())
        self.shared = [c.shared() for c in self.counters] if first else []
        return everything

    def _in_scope(self, frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.Series]:
        """The records the policy speaks of, with all its columns, and their places in `frame`."""
        absent = [n for n in self.needs if n not in frame.columns]
        frame = frame.with_columns(
            pl.lit(None, dtype=DTYPES[self.plan.fields[n].type]).alias(n) for n in absent
        ).select(self.needs)
        frame = frame.with_columns(pl.col(n).fill_null(self.plan.as_of) for n in self.plan.assumed
                                   if n in frame.columns)
        kept = pl.Series("row", range(len(frame)), dtype=pl.Int64)
        scope = self.plan.policy.scope
        if scope is not None:
            # A record is out of scope only where that is certain.
            truth = self.backend.truth(self.plan, scope, frame)
            kept = kept.filter(pl.Series(truth, dtype=pl.Boolean).ne_missing(False))
            frame = frame[kept]
        return frame, kept

    def frames(self) -> Iterator[tuple[Batch, pl.DataFrame, pl.Series]]:
        """Each batch with its records in scope, ready to judge, and their row numbers."""
        for batch in self._counted():
            self.input += batch.input
            frame, kept = self._in_scope(batch.frame)
            self.records += len(batch.frame)
            self.out_of_scope += len(batch.frame) - len(frame)
            for absent in self.absent:
                source = batch.frame if absent.field in batch.frame.columns else frame
                absent.observe(source[absent.field])
            for counter, shared in zip(self.counters, self.shared, strict=True):
                frame = counter.attach(frame, shared)
            yield batch, frame, batch.rows.gather(kept)
            if self.progress:
                self.progress(self.records, self.ledger.size_hint)

    def frames_about(self, _record: str) -> Iterator[tuple[Batch, pl.DataFrame, pl.Series]]:
        """Frames as above, of which those without the record may be left out."""
        return self.frames()

    def _said(self, judged: VerdictBatch) -> Iterator[Finding]:
        """Verdicts, in the order of the rows, as findings."""
        frame, rows = judged.reported()
        at = -1
        record: dict[str, Any] = {}
        location = Location()
        pairs = zip(rows, frame.iter_rows(named=True), strict=True)
        for verdict in to_verdicts(judged.plan, judged.verdicts):
            if verdict.row != at:
                at = verdict.row
                number, record = next(pairs)
                location = Location(judged.file, judged.sheet, number)
            if verdict.outcome is Outcome.NOT_APPLICABLE and not self.plan.applies_to(
                    verdict.rule, record):
                continue  # another edition of the rule judges this record
            yield self._noted(self.words.finding(verdict, record, location))

    def _call_roll(self) -> None:
        """Note what the roster asks for; raises InputError where it lacks the field."""
        for absent in self.absent:
            assert self.roster is not None
            if absent.field not in self.roster.fields:
                raise fail(InputError, "audit.roster-column",
                           field=field_label(absent.field, self.lang, self.plan.fields))
        for batch in self.roster.batches() if self.roster and self.absent else ():
            frame, kept = self._in_scope(batch.frame)
            self.input += batch.input
            for absent in self.absent:
                absent.expect(frame[absent.field], batch.rows.gather(kept), batch.file, batch.sheet)

    def _noted(self, finding: Finding) -> Finding:
        self.summary.add(finding.clause, finding.outcome)
        self.kinds.add((finding.outcome, finding.severity))
        return finding
