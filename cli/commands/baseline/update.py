"""`zhuanjie baseline update`: let a baseline shrink. In: it, ledgers. Out: the baseline again."""

from __future__ import annotations

from collections.abc import Sequence

import click

from zhuanjie.cli import exit_codes, options
from zhuanjie.cli.help import define, option
from zhuanjie.cli.ledgers import arguments
from zhuanjie.cli.options import Selection, Target
from zhuanjie.cli.progress import Progress
from zhuanjie.cli.session import session_of
from zhuanjie.engine.api import UsageError, fail
from zhuanjie.report.files import unwritable


@define("baseline.update")
@click.argument("baseline", type=options.FILE, metavar="BASELINE")
@click.argument("ledgers", nargs=-1, required=True, type=options.FILE, metavar="LEDGER...")
@option("--grow", help_key="grow", is_flag=True)
@option("--reason", help_key="reason", metavar="TEXT")
@options.ledger_selection
@options.quiet
@options.lang
@click.pass_context
def command(ctx: click.Context, *, baseline: str, ledgers: Sequence[str], grow: bool,
            reason: str | None, selection: Selection, quiet: bool) -> int:
    """Take out what is mended; with a reason, take in what is new."""
    from zhuanjie.cli import show
    from zhuanjie.engine import api
    from zhuanjie.report.layouts import baseline as layout

    session = session_of(ctx)
    if grow is not bool(reason and reason.strip()):
        raise fail(UsageError, "cli.baseline.grow", hint="cli.baseline.grow.hint")
    policy = selection.load()
    try:
        with Progress(session, quiet=quiet) as progress:
            made = api.update_baseline(baseline, list(ledgers), policy, reason=reason,
                                       progress=progress, **arguments(selection, session, policy))
    except OSError as error:
        raise unwritable(baseline, error) from error
    target = Target("table", None)
    view = show.view_of(session, target, policy)
    show.write(layout.updated(made, view, grown=grow), target, view)
    return exit_codes.OK
