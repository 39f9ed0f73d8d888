"""`zhuanjie register restore`: a backup made a register. In: a backup, an empty place. Out: it.

With `-` for the file it is read from stdin, as a program that decrypts it hands it over.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

import click

from zhuanjie.cli import exit_codes, options
from zhuanjie.cli.commands.register.opening import database
from zhuanjie.cli.help import define
from zhuanjie.cli.session import session_of
from zhuanjie.engine.api import OutputError, fail, lacking, missing, shown_name


@define("register.restore")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@database
@options.lang
@click.pass_context
def command(ctx: click.Context, *, file: Path, database: str | None) -> int:
    """Restore a register."""
    if lacking("web"):
        raise missing("web")
    from zhuanjie.web.operations.backup_format import SETTINGS
    from zhuanjie.web.operations.restore import restore_backup
    from zhuanjie.web.operations.verifying import lacking_keys, trail_holds
    from zhuanjie.web.service.place import place_of
    from zhuanjie.web.store.database import RegisterDatabase

    session, place = session_of(ctx), place_of(database)
    place.make()
    register = RegisterDatabase(place.url)
    with ExitStack() as kept:
        kept.callback(register.close)
        given = file if str(file) != "-" else kept.enter_context(_received(place.folder))
        done = restore_backup(given, register, place.folder, check=trail_holds)
        lost = lacking_keys(register, place.folder)
    click.echo(session.say("register.restore.done", made_at=done.manifest.made_at, rows=done.rows,
                           events=done.manifest.events, files=len(done.files)))
    # From wherever it is started.
    own = f"sqlite:///{register.file.resolve()}" if register.file else None
    session.tell(session.say("register.restore.place", url=own or shown_name(place.url),
                             start=own or "…", folder=str(place.folder)))
    if lost:
        session.tell(session.say("register.restore.hint", folder=str(place.folder),
                                 keys=", ".join(lost)))
    if SETTINGS in {entry.name for entry in done.manifest.entries}:
        session.tell(session.say("register.restore.settings", name=SETTINGS))
    return exit_codes.OK


@contextmanager
def _received(folder: Path) -> Iterator[BinaryIO]:
    """What comes by stdin, in a file without a name: nobody finds it, and it ends with the call."""
    with TemporaryFile(dir=folder) as file:
        try:
            shutil.copyfileobj(sys.stdin.buffer, file)
        except OSError as error:
            raise fail(OutputError, "register.backup.unwritable", path=str(folder),
                       reason=error.strerror or "") from None
        file.seek(0)
        yield file
