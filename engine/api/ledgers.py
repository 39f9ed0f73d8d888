"""Ledgers for callers. In: files, folders, globs or records. Out: reports and explanations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from zhuanjie.engine.api.policies import plan_for
from zhuanjie.engine.auditing.explain import Explanation, explain_and_fix
from zhuanjie.engine.auditing.explain import explain as explain_run
from zhuanjie.engine.auditing.fix import RecordFix
from zhuanjie.engine.auditing.run import AuditRun, Progress
from zhuanjie.engine.backends.registry import BULK, IN_PLACE, backend_of
from zhuanjie.engine.checking.policy import Policy
from zhuanjie.engine.records.ledger import Ledger, from_records, open_ledger
from zhuanjie.engine.results import Finding, Outcome, Report
from zhuanjie.engine.text import Lang

if TYPE_CHECKING:
    from zhuanjie.engine.auditing.on_spark import SparkReport

__all__ = ["AuditRun", "Explanation", "RecordFix", "audit", "audit_to_folder", "deadlines",
           "explain", "explain_and_fix", "explain_run", "fixes", "stream"]

Sources = str | Path | Sequence[str | Path] | Sequence[Mapping[str, Any]]


def stream(sources: Sources, policy: Policy | None = None, *, as_of: date | None = None,
           backend: str | None = None, params: Mapping[str, int] | None = None,
           roster: str | Path | None = None, columns: Mapping[str, str] | None = None,
           lang: Lang = "en", all_outcomes: bool = False, progress: Progress | None = None,
           stdin: BinaryIO | None = None, before: str | None = None) -> AuditRun:
    """Begin an audit: iterate the run for findings, then take its `head()`.

    `before` names a moment of the policy: only what is asked then is judged, the act taken to be
    done on the as-of day. Raises InputError for a ledger that cannot be read, UsageError for a
    wrong option, BackendError when the engine fails.
    """
    day = as_of or date.today()
    plan = plan_for(policy, day, params, before)
    ledger = _ledger(sources, columns, stdin)
    options: dict[str, Any] = {
        "lang": lang, "roster": open_ledger([roster], columns) if roster else None,
        "every": all_outcomes, "progress": progress, "sparse": _are_records(sources)}
    if ledger.is_database and backend in (None, IN_PLACE) and not plan.assumed:
        # Imported late: it knows databases, which most audits have nothing to do with.
        from zhuanjie.engine.auditing.in_place import InPlaceRun, table_of

        if (table := table_of(ledger)) is not None:
            return InPlaceRun(ledger, table, plan, **options)
    return AuditRun(ledger, plan, backend_of(backend or BULK), **options)


def audit_to_folder(sources: Sequence[str], policy: Policy | None, output: Path, form: str, *,
                    as_of: date | None = None, params: Mapping[str, int] | None = None,
                    roster: str | Path | None = None, columns: Mapping[str, str] | None = None,
                    lang: Lang = "en", all_outcomes: bool = False) -> SparkReport:
    """Audit on Spark: it reads the sources and writes the findings to the folder `output`.

    `form` is parquet, csv or jsonl. Raises as `stream` does, UsageError where Spark is not
    installed or cannot start, and OutputError where the folder is something else.
    """
    backend_of("spark")  # says what to install
    from zhuanjie.engine.auditing.on_spark import SUFFIXES, audit_on_spark

    plan = plan_for(policy, as_of or date.today(), params)
    return audit_on_spark(
        sources, plan, output, SUFFIXES[f".{form}"], lang=lang, columns=columns,
        roster=open_ledger([roster], columns) if roster else None, every=all_outcomes)


def audit(sources: Sources, policy: Policy | None = None, **options: Any) -> Report:
    """Audit whole ledgers: files, folders, globs or records. Options as for `stream`."""
    run = stream(sources, policy, **options)
    findings = list(run)
    report = run.head()
    report.findings = findings
    return report


def deadlines(sources: Sources, policy: Policy | None = None, *, within: int | None = None,
              **options: Any) -> Report:
    """What is still to be done by a day: overdue first, then by due date.

    `within` keeps what is overdue or due in so many days. Options as for `stream`. Acts that were
    done, in time or late, are not due any more; a recurring duty is due again.
    """
    run = stream(sources, policy, **{**options, "all_outcomes": True})
    recurring = {r.id for r in run.plan.rules if r.shape == "recurring"}
    last = run.plan.as_of + timedelta(days=within) if within is not None else None
    open_acts = [f for f in run
                 if _is_open(f, run, recurring) and (last is None or _due(f) <= last)]
    report = run.head()
    report.findings = sorted(open_acts, key=_due)
    report.summary.counts.clear()
    for finding in report.findings:
        report.summary.add(finding.clause, finding.outcome)
    return report


def _is_open(finding: Finding, run: AuditRun, recurring: set[str]) -> bool:
    if finding.due is None:
        return False
    if finding.outcome is Outcome.SATISFIED:
        return finding.rule in recurring
    return not finding_is_tardy(finding, run)


def finding_is_tardy(finding: Finding, run: AuditRun) -> bool:
    """Whether the act a finding asks for is on record already."""
    rule = next(r for r in run.plan.rules if r.id == finding.rule)
    return run.words.is_tardy(rule, finding.fields)


def _due(finding: Finding) -> date:
    return finding.due or date.max


def explain(sources: Sources, record_id: str, clause: str | None = None,
            policy: Policy | None = None, **options: Any) -> list[Explanation]:
    """Why each outcome of a record came out. Options as for `stream`."""
    return explain_run(stream(sources, policy, **options), record_id, clause)


def fixes(sources: Sources, record_id: str, clause: str | None = None,
          policy: Policy | None = None, **options: Any) -> list[RecordFix]:
    """The smallest changes that make a record compliant, for each record called `record_id`.

    `clause` keeps to its rules; no other rule that was in order is broken. Options as for `stream`.
    """
    return explain_and_fix(stream(sources, policy, **options), record_id, clause)[1]


def _ledger(sources: Any, columns: Mapping[str, str] | None, stdin: BinaryIO | None) -> Ledger:
    if _are_records(sources):
        return from_records(sources, columns)
    return open_ledger([sources] if isinstance(sources, (str, Path)) else sources, columns, stdin)


def _are_records(sources: Any) -> bool:
    return (not isinstance(sources, (str, Path)) and len(sources) > 0
            and all(isinstance(s, Mapping) for s in sources))
