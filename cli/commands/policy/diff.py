"""`zhuanjie policy diff`: two packs compared. In: two packs, ledgers. Out: differences (exit 1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import click

from zhuanjie.cli import complete, exit_codes, options
from zhuanjie.cli.help import define, option
from zhuanjie.cli.options import Target
from zhuanjie.cli.session import session_of


@define("policy.diff")
@click.argument("old", metavar="OLD", shell_complete=complete.packs)
@click.argument("new", metavar="NEW", shell_complete=complete.packs)
@option("--ledger", "ledgers", help_key="diff-ledger", multiple=True, type=options.FILE,
        metavar="FILE")
@options.as_of
@options.target("policy.diff")
@options.lang
@click.pass_context
def command(ctx: click.Context, *, old: str, new: str, ledgers: Sequence[str],
            as_of: date | None, target: Target) -> int:
    """Compare two packs."""
    from zhuanjie.cli import show
    from zhuanjie.engine import api
    from zhuanjie.report.layouts import policy_diff as layout

    before, after = api.policy_at(old), api.policy_at(new)
    session = session_of(ctx)
    found = api.diff(before, after, ledgers, as_of, session.lang)
    for notice in found.impact.notices if found.impact else ():
        session.notice(notice)
    # A counterexample may hold fields and values that the new pack no longer has.
    view = replace(show.view_of(session, target, after),
                   fields=after.vocabulary.joined(before.vocabulary).fields)
    show.write(layout.present(found, f"{old} → {new}", view), target, view)
    return exit_codes.FINDINGS if found.differs else exit_codes.OK
