"""`zhuanjie register trail key`: in: a register. Out: its public keys, a line each."""

from __future__ import annotations

import click

from zhuanjie.cli import exit_codes, options
from zhuanjie.cli.commands.register.opening import database, opened
from zhuanjie.cli.help import define


@define("register.trail.key")
@database
@options.lang
def command(*, database: str | None) -> int:
    """Show the public keys of a register."""
    from zhuanjie.web.evidence.keys import make_signer, verifiers_of

    with opened(database) as register:
        make_signer(register.place.folder)
        for known in verifiers_of(register.place.folder):
            click.echo(known.text)
    return exit_codes.OK
