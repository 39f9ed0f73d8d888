"""`zhuanjie deadlines`: what is due when. In: ledgers. Out: a report of days, or a calendar."""

from __future__ import annotations

from collections.abc import Sequence

import click

from zhuanjie.cli import options
from zhuanjie.cli.help import define, option
from zhuanjie.cli.ledgers import arguments, publish, refuse_overwrite
from zhuanjie.cli.options import Count, Selection, Target
from zhuanjie.cli.progress import Progress
from zhuanjie.cli.session import session_of


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
    from zhuanjie.cli import show
    from zhuanjie.engine import api
    from zhuanjie.report.layouts.deadlines import sections

    session = session_of(ctx)
    refuse_overwrite([*ledgers, *selection.files], target.output, force=target.force)
    with Progress(session, quiet=quiet) as progress:
        policy = selection.load()
        report = api.deadlines(list(ledgers), policy, **arguments(selection, session, policy),
                               within=within, progress=progress)
    # A duty that recurs is satisfied and has a next day: it belongs to the counts shown here.
    view = show.view_of(session, target, policy, all_outcomes=True)
    return publish(session, report, sections, target, view, fail_on=fail_on, quiet=quiet)
