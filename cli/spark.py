"""Audits that Spark carries out and writes. In: a call. Out: findings in a folder, a summary."""

from __future__ import annotations

from collections.abc import Sequence

from zhuanjie.cli import exit_codes
from zhuanjie.cli.options import Extent, Selection, Target
from zhuanjie.cli.progress import Progress
from zhuanjie.cli.session import Session
from zhuanjie.engine.api import Diagnostic, Outcome, Severity, UsageError, fail
from zhuanjie.report import FORMATS, spark_forms

NAME = "spark"
TABLE = "spark:"


def is_for_spark(ledgers: Sequence[str], selection: Selection, target: Target) -> bool:
    """Whether Spark itself is to read the ledgers and write the findings.

    So it is for tables of Spark's, and where the engine is Spark and the output a folder of data.
    """
    if any(ledger.startswith(TABLE) for ledger in ledgers):
        return True
    return (selection.backend == NAME and target.output is not None
            and target.output.suffix.lower() in ("", *spark_forms()))


def audit(session: Session, ledgers: Sequence[str], selection: Selection, target: Target,
          extent: Extent, *, fail_on: str, strict: bool, all_outcomes: bool, quiet: bool) -> int:
    """Audit on Spark, then show the summary; returns the exit code."""
    from zhuanjie.cli import show
    from zhuanjie.engine import api
    from zhuanjie.report import write_report
    from zhuanjie.report.layouts.audit import sections

    if selection.backend not in (None, NAME):
        raise fail(UsageError, "cli.spark.backend", name=selection.backend)
    if selection.join:
        raise fail(UsageError, "cli.spark.join", hint="records.hint.join-database")
    if extent.by or extent.summary:
        raise fail(UsageError, "cli.spark.by", hint="cli.spark.by.hint",
                   name="--by" if extent.by else "--summary")
    forms = spark_forms()
    if target.output is None or target.output.suffix.lower() not in ("", *forms):
        raise fail(UsageError, "cli.spark.output", hint="cli.spark.output.hint")
    form = forms.get(target.output.suffix.lower()) or (
        target.format if FORMATS[target.format].on_spark else "parquet")
    policy = selection.load()
    with Progress(session, quiet=quiet):
        done = api.audit_on_spark(
            ledgers, policy, target.output, form, as_of=selection.day, lang=session.lang,
            columns=selection.headings(policy), roster=selection.roster, all_outcomes=all_outcomes,
            only=extent.only, skip=extent.skip,
            absent=selection.absent)
    for notice in done.report.notices:
        session.notice(notice)
    for found in done.report.input:
        session.unreadable(found)
    if done.unread:
        session.notice(Diagnostic("cli.spark.unread", {"count": done.unread, "path": done.beside}))
    shown = Target("table" if FORMATS[target.format].on_spark else target.format, None)
    view = show.view_of(session, shown, policy, all_outcomes=all_outcomes)
    with show.result(shown) as out:
        write_report(done.report, sections, shown.format, out, view)
    if strict and (count := exit_codes.unaudited_parts(done.report)):
        session.error(Diagnostic("cli.strict", {"count": count}))
        return exit_codes.UNUSABLE
    return _exit_code(done.weights, bool(done.unread), fail_on)


def _exit_code(weights: frozenset[tuple[Outcome, Severity]], unread: bool, level: str) -> int:
    heaviest = max([exit_codes.weight_of(o, s) for o, s in weights] + [int(unread)])
    return exit_codes.FINDINGS if heaviest >= exit_codes.LEVELS[level] else exit_codes.OK
