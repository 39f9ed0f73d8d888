"""An audit. In: a ledger, a plan, an engine. Out: verdicts or findings as they come, then a report.

An audit is composed: a strategy yields verdict batches, the stages map them, the totals are counted
from what the last stage hands on, and findings are the verdicts put into words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import cast

from msgspec.structs import replace

from zhuanjie.engine.auditing.frames import RecordFrame
from zhuanjie.engine.auditing.notices import lacking_columns, no_columns, said_of, same_keys
from zhuanjie.engine.auditing.roster import Roster, roster_field
from zhuanjie.engine.auditing.stages.base import Stage, StageContext
from zhuanjie.engine.auditing.stages.registry import STAGES, STAGES_BEFORE_WAIVERS
from zhuanjie.engine.auditing.strategies.base import (
    AuditRequest,
    LedgerFacts,
    LedgerStrategy,
    Strategy,
)
from zhuanjie.engine.auditing.strategies.registry import choose
from zhuanjie.engine.auditing.totals import AuditTotals
from zhuanjie.engine.auditing.verdict_batch import VerdictBatch
from zhuanjie.engine.auditing.waiver_cover import WaiverCover, narrowed
from zhuanjie.engine.auditing.waiver_notices import (
    baseline_use,
    said_of_baseline,
    said_of_waivers,
    uses,
)
from zhuanjie.engine.auditing.wording.findings import CellPlaces, findings_of
from zhuanjie.engine.auditing.wording.renderer import FindingRenderer
from zhuanjie.engine.backends.base import Backend
from zhuanjie.engine.core.forks import use_threads
from zhuanjie.engine.core.limits import limits
from zhuanjie.engine.core.messages import Lang
from zhuanjie.engine.core.results import Finding, LedgerRef, Outcome, Report, Severity, TableCounts
from zhuanjie.engine.ledger.ledger import Ledger
from zhuanjie.engine.ledger.readers.batches import ahead
from zhuanjie.engine.lowering.plan import Plan

Progress = Callable[[int, int | None], None]


class AuditRun:
    """One audit. Iterate it for findings; `head` is complete once it is exhausted."""

    def __init__(self, strategy: Strategy, plan: Plan, *, lang: Lang,
                 roster: Roster | None = None, all_outcomes: bool = False,
                 progress: Progress | None = None, absent_is_blank: bool = False,
                 stages: Sequence[Stage] = STAGES) -> None:
        """`absent_is_blank` says that a column that is not there was taken for a blank one."""
        self.strategy, self.plan, self.roster = strategy, plan, roster
        self.all_outcomes, self.progress = all_outcomes, progress
        self.lang, self.absent_is_blank = lang, absent_is_blank
        self.words = FindingRenderer(plan, lang)
        self.beyond: frozenset[str] = frozenset()
        """The waivers that would cover more records than they may."""
        self._whole = False  # whether everything has been judged
        self.clauses: frozenset[str] | None = None
        """The clauses that are asked about, where it is not all of them."""
        self.totals = AuditTotals(plan)
        self.totals.input += lacking_columns(plan, strategy.ledger, lang)
        self.totals.input += strategy.ledger.input
        self.totals.input += roster.input if roster else ()
        self._stages = stages

    @property
    def ledger(self) -> LedgerFacts:
        """What is known of what is audited."""
        return self.strategy.ledger

    @property
    def backend(self) -> Backend:
        """The engine that judges."""
        return self.strategy.backend

    @property
    def in_stream(self) -> bool:
        """Whether the ledger passes slice by slice, so that an audit can go on from one."""
        return self.strategy.sliced

    @property
    def is_large(self) -> bool:
        """Whether a report for people would not be what its reader wants."""
        return (self.strategy.ledger.size_hint or 0) >= limits().table_report_to

    @property
    def kinds(self) -> set[tuple[Outcome, Severity]]:
        """What findings there are, by what they weigh."""
        return self.totals.kinds

    def close(self) -> None:
        """Let go of the ledgers; `head` can still be taken."""
        self.strategy.ledger.close()
        if self.roster is not None:
            self.roster.ledger.close()

    def __iter__(self) -> Iterator[Finding]:
        return findings_of(self.batches(), self.words, CellPlaces(self.strategy.ledger.tables))

    def batches(self, start: tuple[int, int] = (0, 0)) -> Iterator[VerdictBatch]:
        """Records with their verdicts, in order, as the last stage hands them on.

        `start` passes over the slices of the ledger before it.
        """
        context = StageContext(self.plan, self.strategy, self.lang, self.all_outcomes, self.roster,
                               self.absent_is_blank, self.beyond)
        batches = self._judged(start)
        for stage in self._stages:
            batches = stage(batches, context)
        for batch in batches:
            self.totals.add(batch)
            yield batch
            self._tell(batch.position)
        self._whole = True

    def frames(self, record: str | None = None) -> Iterator[RecordFrame]:
        """The records in scope, unjudged; those not called `record` may be left out."""
        for frame in cast("LedgerStrategy", self.strategy).frames(record):
            self.totals.add_frame(frame)
            yield frame
            self._tell(None)

    def head(self) -> Report:
        """The report without its findings."""
        ledger, totals = self.strategy.ledger, self.totals
        used = uses(self.plan.waivers, totals.waived, self.beyond)
        summary = totals.ordered()
        baseline = baseline_use(self.plan, totals.seen, [*summary.not_judged]) \
            if self._whole else None
        lacking = {} if ledger.kept is None else no_columns(self.plan, ledger.kept)
        return Report(
            policy=self.plan.policy.ref,
            as_of=self.plan.as_of,
            ledger=LedgerRef(
                totals.records, totals.out_of_scope, ledger.sha256,
                (*ledger.skipped, *(self.roster.ledger.skipped if self.roster else ())),
                tuple(self._tables())),
            summary=summary,
            input=list(totals.input),
            findings=[],
            notices=[*self.plan.policy.notices, *ledger.notices, *same_keys(ledger),
                     *(self.roster.ledger.notices if self.roster else ()),
                     *said_of(lacking, self.plan, self.lang, self.clauses,
                              blank=self.absent_is_blank),
                     *said_of_waivers(used, self.plan, whole=self._whole),
                     *said_of_baseline(baseline, self.plan)],
            waivers=used, waiver_problems=self.plan.waivers.problems,
            baseline=baseline, no_columns=lacking,
            judged=totals.judged(), origin=(self.plan.policy, self.lang, self.all_outcomes),
            keys=self.plan.keyed,
        )

    def _tables(self) -> Iterator[TableCounts]:
        """What the rows of each table are, those without a record among them."""
        if (known := self.strategy.ledger.counts) is not None:
            yield from known
            return
        counts = dict(self.totals.tables)
        for table in self.strategy.ledger.tables:
            found = counts.pop(table.ref, None) or TableCounts(table.ref)
            yield replace(found, table=table.ref, marked=dict(table.marked))
        yield from counts.values()

    def _judged(self, start: tuple[int, int]) -> Iterator[VerdictBatch]:
        records = self.totals.records
        judged = self.strategy.batches(start)
        # What becomes of a slice needs other cores than judging the next one.
        for batch in ahead(judged) if self.strategy.sliced else judged:
            records += batch.records
            yield batch
        self.strategy.ledger.check_filled(records)

    def _tell(self, position: int | None) -> None:
        if self.progress:
            done = self.totals.records if position is None else position
            self.progress(done, self.strategy.size)


def begin(ledger: Ledger, plan: Plan, backend: Backend | None = None, *, lang: Lang,
          roster: Ledger | None = None, all_outcomes: bool = False,
          progress: Progress | None = None, absent_is_blank: bool = False,
          bulk: bool | None = None, stages: Sequence[Stage] = STAGES) -> AuditRun:
    """Begin the audit of a ledger, by the engine asked for or by the one that suits it.

    `absent_is_blank` takes a column that a table lacks for a blank one, and not for something
    unknown. `bulk` has the ledger read as one stream even if it is small (or, where False, never).
    Raises InputError for a roster that lacks a field, or a table that cannot be read.
    """
    use_threads()
    plan = replace(plan, keyed=ledger.keys) if ledger.keys != (plan.key,) else plan
    audited = ledger.audited
    observed = frozenset(roster_field(rule, plan, audited, roster.fields)
                         for rule in plan.whole) if roster else frozenset[str]()
    request = AuditRequest(ledger, plan, backend, all_outcomes, bulk, observed, absent_is_blank,
                           progress)
    strategy = choose(request)
    expected = Roster(roster, plan, strategy.backend, lang, audited) if roster else None
    run = AuditRun(strategy, plan, lang=lang, roster=expected, all_outcomes=all_outcomes,
                   progress=progress, absent_is_blank=absent_is_blank, stages=stages)
    if plan.waivers.bounded:
        run.beyond = _beyond(request, run)
    return run


def _beyond(request: AuditRequest, run: AuditRun) -> frozenset[str]:
    """The waivers whose conditions hold for more violations than they may cover.

    That must be known before the first finding: the rules concerned are judged once by themselves.
    """
    bounded = replace(run.plan.waivers, waivers=run.plan.waivers.bounded)
    plan = narrowed(run.plan, bounded)
    counting = AuditRun(choose(replace(request, plan=plan, all_outcomes=False)), plan,
                        lang=run.lang, roster=run.roster, absent_is_blank=run.absent_is_blank,
                        stages=STAGES_BEFORE_WAIVERS)
    cover, records = WaiverCover(bounded), Counter[str]()
    for batch in counting.batches():
        records += cover.records(batch)
    return frozenset(w.entry.id for w in bounded.waivers
                     if records[w.entry.id] > (w.entry.at_most or 0))
