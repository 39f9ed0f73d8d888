"""`zhuanjie register backup`: a register saved while it runs. In: a register. Out: one file.

With `-` for the file it goes to stdout, for a program that encrypts it: no form of our own, which
this program alone could read, and no copy on the disk that is not encrypted.
"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from zhuanjie.cli import exit_codes, options
from zhuanjie.cli.commands.register.opening import database
from zhuanjie.cli.help import define, option
from zhuanjie.cli.session import session_of
from zhuanjie.engine.api import UsageError, fail, lacking, missing


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
    from zhuanjie.web.operations.backup import stream_backup, write_backup
    from zhuanjie.web.service.place import place_of
    from zhuanjie.web.store.database import RegisterDatabase

    session, place = session_of(ctx), place_of(database)
    to_pipe = str(file) == "-"
    if to_pipe and sys.stdout.isatty():
        raise fail(UsageError, "register.backup.terminal")
    register = RegisterDatabase(place.url)
    try:
        if to_pipe:
            manifest, size = stream_backup(
                register, sys.stdout.buffer, folder=place.folder, settings=api.settings_file(),
                keys=keys), None
        else:
            made = write_backup(register, file, folder=place.folder,
                                settings=api.settings_file(), keys=keys)
            manifest, size = made.manifest, made.size
    finally:
        register.close()
    files = len(manifest.names("files/"))
    if size is None:
        session.tell(session.say("register.backup.piped", events=manifest.events, files=files))
    else:
        click.echo(session.say("register.backup.done", path=str(file), bytes=size,
                               events=manifest.events, files=files))
    session.tell(session.say("register.backup.with-keys" if keys
                             else "register.backup.without-keys"))
    return exit_codes.OK
