"""`zhuanjie fields`: what a ledger may hold. In: a pack, or none. Out: its vocabulary's fields."""

from __future__ import annotations

import click

from zhuanjie.cli import complete, exit_codes, options
from zhuanjie.cli.help import define
from zhuanjie.cli.options import Target
from zhuanjie.cli.session import session_of


@define("fields")
@click.argument("pack", required=False, metavar="[PACK]", shell_complete=complete.packs)
@options.target("fields")
@options.lang
@click.pass_context
def command(ctx: click.Context, pack: str | None, target: Target) -> int:
    """List the fields, their headings and values, and the clauses that read them."""
    from zhuanjie.cli import show
    from zhuanjie.engine import api
    from zhuanjie.report.layouts import fields as layout

    policy = api.load_policy(pack)
    view = show.view_of(session_of(ctx), target, policy)
    show.write(layout.present(policy, api.field_uses(policy), view), target, view)
    return exit_codes.OK
