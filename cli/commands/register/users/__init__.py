"""`zhuanjie register users`: who is let in. In: the name of a command. Out: the group."""

from __future__ import annotations

from typing import Final

import click

from zhuanjie.cli import options
from zhuanjie.cli.help import CommandGroup

_HERE: Final = "zhuanjie.cli.commands.register.users"
COMMANDS: Final = {
    "list": f"{_HERE}.list",
    "add": f"{_HERE}.add",
    "role": f"{_HERE}.role",
    "disable": f"{_HERE}.disable",
    "password": f"{_HERE}.password",
    "totp-reset": f"{_HERE}.totp_reset",
    "new-codes-key": f"{_HERE}.new_codes_key",
    "keys": f"{_HERE}.keys",
}


@click.group("users", cls=CommandGroup, help_key="register.users", modules=COMMANDS)
@options.lang
def command() -> None:
    """Look after users, their roles and keys."""
