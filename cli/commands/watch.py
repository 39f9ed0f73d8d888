"""`zhuanjie watch`: a live register. In: events as they come. Out: a line for each change."""

from __future__ import annotations

import errno
import os
import sys
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import Final, TextIO

import click
from msgspec.structs import replace

from zhuanjie.cli import exit_codes, options
from zhuanjie.cli.help import define
from zhuanjie.cli.options import Selection
from zhuanjie.cli.session import session_of
from zhuanjie.engine.api import Place, UsageError, ZhuanjieError, fail
from zhuanjie.report.files import unwritable

_POLL: Final = 0.2  # seconds between looks at a file that is followed


@define("watch")
@click.argument("source", type=options.FILE, default="-", metavar="[SOURCE]")
@options.watch_selection
@options.journal
@options.follow
@options.lang
@click.pass_context
def command(ctx: click.Context, *, source: str, selection: Selection, journal: Path | None,
            follow: bool) -> int:
    """Follow events."""
    from zhuanjie.engine import api

    session = session_of(ctx)
    name = "<stdin>" if source == "-" else source
    refused = 0

    def refuse(error: ZhuanjieError, line: int) -> None:
        nonlocal refused
        refused += 1
        for diagnostic in error.diagnostics:
            place = replace(diagnostic.place, file=name, line=line, snippet=None)
            session.error(replace(diagnostic, place=place))

    policy = selection.load()
    for notice in policy.notices:
        session.notice(notice)
    stdout: TextIO | None = sys.stdout  # none where the caller closed it
    if stdout is None:
        raise unwritable("stdout", OSError(errno.EBADF, os.strerror(errno.EBADF)))
    _refuse_as_journal(source, journal)
    with closing(api.open_events(source, session.notice)) as events:
        watch = api.watch(policy, stdout.fileno(), refuse, as_of=selection.as_of,
                          backend=selection.backend, journal=journal, lang=session.lang,
                          waivers=selection.waivers, notice=session.notice)
        with closing(watch):
            watch.follow(events, name, lambda: follow and _pause())
    return exit_codes.UNUSABLE if refused else exit_codes.OK


def _pause() -> bool:
    time.sleep(_POLL)
    return True


def _refuse_as_journal(source: str, journal: Path | None) -> None:
    """Refuse a journal that is the source itself."""
    if journal is not None and journal.is_file():
        with suppress(OSError):
            if journal.samefile(source):
                raise fail(UsageError, "watch.journal-is-source", Place(str(journal)))
