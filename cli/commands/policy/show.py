"""`zhuanjie policy show`: what a pack says. In: a pack, perhaps a clause. Out: all of it."""

from __future__ import annotations

import click

from zhuanjie.cli import complete, exit_codes, options
from zhuanjie.cli.help import define
from zhuanjie.cli.options import Target
from zhuanjie.cli.session import session_of
from zhuanjie.engine.api import UsageError, fail


@define("policy.show")
@click.argument("pack", metavar="PACK", shell_complete=complete.packs)
@click.argument("part", required=False, metavar="[RULE|CLAUSE]", shell_complete=complete.clauses)
@options.target("policy.show")
@options.lang
@click.pass_context
def command(ctx: click.Context, pack: str, part: str | None, target: Target) -> int:
    """Show a pack, or the rules of one clause."""
    from zhuanjie.cli import show
    from zhuanjie.engine import api
    from zhuanjie.report.layouts import policy as layout

    policy = api.load_policy(pack)
    session_of(ctx).notices(policy.notices)
    rules = [r for r in policy.rules if part in (None, r.id, *r.clauses)]
    if not rules:
        raise fail(UsageError, "cli.show.part", hint="cli.show.part.hint", part=part,
                   pack=policy.id, clauses=", ".join(dict.fromkeys(r.clause for r in policy.rules)))
    if target.format == "csv" and len([r for r in rules if r.rule.table]) != 1:
        tables = ", ".join(r.id for r in policy.rules if r.rule.table)
        raise fail(UsageError, "cli.show.one-table", hint="cli.show.one-table.hint" if tables
                   else None, pack=policy.id, tables=tables)
    view = show.view_of(session_of(ctx), target, policy)
    show.write(layout.present(policy, rules, view, whole=part is None), target, view)
    return exit_codes.OK
