"""`zhuanjie waivers lint`: what is wrong with waivers. In: files of them. Out: lints.

The exit code is 1 where anything is wrong; that one ends soon is said, and no more.
"""

from __future__ import annotations

from collections.abc import Sequence

import click

from zhuanjie.cli import exit_codes, options
from zhuanjie.cli.commands.waivers.review import review
from zhuanjie.cli.help import define, option
from zhuanjie.cli.options import Count, Selection, Target
from zhuanjie.cli.session import session_of


@define("waivers.lint")
@click.argument("files", nargs=-1, type=options.FILE, metavar="[FILE...]")
@option("--ledger", "ledgers", help_key="waivers-ledger", multiple=True, type=options.FILE,
        metavar="LEDGER")
@option("--soon", help_key="soon", type=Count(0), default=14, metavar="DAYS")
@options.ledger_selection
@options.target("waivers.lint")
@options.quiet
@options.lang
@click.pass_context
def command(ctx: click.Context, *, files: Sequence[str], ledgers: Sequence[str], soon: int,
            selection: Selection, target: Target, quiet: bool) -> int:
    """Say what is wrong with waivers."""
    from zhuanjie.cli import show
    from zhuanjie.report.layouts import waivers as layout

    session = session_of(ctx)
    session.quiet = quiet
    policy = selection.load()
    found = review(session, files, ledgers, selection, policy, soon)
    view = show.view_of(session, target, policy)
    show.write(layout.lints(found, view), target, view)
    return exit_codes.FINDINGS if found.lints else exit_codes.OK
