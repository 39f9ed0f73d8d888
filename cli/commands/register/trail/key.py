"""`zhuanjie register trail key`: in: a register. Out: its public keys, a line each."""

from __future__ import annotations

import click

from zhuanjie.cli import exit_codes, options
from zhuanjie.cli.commands.register.opening import database, existing
from zhuanjie.cli.help import define


@define("register.trail.key")
@database
@options.lang
def command(*, database: str | None) -> int:
    """Show the public keys of a register."""
    from zhuanjie.web.evidence.keys import verifiers_of

    with existing(database) as (place, _base):
        for known in verifiers_of(place.folder):
            click.echo(known.text)
    return exit_codes.OK
