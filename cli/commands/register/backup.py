"""`zhuanjie register backup`: a register saved while it runs. In: a register. Out: one file."""

from __future__ import annotations

from pathlib import Path

import click

from zhuanjie.cli import exit_codes, options
from zhuanjie.cli.commands.register.opening import database
from zhuanjie.cli.help import define, option
from zhuanjie.cli.session import session_of
from zhuanjie.engine.api import lacking, missing


@define("register.backup")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@database
@option("--keys", help_key="backup-keys", is_flag=True)
@options.lang
@click.pass_context
def command(ctx: click.Context, *, file: Path, database: str | None, keys: bool) -> int:
    """Save a register."""
    if lacking("web"):
        raise missing("web")
    from zhuanjie.engine import api
    from zhuanjie.web.operations.backup import write_backup
    from zhuanjie.web.service.place import place_of
    from zhuanjie.web.store.database import RegisterDatabase

    session, place = session_of(ctx), place_of(database)
    register = RegisterDatabase(place.url)
    try:
        made = write_backup(register, file, folder=place.folder, settings=api.settings_file(),
                            keys=keys)
    finally:
        register.close()
    click.echo(session.say("register.backup.done", path=str(file), bytes=made.size,
                           events=made.manifest.events,
                           files=len(made.manifest.names("files/"))))
    session.tell(session.say("register.backup.with-keys" if keys
                             else "register.backup.without-keys"))
    return exit_codes.OK
