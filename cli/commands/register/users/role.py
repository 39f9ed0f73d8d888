"""`zhuanjie register users role`: what somebody may do. In: a user, a role. Out: nothing."""

from __future__ import annotations

import click

from zhuanjie.cli import exit_codes, options
from zhuanjie.cli.commands.register.opening import actor, database, opened
from zhuanjie.cli.help import define, option
from zhuanjie.cli.session import session_of


@define("register.users.role")
@click.argument("user", metavar="USER")
@click.argument("role", metavar="ROLE")
@database
@option("--unit", help_key="user-unit", metavar="UNIT")
@options.lang
@click.pass_context
def command(ctx: click.Context, *, user: str, role: str, database: str | None,
            unit: str | None) -> int:
    """Give a user another role; one who was disabled is let in again."""
    session = session_of(ctx)
    with opened(database) as register:
        now = register.access.set_user(actor(), user, role=role, unit=unit)
    session.tell(session.say("register.access.has-role", id=user, role=now.role, unit=now.unit))
    return exit_codes.OK
