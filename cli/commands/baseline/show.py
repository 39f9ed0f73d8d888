"""`zhuanjie baseline show`: what is known, and since when. In: a baseline. Out: a table."""

from __future__ import annotations

from collections.abc import Sequence

import click

from zhuanjie.cli import exit_codes, options
from zhuanjie.cli.help import define
from zhuanjie.cli.ledgers import arguments
from zhuanjie.cli.options import Selection, Target
from zhuanjie.cli.progress import Progress
from zhuanjie.cli.session import session_of


@define("baseline.show")
@click.argument("baseline", type=options.FILE, metavar="BASELINE")
@click.argument("ledgers", nargs=-1, type=options.FILE, metavar="[LEDGER...]")
@options.ledger_selection
@options.target("baseline.show")
@options.quiet
@options.lang
@click.pass_context
def command(ctx: click.Context, *, baseline: str, ledgers: Sequence[str], selection: Selection,
            target: Target, quiet: bool) -> int:
    """Show a baseline's age, what it holds, and with ledgers what of it is stale."""
    from zhuanjie.cli import show
    from zhuanjie.engine import api
    from zhuanjie.report.layouts import baseline as layout

    session = session_of(ctx)
    policy = selection.load()
    with Progress(session, quiet=quiet) as progress:
        found = api.show_baseline(baseline, list(ledgers) or None, policy, progress=progress,
                                  **arguments(selection, session, policy))
    view = show.view_of(session, target, policy)
    show.write(layout.shown(found, selection.day, view), target, view)
    return exit_codes.OK
