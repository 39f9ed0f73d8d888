"""An audit. In: a ledger, a plan, an engine. Out: findings as they come, then a report.

Records pass in batches. Where a rule looks across records the ledger is read twice: once to count,
once to judge; a ledger of one batch is kept and read once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

import polars as pl

from zhuanjie.engine.auditing.notices import no_columns
from zhuanjie.engine.auditing.whole import DTYPES, Absent, Counter
from zhuanjie.engine.auditing.words import Words, field_label
from zhuanjie.engine.backends.base import Backend
from zhuanjie.engine.errors import InputError, fail
from zhuanjie.engine.lower.plan import Plan
from zhuanjie.engine.model.fields import KEY, fields
from zhuanjie.engine.records.assemble import Batch
from zhuanjie.engine.records.ledger import Ledger
from zhuanjie.engine.results import (
    Finding,
    InputFinding,
    LedgerRef,
    Location,
    Report,
    Summary,
    Verdict,
)
from zhuanjie.engine.text import Lang

Progress = Callable[[int, int | None], None]


class AuditRun:
    """One audit. Iterate it for findings; `head` is complete once it is exhausted."""

    def __init__(self, ledger: Ledger, plan: Plan, backend: Backend, *, lang: Lang,
                 roster: Ledger | None = None, every: bool = False,
                 progress: Progress | None = None, sparse: bool = False) -> None:
        """`sparse` records leave out what they have no value for: that is no missing column."""
        self.ledger, self.plan, self.backend = ledger, plan, backend
        self.roster, self.every, self.progress = roster, every, progress
        self.lang, self.sparse = lang, sparse
        self.words = Words(plan, lang)
        self.needs = fields().sort(plan.policy.fields | {KEY})
        self.summary = Summary()
        self.input: list[InputFinding] = []
        self.records = self.out_of_scope = 0
        self.counters = [Counter(r, plan, backend) for r in plan.unique]
        self.absent = [Absent(r) for r in plan.whole] if roster else []

    def __iter__(self) -> Iterator[Finding]:
        for batch, frame, rows in self.frames():
            verdicts = self.backend.judge(self.plan, frame, self.every)
            yield from self._said(verdicts, frame, batch, rows)
        for rule in self.absent:
            yield from self.absences(rule)

    def head(self) -> Report:
        """The report without its findings."""
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
                     *(() if self.sparse else no_columns(
                         self.plan, self.ledger.fields, self.lang))],
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
            pl.lit(None, dtype=DTYPES[fields()[n].type]).alias(n) for n in absent
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
                absent.add(batch.frame if absent.field in batch.frame.columns else frame)
            for counter, shared in zip(self.counters, self.shared, strict=True):
                frame = counter.attach(frame, shared)
            yield batch, frame, batch.rows.gather(kept)
            if self.progress:
                self.progress(self.records, self.ledger.size_hint)

    def frames_about(self, _record: str) -> Iterator[tuple[Batch, pl.DataFrame, pl.Series]]:
        """Frames as above, of which those without the record may be left out."""
        return self.frames()

    def _said(self, verdicts: list[Verdict], frame: pl.DataFrame, batch: Batch,
              rows: pl.Series) -> Iterator[Finding]:
        """Verdicts, in the order of the rows, as findings."""
        places = list(dict.fromkeys(v.row for v in verdicts))
        numbers = rows.gather(places).to_list()
        records = frame[places].iter_rows(named=True)
        at = -1
        record: dict[str, Any] = {}
        location = Location()
        pairs = zip(places, numbers, records, strict=True)
        for verdict in verdicts:
            if verdict.row != at:
                at, number, record = next(pairs)
                location = Location(batch.file, batch.sheet, number)
            finding = self.words.finding(verdict, record, location)
            self.summary.add(finding.clause, finding.outcome)
            yield finding

    def absences(self, absent: Absent) -> Iterator[Finding]:
        """Who stands in the roster and not in the ledger."""
        assert self.roster is not None
        if absent.field not in self.roster.fields:
            raise fail(InputError, "audit.roster-column",
                       field=field_label(absent.field, self.lang))
        batches = [(b, *self._in_scope(b.frame)) for b in self.roster.batches()]
        self.input += [i for b, _, _ in batches for i in b.input]
        for (batch, frame, kept), rows in zip(
                batches, absent.missing(f for _, f, _ in batches), strict=True):
            for row in rows:
                location = Location(batch.file, batch.sheet, batch.rows[int(kept[row])])
                finding = self.words.absence(absent.rule, frame[absent.field][row], location)
                self.summary.add(finding.clause, finding.outcome)
                yield finding
