"""`zhuanjie register users new-codes-key`: in: a register. Out: codes sealed with a new key."""

from __future__ import annotations

import click

from zhuanjie.cli import exit_codes, options
from zhuanjie.cli.commands.register.opening import actor, database, existing, opened
from zhuanjie.cli.help import define, option
from zhuanjie.cli.session import session_of


@define("register.users.new-codes-key")
@database
@option("--forget", help_key="codes-forget", is_flag=True)
@options.lang
@click.pass_context
def command(ctx: click.Context, *, database: str | None, forget: bool) -> int:
    """Seal the secrets of one-time codes with a new key."""
    from zhuanjie.web.access.code_keys import keys_path
    from zhuanjie.web.access.new_codes_key import begin_codes_key

    session = session_of(ctx)
    with existing(database):
        pass  # a register that is not there is not made
    with opened(database, renewing=True) as register:
        folder = register.place.folder
        done = begin_codes_key(register.store, folder, actor(), forget=forget)
        session.tell(session.say("register.access.codes-key-begun", path=str(keys_path(folder)),
                                 count=done.sealed))
    for user in done.forgotten:
        click.echo(session.say("register.access.codes-forgotten", id=user))
    return exit_codes.OK
