"""`zhuanjie columns`: what headings are taken for. In: ledgers. Out: a table, JSON, a mapping."""

from __future__ import annotations

from collections.abc import Sequence

import click

from zhuanjie.cli import exit_codes, options
from zhuanjie.cli.help import define, option
from zhuanjie.cli.ledgers import refuse_overwrite
from zhuanjie.cli.options import Selection, Target
from zhuanjie.cli.session import session_of


@define("columns")
@click.argument("ledgers", nargs=-1, required=True, type=options.FILE, metavar="LEDGER...")
@options.column_selection
@options.target("columns")
@option("--remember", help_key="remember", is_flag=True)
@options.lang
@click.pass_context
def command(ctx: click.Context, ledgers: Sequence[str], selection: Selection, target: Target,
            remember: bool) -> int:
    """Say what each column of ledgers is taken for."""
    from zhuanjie.cli import show
    from zhuanjie.engine import api
    from zhuanjie.report.files import unwritable
    from zhuanjie.report.layouts import columns as layout

    session = session_of(ctx)
    refuse_overwrite([*ledgers, *selection.files], target.output)
    policy = selection.load()
    tables, notices = api.column_uses(ledgers, policy, selection.headings(policy))
    session.notices(notices)
    view = show.view_of(session, target, policy)
    show.write(layout.present(tables, view), target, view)
    if remember:
        try:
            path = api.remember_columns(api.column_mapping(tables, own=True))
        except OSError as error:
            raise unwritable(api.settings().file or error.filename, error) from error
        session.notice(api.Diagnostic("cli.remembered", {"path": str(path)}))
    return exit_codes.OK
