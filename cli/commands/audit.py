"""`zhuanjie audit`: whole ledgers against a pack. In: ledgers. Out: a report, or findings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from msgspec import Struct

from zhuanjie import report as reports
from zhuanjie.cli import exit_codes, options, spark
from zhuanjie.cli.help import define, option
from zhuanjie.cli.ledgers import arguments, print_notices, publish, refuse_overwrite
from zhuanjie.cli.options import Extent, Selection, Target
from zhuanjie.cli.progress import Progress
from zhuanjie.cli.session import Session, session_of
from zhuanjie.engine.api import Diagnostic, UsageError, fail

if TYPE_CHECKING:
    from zhuanjie.engine.api import AuditRun, Report
    from zhuanjie.report.view import View

NAME: Final = "audit"
FORMS: Final = reports.OFFERED[NAME]
_CHECKED: Final = 10_000
"""After so many findings each time it is asked whether the format bears them."""


class _Call(Struct, frozen=True):
    """What was asked for."""

    session: Session
    ledgers: list[str]
    selection: Selection
    extent: Extent
    baseline: str | None
    target: Target
    keys: tuple[str, ...]
    resume: bool
    fail_on: str
    strict: bool
    all_outcomes: bool
    quiet: bool
    with_values: bool
    delta: bool = False
    """Whether the findings are to be a Delta table."""

    def run(self, progress: Progress, **more: Any) -> AuditRun:
        """The audit, begun."""
        from zhuanjie.engine import api

        policy = self.selection.load()
        return api.stream(self.ledgers, policy,
                          **arguments(self.selection, self.session, policy),
                          all_outcomes=self.all_outcomes, progress=progress,
                          baseline=self.baseline, **self.extent.asked, **more)

    def code(self, report: Report, run: AuditRun) -> int:
        """The exit code, from what the run has counted."""
        weights = [*(exit_codes.weight_of(*kind) for kind in run.kinds),
                   *map(exit_codes.weight, report.input)]
        if self.strict and (count := exit_codes.unaudited_parts(report)):
            self.session.error(Diagnostic("cli.strict", {"count": count}))
        return exit_codes.of_audit(weights, report, self.fail_on, strict=self.strict)


@define(NAME)
@click.argument("ledgers", nargs=-1, required=True, type=options.FILE, metavar="LEDGER...")
@options.ledger_selection
@option("--format", "-f", "form", help_key="format", type=options.Choice(FORMS))
@option("--output", "-o", help_key="output", metavar="FILE", type=click.Path(path_type=Path),
        help_args={"endings": " ".join(reports.endings(NAME))})
@options.force
@option("--partition-by", help_key="partition-by", metavar="COLUMN,...")
@option("--resume", help_key="resume", is_flag=True)
@options.extent
@options.baseline
@options.fail_on
@option("--strict", help_key="strict", is_flag=True)
@options.all_outcomes
@options.with_values
@options.quiet
@options.lang
@click.pass_context
def command(ctx: click.Context, *, ledgers: Sequence[str], selection: Selection, extent: Extent,
            baseline: str | None, form: str | None,
            output: Path | None, force: bool, partition_by: str | None, resume: bool, fail_on: str,
            strict: bool, all_outcomes: bool, with_values: bool, quiet: bool) -> int:
    """Audit ledgers."""
    output, delta = _delta(output)
    keys = _keys(partition_by, form, output, resume, delta=delta)
    on_spark = spark.is_for_spark(ledgers, selection, Target(form or FORMS[0], output), extent)
    if delta and (on_spark or extent.summary or form not in (None, "parquet")):
        raise fail(UsageError, "cli.delta.backend", hint="cli.delta.backend.hint",
                   form=form or ("--summary" if extent.summary else spark.NAME))
    if keys or on_spark or delta:
        chosen = form or (reports.by_ending(output, NAME) if output and not keys else None)
        target = Target("parquet" if keys or delta else chosen or FORMS[0], output, force)
    else:
        target = Target.of(NAME, form, output, force=force)
    call = _Call(session_of(ctx), list(ledgers), selection, extent, baseline, target, keys, resume,
                 fail_on, strict, all_outcomes, quiet, with_values, delta)
    refuse_overwrite([*ledgers, *selection.files, baseline], output, force=force)
    if on_spark:
        return spark.audit(call.session, ledgers, selection, target, extent, baseline=baseline,
                           fail_on=fail_on, strict=strict, all_outcomes=all_outcomes, quiet=quiet)
    if extent.summary:
        return _totals(call)
    if keys or delta:
        return _folder(call)
    return _WRITERS[reports.FORMATS[target.format].findings](call)


def _delta(output: Path | None) -> tuple[Path | None, bool]:
    """Where the findings go, and whether they are to be a Delta table there: `delta:FOLDER`."""
    from zhuanjie.engine import api

    folder = None if output is None else api.delta_folder(str(output))
    return (output, False) if folder is None else (Path(folder), True)


def _keys(given: str | None, form: str | None, output: Path | None,
          resume: bool, *, delta: bool) -> tuple[str, ...]:
    """The columns to divide findings by, and whether the rest of the call goes with that."""
    if given is None:
        if resume and not delta:
            raise fail(UsageError, "cli.usage.resume", hint="cli.usage.resume.hint")
        if output is None and form and reports.FORMATS[form].needs_file:
            raise fail(UsageError, "cli.usage.parquet-output",
                       hint="cli.usage.parquet-output.hint", form=form)
        return ()
    from zhuanjie.engine.api import PARTITION_KEYS

    keys = tuple(key.strip() for key in given.split(","))
    for key in keys:
        if key not in PARTITION_KEYS:
            raise fail(UsageError, "cli.usage.partition-key", hint="cli.usage.hint.choices",
                       key=key, choices=", ".join(PARTITION_KEYS))
    if form not in (None, "parquet"):
        raise fail(UsageError, "cli.usage.partition-form", hint="cli.usage.partition-form.hint",
                   form=form)
    if output is None:
        raise fail(UsageError, "cli.usage.partition-output",
                   hint="cli.usage.partition-output.hint")
    return tuple(dict.fromkeys(keys))


def _report(call: _Call) -> int:
    """Judge everything, then write the report."""
    from zhuanjie.cli import show
    from zhuanjie.report.layouts.audit import sections

    with _InterruptibleProgress(call) as progress, closing(call.run(progress)) as run:
        if run.is_large:
            call.session.notice(Diagnostic("cli.large-report", hint="cli.large-report.hint"))
        findings = []
        for finding in run:
            findings.append(finding)
            if len(findings) % _CHECKED == 0:
                reports.refuse_too_many(len(findings), call.target.format)
    report = run.head()
    report.findings = findings
    view = show.view_of(call.session, call.target, run.plan.policy,
                        all_outcomes=call.all_outcomes)
    publish(call.session, report, sections, call.target, view, fail_on=call.fail_on,
            quiet=call.quiet, page=_page)
    return call.code(report, run)


def _totals(call: _Call) -> int:
    """Judge everything and write what it comes to; nothing is put into words."""
    from zhuanjie.cli import show
    from zhuanjie.report.layouts.audit import brief

    if reports.FORMATS[call.target.format].findings not in ("whole", "spooled"):
        raise fail(UsageError, "cli.usage.summary-form", hint="cli.usage.summary-form.hint",
                   form=call.target.format)
    with _InterruptibleProgress(call) as progress, closing(call.run(progress)) as run:
        for _ in run.batches():
            pass
    report = run.head()
    view = show.view_of(call.session, call.target, run.plan.policy,
                        all_outcomes=call.all_outcomes)
    print_notices(call.session, report, call.target)
    with show.result(call.target) as out:
        reports.write_report(report, brief, call.target.format, out, view, _brief_page)
    return call.code(report, run)


def _page(report: Report, view: View) -> Iterable[str]:
    """The web page of an audit, imported where it is asked for."""
    from zhuanjie.report.page.audit import page

    return page(report, view)


def _brief_page(report: Report, view: View) -> Iterable[str]:
    from zhuanjie.report.page.audit import brief

    return brief(report, view)


def _document(call: _Call) -> int:
    """Keep each finding aside as it comes: what they come to stands before them."""
    from zhuanjie.cli import show

    with ExitStack() as places:
        with _InterruptibleProgress(call) as progress, closing(call.run(progress)) as run:
            view = show.view_of(call.session, call.target, run.plan.policy,
                                all_outcomes=call.all_outcomes, with_values=call.with_values)
            aside = places.enter_context(reports.spooled(call.target.format, view))
            aside.keep(iter(run))
        report = run.head()
        print_notices(call.session, report, call.target)
        with show.result(call.target) as out, Progress(
                call.session, quiet=call.quiet or out.isatty(), doing="writing"):
            said = aside.render(report, out, view)
        call.session.notices(said or ())
    return call.code(report, run)


def _stream(call: _Call) -> int:
    """Write each finding as it comes."""
    from zhuanjie.cli import show
    from zhuanjie.engine import api

    with (
        show.result(call.target) as out,
        _InterruptibleProgress(call, quiet=out.isatty()) as progress,
        closing(call.run(progress)) as run,
    ):
        out.writelines(reports.finding_lines(
            iter(run), call.target.format, by_pack=bool(run.plan.policy.spans),
            by=run.plan.beside, after=lambda: api.unaudited(run.head()),
            lang=call.session.lang))
    return _told(call, run, run.head())


def _table(call: _Call) -> int:
    """Write the findings as a Parquet file, and on stdout what they come to."""
    from zhuanjie.engine import api
    from zhuanjie.report.files import replacing

    assert call.target.output is not None
    with (replacing(call.target.output, private=True) as draft,
          _InterruptibleProgress(call) as progress, closing(call.run(progress)) as run):
        report = api.audit_to_file(draft, run)
    return _brief(call, run, report)


def _book(call: _Call) -> int:
    """Mark the ledgers themselves, or workbooks with their records in them."""
    from zhuanjie.cli import show
    from zhuanjie.report.workbook import write as books
    from zhuanjie.report.workbook.marks import FindingStore

    output = call.target.output
    assert output is not None
    with ExitStack() as opened:
        store = opened.enter_context(closing(FindingStore()))
        with _InterruptibleProgress(call) as progress:
            run = opened.enter_context(closing(call.run(progress)))
            files = books.files_of(run.ledger.tables)
            view = show.view_of(call.session, call.target, run.plan.policy,
                                all_outcomes=call.all_outcomes)
            books.check_targets(output, files, view, force=call.target.force,
                                check=lambda path: refuse_overwrite(
                                    [*call.ledgers, *call.selection.files], path, force=True))
            store.keep(iter(run))
        report = run.head()
        with Progress(call.session, quiet=call.quiet, doing="writing"):
            books.write(output, report, store, files, view)
    return _told(call, run, report)


def _folder(call: _Call) -> int:
    """Write the findings as Parquet files in a folder, and on stdout what they come to."""
    from zhuanjie.engine import api
    from zhuanjie.report.files import unwritable

    folder = call.target.output
    assert folder is not None
    try:
        with (
            _InterruptibleProgress(call) as progress,
            closing(call.run(progress, bulk=True)) as run,
        ):
            if not run.in_stream:
                raise fail(UsageError, "cli.usage.partition-engine",
                           hint="cli.usage.partition-engine.hint", backend=run.backend.name)
            report = api.audit_to_folder(folder, run, call.keys, call.ledgers, resume=call.resume,
                                         delta=call.delta)
    except OSError as error:
        raise unwritable(folder, error) from error
    return _brief(call, run, report)


def _brief(call: _Call, run: AuditRun, report: Report) -> int:
    from zhuanjie.cli import show
    from zhuanjie.report.layouts.audit import brief

    seen = Target("table", None)
    view = show.view_of(call.session, seen, run.plan.policy, all_outcomes=call.all_outcomes)
    show.write(reports.Presentation(lambda: brief(report, view)), seen, view)
    return _told(call, run, report)


def _told(call: _Call, run: AuditRun, report: Report) -> int:
    print_notices(call.session, report, call.target)
    return call.code(report, run)


_WRITERS: Final = {"whole": _report, "spooled": _document, "kept": _document,
                   "streamed": _stream, "file": _table, "book": _book}
"""How to audit, by when a format has findings written."""


class _InterruptibleProgress(Progress):
    """Progress that says, when it is interrupted, how far the audit came."""

    def __init__(self, call: _Call, *, quiet: bool = False) -> None:
        super().__init__(call.session, quiet=call.quiet or quiet)
        self._call = call

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: Any) -> None:
        super().__exit__(kind, error, trace)
        if not isinstance(error, KeyboardInterrupt):
            return
        done, total = self.count
        finished = "cli.interrupted-slices" if self._call.keys else "cli.interrupted-at"
        self._call.session.tell(self._call.session.say(
            finished, done=done, total="?" if total is None else total))
        raise click.exceptions.Exit(exit_codes.interrupted(error)) from error
