"""An audit on Spark. In: what Spark reads, a plan, a folder. Out: findings in it, and a summary.

Spark writes the findings itself, beside their place, and they are moved there when all are written.
Nothing of them comes to this process but how many there are.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

import polars as pl
from pyspark.errors import AnalysisException
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from zhuanjie.engine.auditing.column_gaps import gap_counts, gaps_of
from zhuanjie.engine.auditing.editions import EditionIndex
from zhuanjie.engine.auditing.roster import Roster
from zhuanjie.engine.auditing.run import AuditRun
from zhuanjie.engine.auditing.verdict_batch import VerdictBatch, counted
from zhuanjie.engine.auditing.writers.finding_frame import FindingFrames, not_audited
from zhuanjie.engine.backends.registry import BULK, backend_of
from zhuanjie.engine.backends.sql.conditions import column
from zhuanjie.engine.backends.sql.dialects import SPARK
from zhuanjie.engine.backends.sql.spark import failing, session
from zhuanjie.engine.backends.sql.spark_ledger import SparkLedger, local
from zhuanjie.engine.backends.sql.spark_source import SparkSource, open_source
from zhuanjie.engine.core.diagnostics import Place
from zhuanjie.engine.core.errors import BackendError, InputError, OutputError, fail
from zhuanjie.engine.core.messages import Lang
from zhuanjie.engine.core.results import (
    InputFinding,
    Outcome,
    Report,
    Severity,
    Skipped,
    Summary,
    TableCounts,
)
from zhuanjie.engine.core.unaudited import NOT_AUDITED
from zhuanjie.engine.ledger.headings import HeadingMap
from zhuanjie.engine.ledger.ledger import Ledger
from zhuanjie.engine.ledger.readers.base import LedgerTable
from zhuanjie.engine.lowering.absent import without_columns
from zhuanjie.engine.lowering.plan import Plan, keyed_plan

Form = Literal["parquet", "csv", "jsonl"]
SUFFIXES: dict[str, Form] = {".parquet": "parquet", ".csv": "csv", ".jsonl": "jsonl"}
_FORMULA = r"^[=+\-@\t\r\n]"
# A path has lost one of its slashes by now; what follows them is taken for a host.
_REMOTE = re.compile(r"([A-Za-z][\w+.-]*):/+(.*)")


@dataclass(frozen=True, slots=True)
class SparkReport:
    """What is known of an audit whose findings are in a folder.

    `report` has no findings, only their counts. `weights` are the outcomes and severities that
    came, `unread` says how many findings there are on the input, `beside` where they are.
    """

    report: Report
    weights: frozenset[tuple[Outcome, Severity]]
    unread: int
    beside: str


def audit_on_spark(sources: Sequence[str], plan: Plan, output: Path, form: Form, *, lang: Lang,
                   columns: Mapping[str, str] | None = None, roster: Ledger | None = None,
                   all_outcomes: bool = False, absent_is_blank: bool = False) -> SparkReport:
    """Audit `sources` and write the findings to the folder `output`.

    Raises InputError for what cannot be read, OutputError for a folder that is something else,
    BackendError when Spark fails: `output` then is as it was.
    """
    source = open_source(sources, HeadingMap(plan.policy.vocabulary, columns))
    kept = frozenset(cell.field.name for cell in source.cells)
    plan = keyed_plan(plan, plan.policy.vocabulary.key_of(kept))
    judged_by = plan if absent_is_blank else without_columns(
        plan, frozenset(plan.needs) - kept, lists_all=all_outcomes)
    with closing(SparkLedger(source, judged_by)) as ledger:
        judge = SparkJudge(ledger, source, judged_by)
        expected = Roster(roster, plan, judge.backend, lang, [kept]) if roster else None
        run = AuditRun(judge, plan, lang=lang, roster=expected, all_outcomes=all_outcomes,
                       absent_is_blank=absent_is_blank)
        return _audit(run, ledger, output, form)


class SparkLedgerFacts:
    """What is known of a source of Spark's; see `LedgerFacts`."""

    sha256 = ""
    tables: Sequence[LedgerTable] = ()
    size_hint = None
    skipped: tuple[Skipped, ...] = ()
    counts: Sequence[TableCounts] | None = None
    input: Sequence[InputFinding] = ()
    same_keys = 0

    def __init__(self, ledger: SparkLedger, source: SparkSource) -> None:
        self.files = (source.name,)
        self.fields = self.kept = ledger.fields
        self.notices = source.notices
        self._ledger = ledger

    def homes_of(self, _row: int) -> None:
        """See `LedgerFacts.homes_of`."""
        return

    def check_filled(self, records: int) -> None:
        """See `LedgerFacts.check_filled`."""
        if not records:
            raise fail(InputError, "records.no-records", Place(file=self.files[0]),
                       "records.hint.no-records")

    def close(self) -> None:
        """See `LedgerFacts.close`."""
        self._ledger.close()


class SparkJudge:
    """Has Spark judge: what it finds stays there, and its batches carry numbers alone."""

    sliced = False
    size = None

    def __init__(self, ledger: SparkLedger, source: SparkSource, plan: Plan) -> None:
        self.backend = backend_of(BULK)  # for what is read here: the roster
        self.ledger = SparkLedgerFacts(ledger, source)
        self._ledger, self._editions = ledger, EditionIndex(plan)

    def batches(self, start: tuple[int, int] = (0, 0)) -> Iterator[VerdictBatch]:
        """One batch, of how many records there are and which editions judge them."""
        plan, guards = self._editions.plan, self._editions.guards
        counts = self._ledger.counts(
            [*map(plan.kleene.must_be_true, guards), *(cond for _, cond in gaps_of(plan))])
        self.ledger.check_filled(counts.records)
        editions = self._editions.counts(counts.held[:len(guards)], counts.in_scope)
        self._ledger.judge_by(self._editions.specialize(editions, counts.in_scope))
        yield counted(plan, records=counts.records, out_of_scope=counts.beyond, editions=editions,
                      file=self.ledger.files[0],
                      others=counts.others,
                      not_judged=gap_counts(plan, counts.held[len(guards):]))

    def values(self, field: str, wanted: pl.Series) -> Iterator[pl.Series]:
        """Those of the values wanted that the source has."""
        yield pl.Series(self._ledger.there(field, wanted.to_list()), dtype=pl.String)


def _audit(run: AuditRun, ledger: SparkLedger, output: Path, form: Form) -> SparkReport:
    frames = FindingFrames(run.plan)
    absent = [row for batch in run.batches() for row in frames.of(batch).rows()]
    beside = output.with_name(f"{output.stem}-input{output.suffix}")
    with _replacing(output) as draft, _replacing(beside) as draft_beside:
        findings, dark = ledger.findings(run.all_outcomes), not_judged(ledger.absent, form)
        if run.plan.asked is not None:
            findings = findings.filter(F.col("clause").isin(*run.plan.asked))
        gone: list[dict[str, Any]] = []
        if not run.all_outcomes and ledger.counts_unjudged:
            told = not_judged(ledger.absent)
            gone = [row.asDict() for row in findings.filter(told).groupBy(
                "clause").count().collect()]
            findings = findings.filter(~told)
        absent += not_audited(run.head(), run.plan).rows()
        if absent:
            findings = findings.unionByName(local(absent, ledger.columns))
        every = _write(findings, draft, form)
        written = every.filter(F.col("outcome") != NOT_AUDITED)
        found = [row.asDict() for row in written.withColumn("dark", dark).groupBy(
            "rule", "clause", "outcome", "severity", "dark").count().collect()]
        wrong = written.filter(F.col("outcome") == str(Outcome.VIOLATION))
        named = wrong.filter(F.col("record").isNotNull())
        ids = named.select(*_person(run.plan)).distinct().count()
        nameless = wrong.filter(F.col("record").isNull()).select("file", "row").distinct().count()
        unread = _write(ledger.faults(), draft_beside, form).count()
        late = written.filter(F.col("outcome") == str(Outcome.VIOLATION)).groupBy("clause").agg(
            F.max("days_late").alias("days")).collect()
    report = run.head()
    summary = Summary(days_late={r["clause"]: r["days"] for r in late if r["days"]},
                      not_judged=report.summary.not_judged)
    order = {clause: at for at, clause in enumerate(run.plan.policy.clauses)}
    for row in sorted((r for r in found if not r["dark"]), key=lambda r: order[r["clause"]]):
        summary.add(row["clause"], Outcome(row["outcome"]), row["count"])
    summary.people, summary.not_asked = ids + nameless, run.plan.not_asked
    for row in [*gone, *(r for r in found if r["dark"])]:
        summary.not_judged[row["clause"]] += row["count"]
    report.summary = summary
    return SparkReport(
        report, frozenset((Outcome(r["outcome"]), Severity(r["severity"])) for r in found
                          if not r["dark"]),
        unread + sum(f.count for f in report.input), _shown(beside))


def _person(plan: Plan) -> list[Column]:
    """What tells the people of findings apart: their ids as these are compared.

    Of ids whose middle is hidden several may look the same: there each record is one.
    """
    field = plan.fields[plan.key]
    if field.mask is not None:
        return [F.col("record"), F.col("file"), F.col("row")]
    return [F.expr(SPARK.sql(SPARK.compared(column("record"), field.compare)))]


def not_judged(absent: frozenset[str], form: Form | None = None) -> Column:
    """Whether only columns that are not there could decide a finding.

    `form` is that of a file it was read from.
    """
    missing = F.col("missing")
    if form == "csv":
        missing = F.when(missing != "", F.split(missing, " "))
    gone = F.array(*map(F.lit, sorted(absent))).cast("array<string>")
    return F.coalesce((F.size(missing) > 0) & (F.size(F.array_except(missing, gone)) == 0),
                      F.lit(False))


def _write(frame: DataFrame, path: str, form: Form) -> DataFrame:
    """Write a frame as files of a kind; returns what is to be read there."""
    spark = session()
    with failing():
        if form == "parquet":
            frame.write.parquet(path)
            return spark.read.schema(frame.schema).parquet(path)
        if form == "jsonl":
            frame.write.option("ignoreNullFields", "false").json(path)
            return spark.read.schema(frame.schema).json(path)
        lists = [name for name, kind in frame.dtypes if kind.startswith("array")]
        texts = [name for name, kind in frame.dtypes if kind == "string"]
        flat = frame.withColumns({name: F.array_join(name, " ") for name in lists}).withColumns({
            name: F.when(F.col(name).rlike(_FORMULA), F.concat(F.lit("'"), name)).otherwise(
                F.col(name)) for name in texts})
        # White space at the ends is part of a text, and a quote inside is written twice.
        how = {"header": "true", "escape": '"', "multiLine": "true",
               "ignoreLeadingWhiteSpace": "false", "ignoreTrailingWhiteSpace": "false"}
        flat.write.options(**how).csv(path)
        return spark.read.options(**how).schema(flat.schema).csv(path)


@contextmanager
def _replacing(output: Path) -> Iterator[str]:
    """A folder to write; it takes the place of `output` when the body ends well.

    On a file system of the cluster (`hdfs://…`) nothing is replaced: the folder must be a new one.
    """
    remote = _REMOTE.fullmatch(str(output))
    if remote and remote[1] == "file":
        output, remote = Path("/", remote[2]), None
    if remote:
        with _refused_if_there(output):
            yield f"{remote[1]}://{remote[2]}"
        return
    place = output.resolve()
    if place.exists() and not (place.is_dir() and _is_ours(place.iterdir())):
        raise fail(OutputError, "report.not-spark", hint="report.hint", path=str(output))
    if not place.parent.is_dir():
        raise fail(OutputError, "report.no-folder", hint="report.hint", path=str(output))
    draft = place.with_name(f".{place.name}.{uuid4().hex}")
    try:
        yield draft.as_uri()
        if place.exists():
            old = place.with_name(f".{place.name}.{uuid4().hex}")
            place.rename(old)
            draft.rename(place)
            shutil.rmtree(old, ignore_errors=True)
        else:
            draft.rename(place)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


@contextmanager
def _refused_if_there(output: Path) -> Iterator[None]:
    try:
        yield
    except BackendError as error:
        if not isinstance(error.__cause__, AnalysisException):
            raise
        raise fail(OutputError, "report.not-spark", hint="report.hint",
                   path=_shown(output)) from error


def _is_ours(held: Iterable[Path]) -> bool:
    """Whether a folder is empty, or holds what Spark wrote and nothing else."""
    names = [path.name for path in held]
    return not names or ("_SUCCESS" in names and all(
        n.startswith(("part-", "_SUCCESS", ".")) for n in names))


def _shown(path: Path) -> str:
    remote = _REMOTE.fullmatch(str(path))
    return f"{remote[1]}://{remote[2]}" if remote else str(path)


__all__ = ["SUFFIXES", "Form", "SparkReport", "audit_on_spark"]
