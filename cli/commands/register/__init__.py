"""`zhuanjie register`: one place for every case. In: the name of a command. Out: the group."""

from __future__ import annotations

from typing import Final

import click

from zhuanjie.cli import options
from zhuanjie.cli.help import CommandGroup

COMMANDS: Final = {
    "init": "zhuanjie.cli.commands.register.init",
    "import": "zhuanjie.cli.commands.register.import_ledger",
    "reminders": "zhuanjie.cli.commands.register.reminders",
    "calendars": "zhuanjie.cli.commands.register.calendars",
    "backup": "zhuanjie.cli.commands.register.backup",
    "restore": "zhuanjie.cli.commands.register.restore",
    "upgrade": "zhuanjie.cli.commands.register.upgrade",
    "export": "zhuanjie.cli.commands.register.export",
    "report": "zhuanjie.cli.commands.register.report",
    "audit": "zhuanjie.cli.commands.register.audit",
    "trail": "zhuanjie.cli.commands.register.trail",
    "users": "zhuanjie.cli.commands.register.users",
}


@click.group("register", cls=CommandGroup, help_key="register", modules=COMMANDS)
@options.lang
def command() -> None:
    """Keep the register."""
