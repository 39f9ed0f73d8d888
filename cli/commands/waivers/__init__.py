"""`zhuanjie waivers`: what approvals there are. In: the name of a command. Out: the group."""

from __future__ import annotations

from typing import Final

import click

from zhuanjie.cli import options
from zhuanjie.cli.help import CommandGroup

COMMANDS: Final = {
    "lint": "zhuanjie.cli.commands.waivers.lint",
    "list": "zhuanjie.cli.commands.waivers.list",
}


@click.group("waivers", cls=CommandGroup, help_key="waivers", modules=COMMANDS)
@options.lang
def command() -> None:
    """Look after waivers."""
