"""`zhuanjie watch`: a live register. In: events as they come. Out: a line for each change."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, Final

import click

from zhuanjie.cli import exit_codes, options
from zhuanjie.cli.help import define
from zhuanjie.cli.options import Selection
from zhuanjie.cli.session import session_of
from zhuanjie.engine.errors import Place, ZhuanjieError

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
            session.error(replace(diagnostic, place=Place(name, line=line)))

    policy = selection.load()
    for notice in policy.notices:
        session.notice(notice)
    with _source(source) as events:
        watch = api.watch(policy, sys.stdout.fileno(), refuse, as_of=selection.as_of,
                          backend=selection.backend, journal=journal, lang=session.lang)
        watch.follow(events, name, lambda: follow and _pause())
    return exit_codes.UNUSABLE if refused else exit_codes.OK


def _pause() -> bool:
    time.sleep(_POLL)
    return True


def _source(source: str) -> BinaryIO:
    from zhuanjie.engine.records.single import standard_input, unreadable

    if source == "-":
        return standard_input()
    try:
        return Path(source).open("rb")
    except OSError as error:
        raise unreadable(error, source) from None
