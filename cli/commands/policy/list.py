"""`zhuanjie policy list`: the packs that come along. In: nothing. Out: a table of them."""

from __future__ import annotations

import click

from zhuanjie.cli import exit_codes, options
from zhuanjie.cli.help import define
from zhuanjie.cli.options import Target
from zhuanjie.cli.session import session_of


@define("policy.list")
@options.target("policy.list")
@options.lang
@click.pass_context
def command(ctx: click.Context, target: Target) -> int:
    """List the packs."""
    from zhuanjie.cli import show
    from zhuanjie.engine import api
    from zhuanjie.report.layouts import pack_list as layout

    packs = api.list_policies()
    view = show.view_of(session_of(ctx), target)
    show.write(layout.present(packs, view), target, view)
    return exit_codes.OK
