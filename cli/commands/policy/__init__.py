"""`zhuanjie policy`: the life of a pack. In: the name of a command. Out: the group of them."""

from __future__ import annotations

from typing import Final

import click

from zhuanjie.cli import options
from zhuanjie.cli.help import CommandGroup

COMMANDS: Final = {
    "new": "zhuanjie.cli.commands.policy.new",
    "list": "zhuanjie.cli.commands.policy.list",
    "show": "zhuanjie.cli.commands.policy.show",
    "docs": "zhuanjie.cli.commands.policy.docs",
    "fmt": "zhuanjie.cli.commands.policy.fmt",
    "lint": "zhuanjie.cli.commands.policy.lint",
    "lock": "zhuanjie.cli.commands.policy.lock",
    "try": "zhuanjie.cli.commands.policy.try_out",
    "test": "zhuanjie.cli.commands.policy.test",
    "coverage": "zhuanjie.cli.commands.policy.coverage",
    "mutate": "zhuanjie.cli.commands.policy.mutate",
    "verify": "zhuanjie.cli.commands.policy.verify",
    "diff": "zhuanjie.cli.commands.policy.diff",
    "schema": "zhuanjie.cli.commands.policy.schema",
    "lsp": "zhuanjie.cli.commands.policy.lsp",
}


@click.group("policy", cls=CommandGroup, help_key="policy", modules=COMMANDS)
@options.lang
def command() -> None:
    """Work on packs."""
