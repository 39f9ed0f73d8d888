"""`zhuanjie deadlines`: what is due when. In: ledgers. Out: a report of days, or a calendar."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from typing import TYPE_CHECKING

import click
from msgspec import Struct

from zhuanjie import report as reports
from zhuanjie.cli import exit_codes, options
from zhuanjie.cli.help import define, option
from zhuanjie.cli.ledgers import arguments, print_notices, refuse_overwrite
from zhuanjie.cli.options import Count, Selection, Target
from zhuanjie.cli.progress import Progress
from zhuanjie.cli.session import Session, session_of
from zhuanjie.engine.api import UsageError, fail

if TYPE_CHECKING:
    from zhuanjie.engine.api import AuditRun, Report


class _Call(Struct, frozen=True):
    """What was asked for."""

    session: Session
    ledgers: list[str]
    within: int | None
    selection: Selection
    target: Target
    quiet: bool

    def run(self, progress: Progress) -> AuditRun:
        """The list, begun."""
        from zhuanjie.engine import api

        policy = self.selection.load()
        return api.open_acts(self.ledgers, policy,
                             **arguments(self.selection, self.session, policy),
                             within=self.within, progress=progress)

    def judging(self) -> Progress:
        """Progress while the ledger is judged."""
        return Progress(self.session, quiet=self.quiet)

    def writing(self, *, quiet: bool = False) -> Progress:
        """Progress while the list is written."""
        return Progress(self.session, quiet=self.quiet or quiet, doing="writing")


@define("deadlines")
@click.argument("ledgers", nargs=-1, required=True, type=options.FILE, metavar="LEDGER...")
@option("--within", help_key="within", type=Count(0), metavar="DAYS")
@options.ledger_selection
@options.target("deadlines")
@options.fail_on
@options.quiet
@options.lang
@click.pass_context
def command(ctx: click.Context, *, ledgers: Sequence[str], within: int | None, selection: Selection,
            target: Target, fail_on: str, quiet: bool) -> int:
    """List what is due, overdue first."""
    from zhuanjie.report.deadlines import STREAMED

    form = reports.FORMATS[target.format]
    if form.needs_file and target.output is None:
        raise fail(UsageError, "cli.usage.needs-file", hint="cli.usage.needs-file.hint",
                   form=form.name, ending=form.endings[0])
    call = _Call(session_of(ctx), list(ledgers), within, selection, target, quiet)
    refuse_overwrite([*ledgers, *selection.files], target.output, force=target.force)
    run, report = _sorted(call) if form.name in STREAMED else _shown(call)
    weights = [*(exit_codes.weight_of(*kind) for kind in run.kinds),
               *map(exit_codes.weight, report.input)]
    return exit_codes.of_audit(weights, report, fail_on)


def _shown(call: _Call) -> tuple[AuditRun, Report]:
    """For people, or as a calendar: what there is, and as much of it as the format lists."""
    from zhuanjie.cli import show
    from zhuanjie.engine import api
    from zhuanjie.report.layouts import deadlines as layout

    form = call.target.format
    counts = None
    with call.judging() as progress, closing(call.run(progress)) as run:
        if reports.FORMATS[form].for_people:
            due = api.DueList(layout.LISTED.get(form, layout.MOST))
            for batch in run.batches():
                due.add(batch)
            findings, counts = due.findings(run.words), due.counts
        else:
            findings = api.by_day(run)
    report = run.head()
    report.findings = findings
    # A duty that recurs is satisfied and has a next day: it belongs to the counts shown here.
    view = show.view_of(call.session, call.target, run.plan.policy, all_outcomes=True)
    print_notices(call.session, report, call.target)
    with show.result(call.target) as out, call.writing(quiet=out.isatty()):
        reports.write_report(report, lambda report, view: layout.sections(report, view, counts),
                             form, out, view)
    return run, report


def _sorted(call: _Call) -> tuple[AuditRun, Report]:
    """Every act, kept aside as it comes: what is due first may stand last in the ledger."""
    from zhuanjie.cli import show
    from zhuanjie.engine import api
    from zhuanjie.report.by_day import texts_by_day
    from zhuanjie.report.deadlines import DeadlineWriter
    from zhuanjie.report.files import replacing

    form, output, lang = call.target.format, call.target.output, call.session.lang
    with texts_by_day() as aside:
        with call.judging() as progress, closing(call.run(progress)) as run:
            view = show.view_of(call.session, call.target, run.plan.policy, all_outcomes=True)
            writer = DeadlineWriter(form, aside, view, by_pack=bool(run.plan.policy.spans),
                                    lang=lang)
            counts = writer.take(run)
        report = run.head()
        print_notices(call.session, report, call.target)
        if reports.FORMATS[form].needs_file:
            assert output is not None
            with replacing(output, private=call.target.private) as draft, call.writing():
                writer.save(report, draft, counts)
        else:
            with show.result(call.target) as out, call.writing(quiet=out.isatty()):
                writer.write(report, out, lambda: api.unaudited(report))
    return run, report
