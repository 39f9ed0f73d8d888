"""`zhuanjie register trail prove`: in: an event, or a checkpoint. Out: a proof by itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from zhuanjie.cli import exit_codes, options
from zhuanjie.cli.commands.register.opening import database, opened
from zhuanjie.cli.help import define, option
from zhuanjie.engine.api import UsageError, fail


@define("register.trail.prove")
@click.argument("event", required=False, type=options.Count(1), metavar="[EVENT]")
@database
@option("--field", "fields", help_key="trail-field", multiple=True, metavar="FIELD")
@option("--since", help_key="trail-since", metavar="FILE", type=click.Path(path_type=Path))
@option("--output", "-o", help_key="trail-output", metavar="FILE", type=click.Path(path_type=Path))
@options.lang
def command(*, event: int | None, database: str | None, fields: Sequence[str],
            since: Path | None, output: Path | None) -> int:
    """Prove that the register holds an event, or goes on from a checkpoint."""
    from zhuanjie.cli.files import opened as written
    from zhuanjie.report.presentation import write_data

    if (event is None) is (since is None) or (since is not None and fields):
        raise fail(UsageError, "register.trail.prove-what", hint="register.trail.prove-what.hint")
    with opened(database) as register:
        trail = register.trail
        document: dict[str, Any]
        if event is not None:
            document = trail.prove(register.store, event, tuple(fields))
        else:
            from zhuanjie.cli.commands.register.trail.files import note_of

            assert since is not None
            document = trail.connect(register.store, note_of(since))
    with written(output, machine=True, private=True) as out:
        write_data(document, out)
    return exit_codes.OK
