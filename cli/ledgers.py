"""What commands on ledgers share. In: options and reports. Out: arguments, notices, the result."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from zhuanjie.cli import exit_codes
from zhuanjie.cli.options import Selection, Target
from zhuanjie.cli.progress import Progress
from zhuanjie.cli.session import Session
from zhuanjie.engine.core.errors import InputError, UsageError, fail
from zhuanjie.engine.core.results import Report

if TYPE_CHECKING:
    from zhuanjie.engine.policy.policy import Policy
    from zhuanjie.report import Layout
    from zhuanjie.report.view import View

_FINDINGS_ONLY: Final = ("jsonl", "csv", "ics")
"""Formats that have no room for input findings, which are then said on stderr."""


def arguments(selection: Selection, session: Session, policy: Policy) -> dict[str, Any]:
    """What every call of the engine on ledgers takes."""
    return {
        "as_of": selection.day, "roster": selection.roster, "columns": selection.headings(policy),
        "backend": selection.backend, "lang": session.lang,
    }


def refuse_overwrite(read: Iterable[str | None], output: Path | None) -> None:
    """Refuse to write the result over a file that is being read, in a folder or glob too."""
    if output is None or not output.is_file():
        return
    from zhuanjie.engine.ledger.sources import files_meant

    for source in filter(None, read):
        # What cannot be found is for the reader to say.
        with suppress(InputError, OSError):
            if source == "-" or "://" in source:
                continue
            if any(output.samefile(path) for path in files_meant(source)):
                raise fail(UsageError, "report.is-input", hint="report.hint",
                           path=str(output))


def print_notices(session: Session, report: Report, target: Target) -> None:
    """Say on stderr what the format of the result has no room for."""
    session.notices(report.notices)
    if target.format in _FINDINGS_ONLY:
        for found in report.input:
            session.unreadable(found)


def publish(session: Session, report: Report, layout: Layout, target: Target, view: View, *,
            fail_on: str, quiet: bool) -> int:
    """Write a report where and as it is wanted; returns the exit code it calls for."""
    from zhuanjie.cli import show
    from zhuanjie.report import write_report

    print_notices(session, report, target)
    with (
        show.result(target) as out,
        Progress(session, quiet=quiet or out.isatty(), doing="writing"),
    ):
        write_report(report, layout, target.format, out, view)
    return exit_codes.exit_code((*report.input, *report.findings), fail_on)
