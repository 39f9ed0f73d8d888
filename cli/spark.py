"""Audits that Spark carries out and writes. In: a call. Out: findings in a folder, a summary."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from zhuanjie.cli import exit_codes
from zhuanjie.cli.options import Extent, Selection, Target
from zhuanjie.cli.progress import Progress
from zhuanjie.cli.session import Session
from zhuanjie.engine.api import Diagnostic, Outcome, Severity, UsageError, fail
from zhuanjie.report import FORMATS, spark_forms

NAME = "spark"
TABLE = "spark:"


def is_for_spark(ledgers: Sequence[str], selection: Selection, target: Target,
                 extent: Extent) -> bool:
    """Whether Spark itself is to read the ledgers and write the findings.

    So it is for tables of Spark's, and where the engine is Spark and the output a folder of data,
    or nothing but the totals is asked for.
    """
    if any(ledger.startswith(TABLE) for ledger in ledgers):
        return True
    if selection.backend == NAME and extent.summary:
        return not selection.join
    return (selection.backend == NAME and target.output is not None
            and target.output.suffix.lower() in ("", *spark_forms()))


def audit(session: Session, ledgers: Sequence[str], selection: Selection, target: Target,
          extent: Extent, *, baseline: str | None, fail_on: str, strict: bool,
          all_outcomes: bool, quiet: bool) -> int:
    """Audit on Spark, then show the summary; returns the exit code."""
    from zhuanjie.cli import show
    from zhuanjie.engine import api
    from zhuanjie.report import write_report
    from zhuanjie.report.layouts.audit import brief, sections

    if selection.backend not in (None, NAME):
        raise fail(UsageError, "cli.spark.backend", name=selection.backend)
    if selection.join:
        raise fail(UsageError, "cli.spark.join", hint="records.hint.join-database")
    if FORMATS[target.format].findings == "kept":
        raise fail(UsageError, "cli.spark.kept", hint="cli.spark.kept.hint", form=target.format)
    folder, form, shown = (None, "parquet", _totals(target)) if extent.summary else _folder(target)
    policy = selection.load()
    with Progress(session, quiet=quiet):
        done = api.audit_on_spark(
            ledgers, policy, folder, form, as_of=selection.day, lang=session.lang,
            columns=selection.headings(policy), roster=selection.roster, all_outcomes=all_outcomes,
            only=extent.only, skip=extent.skip, by=extent.by, absent=selection.absent,
            waivers=selection.waivers, baseline=baseline)
    for notice in done.report.notices:
        session.notice(notice)
    for found in done.report.input:
        session.unreadable(found)
    if done.unread:
        session.notice(Diagnostic("cli.spark.unread" if folder else "cli.spark.unread-totals",
                                  {"count": done.unread, "path": done.beside}))
    view = show.view_of(session, shown, policy, all_outcomes=all_outcomes)
    with show.result(shown) as out:
        write_report(done.report, brief if extent.summary else sections, shown.format, out, view)
    if strict and (count := exit_codes.unaudited_parts(done.report)):
        session.error(Diagnostic("cli.strict", {"count": count}))
        return exit_codes.UNUSABLE
    return _exit_code(done.weights, bool(done.unread), fail_on)


def _folder(target: Target) -> tuple[Path, str, Target]:
    """The folder for the findings, the form of its files, and where the summary goes."""
    forms = spark_forms()
    if target.output is None or target.output.suffix.lower() not in ("", *forms):
        raise fail(UsageError, "cli.spark.output", hint="cli.spark.output.hint")
    data = FORMATS[target.format].on_spark
    form = forms.get(target.output.suffix.lower()) or (target.format if data else "parquet")
    return target.output, form, Target("table" if data else target.format, None)


def _totals(target: Target) -> Target:
    """Where the totals go when nothing else is asked for."""
    if FORMATS[target.format].findings not in ("whole", "spooled"):
        raise fail(UsageError, "cli.usage.summary-form", hint="cli.usage.summary-form.hint",
                   form=target.format)
    return target


def _exit_code(weights: frozenset[tuple[Outcome, Severity]], unread: bool, level: str) -> int:
    heaviest = max([exit_codes.weight_of(o, s) for o, s in weights] + [int(unread)])
    return exit_codes.FINDINGS if heaviest >= exit_codes.LEVELS[level] else exit_codes.OK
