"""`zhuanjie policy diff`: two packs compared. In: two packs, ledgers. Out: differences (exit 1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

from zhuanjie.cli import complete, exit_codes, options
from zhuanjie.cli.help import define, option
from zhuanjie.cli.options import Target
from zhuanjie.cli.session import session_of
from zhuanjie.engine.api import UsageError, fail

if TYPE_CHECKING:
    from zhuanjie.engine.api import Policy


@define("policy.diff")
@click.argument("old", metavar="OLD", shell_complete=complete.packs)
@click.argument("new", metavar="NEW", shell_complete=complete.packs)
@option("--ledger", "ledgers", help_key="diff-ledger", multiple=True, type=options.FILE,
        metavar="FILE")
@options.as_of
@options.params
@options.columns
@options.roster
@options.summary
@options.target("policy.diff")
@options.lang
@click.pass_context
def command(ctx: click.Context, *, old: str, new: str, ledgers: Sequence[str],
            as_of: date | None, params: Sequence[tuple[str, int | date]], columns: str | None,
            roster: str | None, summary: bool, target: Target) -> int:
    """Compare two packs."""
    from zhuanjie.cli import show
    from zhuanjie.engine import api
    from zhuanjie.report.layouts import policy_diff as layout

    day = as_of or api.office_day()
    before, after = _with_numbers(api.policies_at(old, day), api.policies_at(new, day),
                                  dict(params), day)
    session = session_of(ctx)
    if roster is not None and not ledgers:
        raise fail(UsageError, "cli.diff.roster", hint="cli.diff.roster.hint")
    found = api.diff(before, after, ledgers, day, session.lang, roster=roster,
                     columns=api.columns_wanted(after, columns, ()))
    for notice in found.impact.notices if found.impact else ():
        session.notice(notice)
    # A counterexample may hold fields and values that the new pack no longer has.
    view = replace(show.view_of(session, target, after),
                   fields=after.vocabulary.joined(before.vocabulary).fields)
    show.write(layout.present(found, f"{old} → {new}", view, summary=summary), target, view)
    return exit_codes.FINDINGS if found.differs else exit_codes.OK


def _with_numbers(before: Policy, after: Policy, params: Mapping[str, int | date],
                  day: date) -> list[Policy]:
    """Both packs with the numbers set for this run; what one of them does not have, it ignores."""
    from zhuanjie.engine import api

    there = before.parameters.keys() | after.parameters.keys()
    return [api.with_params(p, {n: v for n, v in params.items()
                                if n in p.parameters or n not in there}, day)
            for p in (before, after)]
