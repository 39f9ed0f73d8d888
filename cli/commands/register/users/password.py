"""`zhuanjie register users password`: a new password. In: a user. Out: a password, holding once."""

from __future__ import annotations

import click

from zhuanjie.cli import exit_codes, options
from zhuanjie.cli.commands.register.opening import actor, database, opened
from zhuanjie.cli.commands.register.users.secrets import from_stdin, read_password
from zhuanjie.cli.help import define
from zhuanjie.cli.session import session_of


@define("register.users.password")
@click.argument("user", metavar="USER")
@database
@from_stdin
@options.lang
@click.pass_context
def command(ctx: click.Context, *, user: str, database: str | None, password_stdin: bool) -> int:
    """Give a user a password to be changed at the next login."""
    session = session_of(ctx)
    own = read_password(session, user) if password_stdin else None
    with opened(database) as register:
        told = register.access.reset_password(actor(), user, own)
    session.tell(session.say("register.access.one-time"))
    if own is None:
        click.echo(told)
    return exit_codes.OK
