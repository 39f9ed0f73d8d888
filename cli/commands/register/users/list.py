"""`zhuanjie register users list`: who is let in. In: a register. Out: a table, or data."""

from __future__ import annotations

import click

from zhuanjie.cli import exit_codes, options
from zhuanjie.cli.commands.register.opening import actor, database, opened
from zhuanjie.cli.help import define
from zhuanjie.cli.options import Target
from zhuanjie.cli.session import session_of


@define("register.users.list")
@database
@options.target("register.users.list")
@options.lang
@click.pass_context
def command(ctx: click.Context, *, database: str | None, target: Target) -> int:
    """List the users."""
    from zhuanjie.cli import show
    from zhuanjie.web.access import layout

    with opened(database) as register:
        found = register.access.users(actor())
        view = show.view_of(session_of(ctx), target, register.policy())
    show.write(layout.users(found, view), target, view)
    return exit_codes.OK
