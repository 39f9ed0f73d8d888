"""Ledgers for callers. In: files, folders, globs or records. Out: reports and explanations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack, closing
from datetime import date
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, BinaryIO, Literal, TypedDict, Unpack, cast

import polars as pl
from msgspec.structs import replace

from zhuanjie.engine.api.callers import Day, check_given, check_options, day_of, policy_of
from zhuanjie.engine.api.forked_run import ForkedRun
from zhuanjie.engine.api.given import open_given
from zhuanjie.engine.api.policies import plan_for
from zhuanjie.engine.auditing.run import AuditRun, Progress, begin
from zhuanjie.engine.auditing.shown import shown_series
from zhuanjie.engine.auditing.stages.base import Stage
from zhuanjie.engine.auditing.stages.open_acts import open_acts as open_acts_stage
from zhuanjie.engine.auditing.stages.registry import STAGES
from zhuanjie.engine.backends.registry import backend_of
from zhuanjie.engine.core.clock import office_day
from zhuanjie.engine.core.finding_columns import COLUMNS
from zhuanjie.engine.core.forks import threads_are_gone
from zhuanjie.engine.core.limits import limits, using
from zhuanjie.engine.core.messages import Lang
from zhuanjie.engine.core.results import Report
from zhuanjie.engine.core.secrets import shown_name
from zhuanjie.engine.core.worker_process import survives_fork
from zhuanjie.engine.ledger.ledger import open_ledger
from zhuanjie.engine.ledger.readers.lakehouse_address import is_lakehouse
from zhuanjie.engine.policy.parameter_values import ParamValue
from zhuanjie.engine.policy.policy import Policy
from zhuanjie.engine.waivers.waiver_set import waivers_for

if TYPE_CHECKING:
    from zhuanjie.engine.auditing.strategies.spark import SparkReport

__all__ = ["PARTITION_KEYS", "AuditRun", "audit", "audit_on_spark", "audit_to_file",
           "audit_to_folder", "deadlines", "open_acts", "record_ids", "stream"]

PARTITION_KEYS = tuple(c.name for c in COLUMNS if c.divides)
"""The columns of findings that a folder of them may be divided by."""
_JUDGED_ROWS = 50_000
"""Records that are judged at a time where every outcome is asked for."""

Absent = Literal["unknown", "blank"]
"""What a column that a table does not have is taken for."""
Sources = str | Path | Iterable[str | Path] | Iterable[Mapping[str, Any]] | IO[Any] | Any
"""A ledger: paths or records, a file object, or a frame or table of Polars, pandas or Arrow."""


Given = Policy | str | Path | None
"""A policy, its id or its folder; None for those in force."""


class AuditOptions(TypedDict, total=False):
    """What an audit may be told, as for `stream`."""

    as_of: Day | None
    backend: str | None
    params: Mapping[str, ParamValue] | None
    roster: str | Path | None
    columns: Mapping[str, str] | None
    lang: Lang
    all_outcomes: bool
    progress: Progress | None
    stdin: BinaryIO | None
    before: str | None
    bulk: bool | None
    stages: Sequence[Stage]
    only: Sequence[str]
    skip: Sequence[str]
    by: Sequence[str]
    absent: Absent
    join: bool
    waivers: Sequence[str | Path]
    baseline: str | Path | None
    table_version: str | int | None


def stream(sources: Sources, policy: Given = None, *, as_of: Day | None = None,
           backend: str | None = None, params: Mapping[str, ParamValue] | None = None,
           roster: str | Path | None = None, columns: Mapping[str, str] | None = None,
           lang: Lang = "en", all_outcomes: bool = False, progress: Progress | None = None,
           stdin: BinaryIO | None = None, before: str | None = None,
           bulk: bool | None = None, stages: Sequence[Stage] = STAGES,
           only: Sequence[str] = (), skip: Sequence[str] = (),
           by: Sequence[str] = (), absent: Absent = "unknown",
           join: bool = False, waivers: Sequence[str | Path] = (),
           baseline: str | Path | None = None,
           table_version: str | int | None = None) -> AuditRun:
    """Begin an audit: iterate the run for findings, take its `head()`, and `close()` it.

    `before` names a moment of the policy: only what is asked then is judged, the act taken to be
    done on the as-of day. `only` and `skip` name clauses to keep to or leave out (`1.3` means 1.3a
    and all that begin so), `by` fields to group findings and totals by. `bulk` reads even a small
    ledger as one stream. Verdicts pass through `stages`. Of a column that a table lacks nothing is
    known, unless `absent` is `"blank"`. With `join` rows of different tables that have the same key
    are one record. `waivers` are files of approvals under which violations may stand,
    `baseline` a file of findings that were known before. `table_version` is the version, day or
    moment at which a table of a lakehouse is read.

    Raises InputError for a ledger that cannot be read, UsageError for a wrong option,
    BackendError when the engine fails. In a process that was forked after an audit another one does
    the work, and findings come all at once.
    """
    if threads_are_gone():
        return cast("AuditRun", ForkedRun(partial(audit, sources, policy, **options_of(locals()))))
    check_options(params, columns, lang)
    check_given(before=before, backend=backend, only=only, skip=skip, by=by, waivers=waivers,
                roster=roster, baseline=baseline, join=join, all_outcomes=all_outcomes, bulk=bulk,
                absent=absent)
    day = day_of(as_of)
    plan = plan_for(policy_of(policy), day, params, before, only=only, skip=skip, by=by,
                    waivers=waivers, baseline=baseline)
    with ExitStack() as opened:  # what was opened is closed if the audit cannot begin
        ledger = open_given(sources, columns, stdin, vocabulary=plan.policy.vocabulary,
                            version=None if table_version is None else str(table_version))
        opened.enter_context(closing(ledger))
        if ledger.waivers:
            # Imported late: what reads waivers checks them too, and is slow to import.
            from zhuanjie.engine.waivers.entries import with_given

            plan = replace(plan, waivers=waivers_for(
                with_given(waivers, ledger.waivers, ", ".join(ledger.files)), plan.policy,
                plan.as_of, tuple(map(str, waivers))))
        if join or (absent != "blank" and ledger.says_not_kept):
            from zhuanjie.engine.ledger.joining.join import join_tables

            ledger = opened.enter_context(closing(join_tables(ledger, progress, join=join)))
        others = (opened.enter_context(closing(open_ledger(
                      [roster], columns, vocabulary=plan.policy.vocabulary)))
                  if roster else None)
        run = begin(ledger, plan, backend_of(backend) if backend else None, lang=lang,
                    roster=others, all_outcomes=all_outcomes, progress=progress,
                    absent_is_blank=absent == "blank", bulk=bulk, stages=stages)
        opened.pop_all()
    return run


def options_of(given: Mapping[str, Any]) -> AuditOptions:
    """Of some values by name those that are options of an audit."""
    names = AuditOptions.__annotations__
    return cast("AuditOptions", {n: v for n, v in given.items() if n in names})


def audit_on_spark(sources: Sequence[str], policy: Policy | None, output: Path | None,
                    form: str = "parquet", *,
                    as_of: date | None = None, params: Mapping[str, ParamValue] | None = None,
                    roster: str | Path | None = None, columns: Mapping[str, str] | None = None,
                    lang: Lang = "en", all_outcomes: bool = False,
                    only: Sequence[str] = (), skip: Sequence[str] = (),
                    by: Sequence[str] = (), absent: Absent = "unknown",
                    waivers: Sequence[str | Path] = (),
                    baseline: str | Path | None = None) -> SparkReport:
    """Audit on Spark: it reads the sources and writes the findings to the folder `output`.

    Without one there is nothing but the report, which has totals and no findings. `form` is
    parquet, csv or jsonl. Raises as `stream` does, UsageError where Spark is not
    installed or cannot start, and OutputError where the folder is something else.
    """
    backend_of("spark")  # says what to install
    from zhuanjie.engine.auditing.strategies import spark as on_spark

    plan = plan_for(policy, as_of or office_day(), params, only=only, skip=skip, by=by,
                    waivers=waivers, baseline=baseline)
    return on_spark.audit_on_spark(
        sources,
        plan,
        output,
        on_spark.SUFFIXES[f".{form}"],
        lang=lang,
        columns=columns,
        roster=open_ledger([roster], columns, vocabulary=plan.policy.vocabulary)
        if roster
        else None,
        all_outcomes=all_outcomes,
        absent_is_blank=absent == "blank",
    )


def audit_to_file(path: Path, run: AuditRun) -> Report:
    """Write the findings of an audit to a Parquet file as they come; the report has none.

    The columns are those of `zhuanjie.engine.core.finding_columns`. Raises OSError where
    the file cannot be written; what stands there then is not whole.
    """
    from zhuanjie.engine.auditing.writers.finding_frame import not_audited, schema, tables
    from zhuanjie.engine.auditing.writers.parquet_writer import ParquetSink

    with ParquetSink(path, schema(run.plan)) as sink:
        for table in tables(run.batches(), run.plan):
            sink.write(table)
        report = run.head()
        sink.write(not_audited(report, run.plan))
    return report


def audit_to_folder(folder: Path, run: AuditRun, keys: Sequence[str], sources: Sequence[str], *,
                    resume: bool = False, delta: bool = False) -> Report:
    """Write the findings of an audit to Parquet files in a folder, divided by columns.

    With `resume` an audit of the same ledger that was stopped goes on; with `delta` the folder is
    a Delta table in the end. Raises UsageError for a folder in use or another audit's.
    """
    from zhuanjie.engine.auditing.writers.delta_table import check_delta, make_delta_table
    from zhuanjie.engine.auditing.writers.finding_frame import schema
    from zhuanjie.engine.auditing.writers.partitions import Partitions

    plan = run.plan
    files = [(str(path), path.stat().st_size, path.stat().st_mtime_ns)
             for path in map(Path, run.ledger.files) if path.is_file()]
    # The name of a lakehouse's table says which version of it was read.
    tables = [name for name in run.ledger.files if is_lakehouse(name)]
    call = {"policy": plan.policy.ref.sha256, "as_of": plan.as_of, "params": dict(plan.params),
            "every": run.all_outcomes, "ledger": [*files, *map(shown_name, sources), *tables],
            "not_asked": plan.not_asked, "by": plan.grouped_by,
            "waivers": plan.waivers.digest,
            "baseline": sorted(plan.baseline.entries) if plan.baseline else None,
            "joined": run.ledger.counts is not None}
    if delta:
        check_delta()
    Partitions(folder, keys, run, call, resume=resume,
               finish=partial(make_delta_table, folder, keys, schema(plan)) if delta else None
               ).write()
    return run.head()


@survives_fork
def audit(sources: Sources, policy: Given = None, **options: Unpack[AuditOptions]) -> Report:
    """Audit whole ledgers: files, folders, globs or records. Options as for `stream`."""
    with closing(stream(sources, policy, **options)) as run:
        findings = list(run)
    report = run.head()
    report.findings = findings
    return report


def open_acts(sources: Sources, policy: Given = None, *, within: int | None = None,
              **options: Unpack[AuditOptions]) -> AuditRun:
    """Begin to list what is still to be done by a day, in the order of the ledger.

    `within` keeps what is overdue or due in so many days. Options as for `stream`. Acts that were
    done, in time or late, are not due any more; a recurring duty is due again. The run is that of
    an audit: iterated it puts every open act into words, its `batches()` have them in columns.
    """
    options["all_outcomes"] = True
    options["stages"] = (*options.get("stages", STAGES), open_acts_stage(within))
    # Every record has verdicts here, most of which are dropped at once.
    with using(replace(limits(), reported_rows=min(limits().reported_rows, _JUDGED_ROWS))):
        return stream(sources, policy, **options)


@survives_fork
def deadlines(sources: Sources, policy: Given = None, *, within: int | None = None,
              **options: Unpack[AuditOptions]) -> Report:
    """What is still to be done by a day: by due date, so that what is overdue comes first.

    As `open_acts` has it; the report holds all of it.
    """
    from zhuanjie.engine.auditing.due_list import by_day

    with closing(open_acts(sources, policy, within=within, **options)) as run:
        findings = by_day(run)
    report = run.head()
    report.findings = findings
    return report


@survives_fork
def record_ids(sources: Sources, policy: Given = None,
               **options: Unpack[AuditOptions]) -> pl.Series:
    """What the records of a ledger are called, in scope or not, each once, as reports show it."""
    with closing(stream(sources, policy, **options)) as run:
        parts = []
        for part in run.frames():
            key = part.key or part.plan.key
            read = part.source if part.source is not None and key in part.source.columns else None
            values = (part.frame if read is None else read)[key].cast(pl.String)
            parts.append(shown_series(part.plan.fields[key], values).drop_nulls().unique())
    return pl.concat([pl.Series(dtype=pl.String), *parts]).unique()
