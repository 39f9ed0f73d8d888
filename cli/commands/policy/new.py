"""`zhuanjie policy new`: a pack to start from. In: an id, a folder. Out: a pack that passes."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from zhuanjie.cli import complete, exit_codes, options
from zhuanjie.cli.help import define, option
from zhuanjie.cli.session import session_of


@define("policy.new")
@click.argument("pack_id", metavar="ID")
@option("--output", "-o", "folder", help_key="new-output", metavar="FOLDER",
        type=click.Path(path_type=Path))
@option("--builds-on", help_key="builds-on", metavar="PACK", shell_complete=complete.packs)
@option("--vocabulary", help_key="vocabulary", metavar="NAME")
@options.lang
@click.pass_context
def command(ctx: click.Context, *, pack_id: str, folder: Path | None, builds_on: str | None,
            vocabulary: str | None) -> int:
    """Write a new pack into a folder."""
    from zhuanjie.cli.files import opened
    from zhuanjie.engine import api
    from zhuanjie.report.files import unwritable

    place = folder if folder is not None else Path(pack_id)
    files = api.scaffold(pack_id, place, date.today(), builds_on, vocabulary=vocabulary)
    for name, text in files.items():
        path = place / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise unwritable(path.parent, error) from error
        with opened(path, machine=True) as out:
            out.write(text)
    session = session_of(ctx)
    session.tell(session.say("scaffold.written", folder=str(place)))
    return exit_codes.OK
