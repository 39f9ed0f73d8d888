"""`zhuanjie explain`: why outcomes came out. In: a ledger, a record. Out: conditions, values."""

from __future__ import annotations

from contextlib import closing

import click

from zhuanjie.cli import complete, exit_codes, options
from zhuanjie.cli.help import define, option
from zhuanjie.cli.ledgers import arguments, refuse_overwrite
from zhuanjie.cli.options import Count, Selection, Target
from zhuanjie.cli.progress import Progress
from zhuanjie.cli.session import session_of


@define("explain")
@click.argument("ledger", type=options.FILE, metavar="LEDGER")
@click.argument("record", required=False, metavar="ID")
@click.argument("clause", required=False, metavar="[CLAUSE]", shell_complete=complete.clauses)
@option("--row", help_key="row", type=Count(1), metavar="NUMBER")
@option("--sheet", help_key="sheet", metavar="SHEET")
@option("--file", help_key="file", metavar="FILE")
@option("--verbose", "-v", help_key="verbose", is_flag=True)
@options.ledger_selection
@options.target("explain")
@option("--fix", help_key="fix", is_flag=True)
@options.quiet
@options.lang
@click.pass_context
def command(ctx: click.Context, *, ledger: str, record: str | None, clause: str | None,
            row: int | None, sheet: str | None, file: str | None, verbose: bool,
            selection: Selection, target: Target, fix: bool, quiet: bool) -> int:
    """Explain a record's outcomes, or those of one clause."""
    from zhuanjie.cli import show
    from zhuanjie.engine import api
    from zhuanjie.report.layouts import explain as layout

    session = session_of(ctx)
    if record is None and row is None:
        raise click.MissingParameter(ctx=ctx, param=ctx.command.params[1])
    refuse_overwrite([ledger, *selection.files], target.output, force=target.force)
    with Progress(session, quiet=quiet) as progress:
        policy = selection.load()
        if row is not None and clause is None and record is not None and any(
                record == r.id or c.startswith(record) for r in policy.rules for c in r.clauses):
            record, clause = None, record  # what goes by its row needs no id
        name = api.RecordName(record, row, sheet, file)
        with closing(api.stream([ledger], policy, **arguments(selection, session, policy),
                                progress=progress)) as run:
            if fix:
                found, mended = api.explain_and_fix(run, name, clause)
            else:
                found, mended = api.explain_run(run, name, clause), None
    head = run.head()
    session.notices(head.notices)
    for cell in (cell for group in head.input for cell in group.cells()):
        # A record may come from rows of several tables, which share its id alone.
        if any((e.finding.location.row == cell.row and e.finding.location.file == cell.file)
               or (selection.join and cell.record is not None
                   and cell.record == e.finding.record) for e in found):
            session.unreadable(cell)
    view = show.view_of(session, target, policy)
    show.write(layout.present(policy, selection.day, found, mended, view,
                              whole=clause is not None, verbose=verbose), target, view)
    return exit_codes.OK
