"""`zhuanjie baseline create`: take what is found for known. In: ledgers. Out: a baseline."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from zhuanjie.cli import exit_codes, options
from zhuanjie.cli.help import define, option
from zhuanjie.cli.ledgers import arguments
from zhuanjie.cli.options import Selection, Target
from zhuanjie.cli.progress import Progress
from zhuanjie.cli.session import session_of
from zhuanjie.engine.api import UsageError, fail
from zhuanjie.report.files import unwritable


@define("baseline.create")
@click.argument("ledgers", nargs=-1, required=True, type=options.FILE, metavar="LEDGER...")
@option("--output", "-o", help_key="baseline-output", metavar="FILE", required=True,
        type=click.Path(path_type=Path))
@options.ledger_selection
@options.force
@options.quiet
@options.lang
@click.pass_context
def command(ctx: click.Context, *, ledgers: Sequence[str], output: Path, selection: Selection,
            force: bool, quiet: bool) -> int:
    """Write down what is found as known."""
    from zhuanjie.cli import show
    from zhuanjie.engine import api
    from zhuanjie.report.layouts import baseline as layout

    session = session_of(ctx)
    if output.exists() and not force:
        raise fail(UsageError, "cli.baseline.there", hint="cli.baseline.there.hint",
                   path=str(output))
    policy = selection.load()
    try:
        with Progress(session, quiet=quiet) as progress:
            made = api.create_baseline(list(ledgers), output, policy, progress=progress,
                                       **arguments(selection, session, policy))
    except OSError as error:
        raise unwritable(output, error) from error
    target = Target("table", None)
    view = show.view_of(session, target, policy)
    show.write(layout.created(made, view), target, view)
    return exit_codes.OK
