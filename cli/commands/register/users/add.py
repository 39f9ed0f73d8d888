"""`zhuanjie register users add`: let somebody in. In: a user. Out: a password that holds once."""

from __future__ import annotations

import click

from zhuanjie.cli import exit_codes, options
from zhuanjie.cli.commands.register.opening import actor, database, opened
from zhuanjie.cli.commands.register.users.secrets import from_stdin, read_password
from zhuanjie.cli.help import define, option
from zhuanjie.cli.session import session_of


@define("register.users.add")
@click.argument("user", metavar="USER")
@database
@option("--role", help_key="user-role", metavar="ROLE", required=True)
@option("--unit", help_key="user-unit", metavar="UNIT")
@option("--name", help_key="user-name", metavar="TEXT")
@option("--email", help_key="user-email", metavar="ADDRESS")
@option("--provider", help_key="user-provider", metavar="NAME", default="local")
@from_stdin
@options.lang
@click.pass_context
def command(ctx: click.Context, *, user: str, database: str | None, role: str, unit: str | None,
            name: str | None, email: str | None, provider: str, password_stdin: bool) -> int:
    """Make a user."""
    session = session_of(ctx)
    own = read_password(session, user) if password_stdin else None
    with opened(database) as register:
        who = actor()
        access = register.access
        where = unit or access.office(who, title=session.say("register.access.office"))
        made = access.add_user(who, user, role=role, unit=where, provider=provider,
                               name=name, email=email, password=own)
    session.tell(session.say("register.access.added", id=user, role=role, unit=where))
    if made.password is not None and own is None:
        session.tell(session.say("register.access.one-time"))
        click.echo(made.password)
    return exit_codes.OK
