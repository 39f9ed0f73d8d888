"""`zhuanjie register trail new-key`: in: a register, why. Out: a new key that signs its history."""

from __future__ import annotations

import click

from zhuanjie.cli import exit_codes, options
from zhuanjie.cli.commands.register.opening import actor, database, existing, opened
from zhuanjie.cli.help import define, option
from zhuanjie.cli.session import session_of
from zhuanjie.engine.api import UsageError, fail


@define("register.trail.new-key")
@database
@option("--reason", help_key="new-key-reason", metavar="TEXT")
@options.lang
@click.pass_context
def command(ctx: click.Context, *, database: str | None, reason: str | None) -> int:
    """Begin a new key, where the old one is lost or known to others."""
    from zhuanjie.web.evidence.keys import private_path
    from zhuanjie.web.evidence.new_key import begin_key

    if not reason or not reason.strip():
        raise fail(UsageError, "register.trail.new-key-reason",
                   hint="register.trail.new-key-reason.hint")
    session = session_of(ctx)
    with existing(database):
        pass  # a register that is not there is not made
    with opened(database, renewing=True) as register:
        folder = register.place.folder
        made = begin_key(register.store, register.trail, folder, actor(), reason.strip())
        session.tell(session.say("register.trail.key-begun", path=str(private_path(folder)),
                                 size=made.checkpoint.size))
        signer = register.trail.signer
        assert signer is not None
        click.echo(signer.verifier.text)
    session.tell(session.say("register.trail.key-begun-then"))
    return exit_codes.OK
