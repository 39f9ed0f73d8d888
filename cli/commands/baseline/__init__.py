"""`zhuanjie baseline`: what is known already. In: the name of a command. Out: the group."""

from __future__ import annotations

from typing import Final

import click

from zhuanjie.cli import options
from zhuanjie.cli.help import CommandGroup

COMMANDS: Final = {
    "create": "zhuanjie.cli.commands.baseline.create",
    "update": "zhuanjie.cli.commands.baseline.update",
    "show": "zhuanjie.cli.commands.baseline.show",
}


@click.group("baseline", cls=CommandGroup, help_key="baseline", modules=COMMANDS)
@options.lang
def command() -> None:
    """Look after baselines."""
