"""What commands on ledgers share. In: options and reports. Out: arguments, notices, the result."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from zhuanjie.cli import exit_codes
from zhuanjie.cli.options import Selection, Target
from zhuanjie.cli.progress import Progress
from zhuanjie.cli.session import Session
from zhuanjie.engine.errors import UsageError, fail
from zhuanjie.engine.results import Report

if TYPE_CHECKING:
    from zhuanjie.cli.output import Layout
    from zhuanjie.cli.output.view import View

_FINDINGS_ONLY: Final = ("jsonl", "csv", "ics")
"""Formats that have no room for input findings, which are then said on stderr."""


def arguments(selection: Selection, session: Session) -> dict[str, Any]:
    """What every call of the engine on ledgers takes."""
    return {
        "as_of": selection.day, "roster": selection.roster, "columns": selection.headings(),
        "backend": selection.backend, "lang": session.lang,
    }


def refuse_overwrite(sources: Sequence[str], target: Target) -> None:
    """Refuse to write the result over a file that is being read."""
    path = target.output
    if path is not None and path.is_file():
        for source in sources:
            if "://" not in source and Path(source).is_file() and path.samefile(source):
                raise fail(UsageError, "cli.output.is-input", hint="cli.output.hint",
                           path=str(path))


def say_beside(session: Session, report: Report, target: Target) -> None:
    """Say on stderr what the format of the result has no room for."""
    for notice in report.notices:
        session.notice(notice)
    if target.format in _FINDINGS_ONLY:
        for found in report.input:
            session.unreadable(found)


def publish(session: Session, report: Report, layout: Layout, target: Target, view: View, *,
            fail_on: str, quiet: bool) -> int:
    """Write a report where and as it is wanted; returns the exit code it calls for."""
    from zhuanjie.cli import output, show

    say_beside(session, report, target)
    with (
        show.result(target) as out,
        Progress(session, quiet=quiet or out.isatty(), doing="writing"),
    ):
        output.write_report(report, layout, target.format, out, view)
    return exit_codes.exit_code((*report.input, *report.findings), fail_on)
