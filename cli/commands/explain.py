"""`zhuanjie explain`: why outcomes came out. In: a ledger, an id. Out: conditions, values."""

from __future__ import annotations

from contextlib import closing

import click

from zhuanjie.cli import complete, exit_codes, options
from zhuanjie.cli.help import define, option
from zhuanjie.cli.ledgers import arguments, refuse_overwrite
from zhuanjie.cli.options import Selection, Target
from zhuanjie.cli.progress import Progress
from zhuanjie.cli.session import session_of


@define("explain")
@click.argument("ledger", type=options.FILE, metavar="LEDGER")
@click.argument("record", metavar="ID")
@click.argument("clause", required=False, metavar="[CLAUSE]", shell_complete=complete.clauses)
@options.ledger_selection
@options.target("explain")
@option("--fix", help_key="fix", is_flag=True)
@options.quiet
@options.lang
@click.pass_context
def command(ctx: click.Context, *, ledger: str, record: str, clause: str | None,
            selection: Selection, target: Target, fix: bool, quiet: bool) -> int:
    """Explain a record's outcomes, or those of one clause."""
    from zhuanjie.cli import show
    from zhuanjie.engine import api
    from zhuanjie.report.layouts import explain as layout

    session = session_of(ctx)
    refuse_overwrite([ledger, *selection.files], target.output, force=target.force)
    with Progress(session, quiet=quiet) as progress:
        policy = selection.load()
        with closing(api.stream([ledger], policy, **arguments(selection, session, policy),
                                progress=progress)) as run:
            if fix:
                found, mended = api.explain_and_fix(run, record, clause)
            else:
                found, mended = api.explain_run(run, record, clause), None
    head = run.head()
    session.notices(head.notices)
    for cell in head.input:
        if cell.record == record:
            session.unreadable(cell)
    view = show.view_of(session, target, policy)
    show.write(layout.present(policy, selection.day, found, mended, view), target, view)
    return exit_codes.OK
