"""`zhuanjie register users disable`: let somebody in no more. In: a user. Out: nothing."""

from __future__ import annotations

import click

from zhuanjie.cli import exit_codes, options
from zhuanjie.cli.commands.register.opening import actor, database, opened
from zhuanjie.cli.help import define
from zhuanjie.cli.session import session_of


@define("register.users.disable")
@click.argument("user", metavar="USER")
@database
@options.lang
@click.pass_context
def command(ctx: click.Context, *, user: str, database: str | None) -> int:
    """Let a user in no more, and end what they have begun."""
    session = session_of(ctx)
    with opened(database) as register:
        register.access.disable_user(actor(), user)
    session.tell(session.say("register.access.let-out", id=user))
    return exit_codes.OK
