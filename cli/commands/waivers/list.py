"""`zhuanjie waivers list`: what waivers there are. In: files of them. Out: a table, or data."""

from __future__ import annotations

from collections.abc import Sequence

import click

from zhuanjie.cli import exit_codes, options
from zhuanjie.cli.commands.waivers.review import review
from zhuanjie.cli.help import define, option
from zhuanjie.cli.options import Selection, Target
from zhuanjie.cli.session import session_of


@define("waivers.list")
@click.argument("files", nargs=-1, type=options.FILE, metavar="[FILE...]")
@option("--ledger", "ledgers", help_key="waivers-ledger", multiple=True, type=options.FILE,
        metavar="LEDGER")
@options.ledger_selection
@options.target("waivers.list")
@options.quiet
@options.lang
@click.pass_context
def command(ctx: click.Context, *, files: Sequence[str], ledgers: Sequence[str],
            selection: Selection, target: Target, quiet: bool) -> int:
    """List waivers, those that end first before the others."""
    from zhuanjie.cli import show
    from zhuanjie.report.layouts import waivers as layout

    session = session_of(ctx)
    session.quiet = quiet
    policy = selection.load()
    found = review(session, files, ledgers, selection, policy, 0)
    session.notices(found.lints)
    view = show.view_of(session, target, policy)
    show.write(layout.listing(found, view), target, view)
    return exit_codes.OK
