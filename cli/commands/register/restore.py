"""`zhuanjie register restore`: a backup made a register. In: a backup, an empty place. Out: it."""

from __future__ import annotations

from pathlib import Path

import click

from zhuanjie.cli import exit_codes, options
from zhuanjie.cli.commands.register.opening import database
from zhuanjie.cli.help import define
from zhuanjie.cli.session import session_of
from zhuanjie.engine.api import lacking, missing


@define("register.restore")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@database
@options.lang
@click.pass_context
def command(ctx: click.Context, *, file: Path, database: str | None) -> int:
    """Restore a register."""
    if lacking("web"):
        raise missing("web")
    from zhuanjie.web.operations.restore import restore_backup
    from zhuanjie.web.operations.verifying import trail_holds
    from zhuanjie.web.service.place import place_of
    from zhuanjie.web.store.database import RegisterDatabase

    session, place = session_of(ctx), place_of(database)
    place.make()
    register = RegisterDatabase(place.url)
    try:
        done = restore_backup(file, register, place.folder, check=trail_holds)
    finally:
        register.close()
    click.echo(session.say("register.restore.done", made_at=done.manifest.made_at, rows=done.rows,
                           events=done.manifest.events, files=len(done.files)))
    session.tell(session.say("register.restore.hint", folder=str(place.folder)))
    return exit_codes.OK
