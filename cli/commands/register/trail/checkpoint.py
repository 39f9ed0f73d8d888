"""`zhuanjie register trail checkpoint`: in: a register. Out: a signed note of it as it is now."""

from __future__ import annotations

from pathlib import Path

import click

from zhuanjie.cli import exit_codes, options
from zhuanjie.cli.commands.register.opening import database, opened
from zhuanjie.cli.help import define, option


@define("register.trail.checkpoint")
@database
@option("--output", "-o", help_key="trail-output", metavar="FILE", type=click.Path(path_type=Path))
@options.lang
def command(*, database: str | None, output: Path | None) -> int:
    """Sign a checkpoint, to be kept elsewhere."""
    from zhuanjie.cli.files import opened as written

    with opened(database) as register:
        note = register.trail.checkpoint(register.store).note
    with written(output, machine=True) as out:
        out.write(note)
    return exit_codes.OK
