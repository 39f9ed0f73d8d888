"""`zhuanjie register users totp-reset`: forget an app for one-time codes. In: a user. Out: nothing.
"""

from __future__ import annotations

import click

from zhuanjie.cli import exit_codes, options
from zhuanjie.cli.commands.register.opening import actor, database, opened
from zhuanjie.cli.help import define
from zhuanjie.cli.session import session_of


@define("register.users.totp-reset")
@click.argument("user", metavar="USER")
@database
@options.lang
@click.pass_context
def command(ctx: click.Context, *, user: str, database: str | None) -> int:
    """Forget a user's app for one-time codes, which was lost; they enrol another."""
    session = session_of(ctx)
    with opened(database) as register:
        register.access.reset_codes(actor(), user)
    session.tell(session.say("register.access.codes-forgotten", id=user))
    return exit_codes.OK
