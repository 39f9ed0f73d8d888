"""`zhuanjie register trail`: that history is what it was. In: a command's name. Out: the group."""

from __future__ import annotations

from typing import Final

import click

from zhuanjie.cli import options
from zhuanjie.cli.help import CommandGroup

COMMANDS: Final = {
    "verify": "zhuanjie.cli.commands.register.trail.verify",
    "checkpoint": "zhuanjie.cli.commands.register.trail.checkpoint",
    "prove": "zhuanjie.cli.commands.register.trail.prove",
    "key": "zhuanjie.cli.commands.register.trail.key",
    "new-key": "zhuanjie.cli.commands.register.trail.new_key",
    "redact": "zhuanjie.cli.commands.register.trail.redact",
}


@click.group("trail", cls=CommandGroup, help_key="register.trail", modules=COMMANDS)
@options.lang
def command() -> None:
    """Show that the register's history is what it was."""
