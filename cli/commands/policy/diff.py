"""`zhuanjie policy diff`: two packs compared. In: two packs, ledgers. Out: differences (exit 1)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import click

from zhuanjie.cli import complete, exit_codes, options
from zhuanjie.cli.help import define, option
from zhuanjie.cli.options import Target
from zhuanjie.cli.session import session_of


@define("policy.diff")
@click.argument("old", metavar="OLD", shell_complete=complete.packs)
@click.argument("new", metavar="NEW", shell_complete=complete.packs)
@option("--ledger", "ledgers", said="diff-ledger", multiple=True, type=options.FILE,
        metavar="FILE")
@options.as_of
@options.target("table", "json", "markdown")
@options.lang
@click.pass_context
def command(ctx: click.Context, *, old: str, new: str, ledgers: Sequence[str],
            as_of: date | None, target: Target) -> int:
    """Compare two packs."""
    from zhuanjie.cli import show
    from zhuanjie.engine.authoring.diff.diff import diff
    from zhuanjie.engine.authoring.diff.versions import policy_at
    from zhuanjie.report import write_answer
    from zhuanjie.report.layouts import policy_diff as policydiff

    before, after = policy_at(old), policy_at(new)
    found = diff(before, after, ledgers, as_of)
    session = session_of(ctx)
    for notice in found.impact.notices if found.impact else ():
        session.notice(notice)
    view = show.view_of(session, target, after)
    with show.result(target) as out:
        write_answer(policydiff.plain_data(found),
                            policydiff.sections(found, f"{old} → {new}", view), target.format, out,
                            view)
    return exit_codes.FINDINGS if found.differs else exit_codes.OK
