"""An audit on Spark. In: what Spark reads, a plan, a folder. Out: findings in it, and a summary.

Spark deals out the records, or the parts of files that hold them; its workers judge them
(`spark_tasks.py`). The findings are written beside their place, where they are moved when all are
there: by the workers, part by part, or, where Spark has to put them in order or the place is a file
system of the cluster's, by Spark. Nothing of them comes to this process but how many there are. The
ledger is read twice: what stands in it more than once is known from the first time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from functools import cached_property
from pathlib import Path

import polars as pl
from msgspec import Struct
from msgspec.structs import replace
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from zhuanjie.engine.auditing.roster import Roster
from zhuanjie.engine.auditing.run import AuditRun
from zhuanjie.engine.auditing.stages.registry import STAGES, STAGES_BEFORE_WAIVERS
from zhuanjie.engine.auditing.strategies.pieces import AuditTerms, person_forms
from zhuanjie.engine.auditing.strategies.spark_keys import CommonKeys, shared_keys
from zhuanjie.engine.auditing.strategies.spark_output import (
    SUFFIXES,
    Form,
    is_remote,
    local_folder,
    replacing,
    shown,
    write,
)
from zhuanjie.engine.auditing.strategies.spark_parts import PartWriter
from zhuanjie.engine.auditing.strategies.spark_readers import CellReader, PartReader, PieceReader
from zhuanjie.engine.auditing.strategies.spark_tasks import (
    AGAIN,
    COUNTS,
    FINDING,
    INPUT,
    INPUT_COLUMNS,
    PERSON,
    UNREAD,
    JudgeTask,
    PartCounts,
    finding_columns,
    result_columns,
)
from zhuanjie.engine.auditing.totals import people_of
from zhuanjie.engine.auditing.verdict_batch import VerdictBatch, counted
from zhuanjie.engine.auditing.waiver_cover import WaiverCover, narrowed
from zhuanjie.engine.auditing.writers.finding_frame import FindingFrames, not_audited, schema
from zhuanjie.engine.backends.registry import BULK, backend_of
from zhuanjie.engine.backends.spark.session import failing, mapped, session, uncompiled
from zhuanjie.engine.backends.spark.source import SparkSource, open_source
from zhuanjie.engine.core.diagnostics import Place
from zhuanjie.engine.core.errors import UsageError, fail
from zhuanjie.engine.core.messages import Lang
from zhuanjie.engine.core.results import Outcome, Report, Severity
from zhuanjie.engine.expr.nodes import field_names
from zhuanjie.engine.ledger.headings import HeadingMap
from zhuanjie.engine.ledger.ledger import Ledger
from zhuanjie.engine.ledger.readers.pieces import PieceTable, TableHead
from zhuanjie.engine.lowering.plan import Plan


class SparkReport(Struct, frozen=True):
    """What is known of an audit whose findings are in a folder.

    `report` has no findings, only their counts. `weights` are the outcomes and severities that
    came, `unread` says how many findings there are on the input, `beside` where they are: nowhere
    where nothing was written.
    """

    report: Report
    weights: frozenset[tuple[Outcome, Severity]]
    unread: int
    beside: str


def audit_on_spark(sources: Sequence[str], plan: Plan, output: Path | None, form: Form, *,
                   lang: Lang, columns: Mapping[str, str] | None = None,
                   roster: Ledger | None = None, all_outcomes: bool = False,
                   absent_is_blank: bool = False) -> SparkReport:
    """Audit `sources` and write the findings to the folder `output`, if there is one.

    Raises InputError for what cannot be read, OutputError for a folder that is something else,
    UsageError where the workers lack what they need, BackendError when Spark fails: `output` then
    is as it was.
    """
    source = open_source(sources, HeadingMap(plan.policy.vocabulary, columns))
    head = TableHead(source.name, source.headings, source.match, source.row_rules)
    places = pl.int_range(source.sample.height, eager=True)
    ledger = Ledger([PieceTable(head, source.sample, places)])
    if ledger.says_not_kept and not absent_is_blank:
        raise fail(UsageError, "records.not-kept-spark", Place(file=source.name),
                   "records.hint.not-kept-elsewhere")
    plan = replace(plan, keyed=ledger.keys) if ledger.keys != (plan.key,) else plan
    judge = SparkJudge(source, ledger, AuditTerms(plan, all_outcomes, absent_is_blank), lang)
    expected = Roster(roster, plan, judge.backend, lang, ledger.audited) if roster else None
    judge.wanted = {rule.field: rule.expected for rule in expected.rules} if expected else {}
    run = AuditRun(judge, plan, lang=lang, roster=expected, all_outcomes=all_outcomes,
                   absent_is_blank=absent_is_blank)
    judge.all_people = expected is not None
    with closing(judge), ExitStack() as drafts:
        by_workers = source.parts and (output is None or not is_remote(output))
        if by_workers:
            drafts.enter_context(uncompiled())
        if output is not None and by_workers:
            folder = local_folder(drafts.enter_context(replacing(output)))
            Path(folder).mkdir()
            judge.output = PartWriter(folder, form, schema(plan))
        if plan.waivers.bounded:
            run.beyond = judge.beyond = _beyond(judge, run)
        return _audit(run, judge, output, form)


class SparkJudge:
    """Has Spark judge: what it finds stays there, and its one batch carries numbers alone."""

    sliced = False
    size = None

    def __init__(self, source: SparkSource, ledger: Ledger, terms: AuditTerms, lang: Lang) -> None:
        self.backend = backend_of(BULK)  # for what is read here: the roster
        self.ledger, self.wanted = ledger, dict[str, pl.Series]()
        self._source, self._terms, self._lang = source, terms, lang
        self.beyond, self._counts_cover = frozenset[str](), False
        self.output: PartWriter | None = None
        """What the workers write findings to, where they do."""
        self.all_people = False
        self._match = ledger.tables[0].match
        head = TableHead(source.name, source.headings, self._match, source.row_rules)
        self._reader: PieceReader = PartReader(head, source.parts) if source.parts else CellReader(
            head, source.first, source.homes)

    def batches(self, start: tuple[int, int] = (0, 0)) -> Iterator[VerdictBatch]:
        """One batch, of how many records there are and which editions judge them."""
        counts = self.counts
        yield counted(self._terms.plan, records=counts.records, out_of_scope=counts.out_of_scope,
                      editions=counts.editions, file=self._source.name, others=counts.others,
                      not_judged=counts.not_judged)

    def shares(self) -> pl.DataFrame | None:
        """See `Strategy.shares`."""
        return self.counts.shares

    def values(self, field: str, wanted: pl.Series) -> Iterator[pl.Series]:
        """Those of the values wanted that the source has."""
        yield self._keys.counts.filter(kind=-1 - list(self.wanted).index(field))["first"]

    def for_cover(self, plan: Plan) -> SparkJudge:
        """What counts how many records the waivers of a plan cover."""
        other = SparkJudge(self._source, self.ledger, replace(
            self._terms, plan=plan, all_outcomes=False), self._lang)
        other.wanted, other._counts_cover = self.wanted, True
        return other

    def close(self) -> None:
        """Let go of what the workers keep."""
        if "results" in self.__dict__:
            with failing():
                self.results.unpersist()

    @cached_property
    def results(self) -> DataFrame:
        """All that comes of the records, kept by the workers until it is written."""
        shared = replace(self._keys, counts=self._keys.counts.filter(pl.col("kind") >= 0))
        task = JudgeTask(self._reader, self._terms, shared, self._lang,
                         STAGES_BEFORE_WAIVERS if self._counts_cover else STAGES, self.beyond,
                         self._counts_cover, self.all_people, self.output)
        cells = self._source.cells(self._match, self._terms.plan.needs, all_read=True)
        results: DataFrame = mapped(cells, task, result_columns(self._terms.plan))
        return results.persist()

    @cached_property
    def counts(self) -> PartCounts:
        """What the ledger comes to."""
        counts = PartCounts()
        with failing():
            for row in self.results.filter(F.col("kind") == COUNTS).select("text").collect():
                counts.add_json(row[0])
        return counts

    @cached_property
    def _keys(self) -> CommonKeys:
        """The keys that several records have, and the values wanted that there are."""
        plan = self._terms.plan
        names = {plan.key, *self.wanted, *field_names(plan.policy.scope)}.union(*(
            field_names(part) for rule in plan.unique for part in (rule.key, rule.within, rule.when)
            ), *(rule.edition.dates for rule in plan.unique if rule.edition))
        cells = self._source.cells(self._match, names, all_read=False)
        return shared_keys(cells, self._reader, self._terms, self.wanted,
                           [part.height for part in self._source.parts])


def _beyond(judge: SparkJudge, run: AuditRun) -> frozenset[str]:
    """The waivers whose conditions hold for more violations than they may cover."""
    bounded = replace(run.plan.waivers, waivers=run.plan.waivers.bounded)
    plan = narrowed(run.plan, bounded)
    counting = judge.for_cover(plan)
    audit = AuditRun(counting, plan, lang=run.lang, roster=run.roster,
                     absent_is_blank=run.absent_is_blank, stages=STAGES_BEFORE_WAIVERS)
    cover, records = WaiverCover(bounded), Counter[str]()
    with closing(counting):
        for batch in audit.batches():
            records += cover.records(batch)
        records += counting.counts.covered
    return frozenset(w.entry.id for w in bounded.waivers
                     if records[w.entry.id] > (w.entry.at_most or 0))


def _audit(run: AuditRun, judge: SparkJudge, output: Path | None, form: Form) -> SparkReport:
    frames, absent, people = FindingFrames(run.plan), list[pl.DataFrame](), set[str]()
    for batch in run.batches():
        absent.append(frames.of(batch))
        people.update(person_forms(batch.plan, people_of(batch)[0]))
    counts, results = judge.counts, judge.results
    with failing():
        several = _people(results, people) if people or counts.several else 0
        run.totals.add_parts(counts.kinds, counts.late, counts.groups, counts.nameless
                             + counts.people + several - len(people), counts.waived,
                             counts.seen, counts.new)
        unread = _unread(results)
        count = unread.count() if counts.again else counts.unread
    if output is not None:
        absent.append(not_audited(run.head(), run.plan))
        last = pl.concat(absent)
        if judge.output is not None:
            judge.output.finish(counts.files, last)
        else:
            with failing():
                findings = _findings(results, run.plan, last.rows())
            with replacing(output) as draft:
                write(findings, draft, form)
        with replacing(_beside(output)) as draft:
            if count or judge.output is None:
                write(unread, draft, form)
            else:  # Spark takes seconds to write nothing
                Path(local_folder(draft)).mkdir()
                PartWriter(local_folder(draft), form, UNREAD).finish([], UNREAD.to_frame())
    report = run.head()
    return SparkReport(report, frozenset(run.kinds), count + sum(f.count for f in report.input),
                       shown(_beside(output)) if output else "")


def _beside(output: Path) -> Path:
    return output.with_name(f"{output.stem}-input{output.suffix}")


def _findings(results: DataFrame, plan: Plan, others: list[tuple[object, ...]]) -> DataFrame:
    """The findings by file, row and rule, and some others below them."""
    columns = finding_columns(plan)
    findings = results.filter(F.col("kind") == FINDING).orderBy(
        "file", "row", "record", "rank").select(*(
            F.col(own).alias(name) for name, (own, _) in columns.items()))
    if not others:
        return findings
    shape = ", ".join(f"`{name}` {kind}" for name, (_, kind) in columns.items())
    return findings.union(session().createDataFrame(others, shape))


def _people(results: DataFrame, others: set[str]) -> int:
    """How many people with an id have a violation, with some others."""
    here = results.filter(F.col("kind") == PERSON).select("text")
    if others:
        here = here.union(session().createDataFrame([(form,) for form in others], "text string"))
    return int(here.distinct().count())


def _unread(results: DataFrame) -> DataFrame:
    """What could not be read as it stands, by file, row and field."""
    # The first of several with the same id is not to blame.
    turn = F.row_number().over(Window.partitionBy("text").orderBy("file", "row"))
    again = results.filter(F.col("kind") == AGAIN).withColumn("turn", turn).filter(
        F.col("turn") > 1).drop("turn")
    return results.filter(F.col("kind") == INPUT).union(again).orderBy(
        "file", "row", "rank").select(*INPUT_COLUMNS)


__all__ = ["SUFFIXES", "Form", "SparkReport", "audit_on_spark"]
