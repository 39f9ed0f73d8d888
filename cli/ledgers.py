"""What commands on ledgers share. In: options and reports. Out: arguments, notices, the result."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zhuanjie import report as reports
from zhuanjie.cli import exit_codes
from zhuanjie.cli.options import Selection, Target
from zhuanjie.cli.progress import Progress
from zhuanjie.cli.session import Session
from zhuanjie.engine.api import Report, UsageError, fail
from zhuanjie.report.rows import row_notices
from zhuanjie.report.view import View

if TYPE_CHECKING:
    from zhuanjie.engine.api import Policy
    from zhuanjie.report.presentation import Layout, Page


def arguments(selection: Selection, session: Session, policy: Policy) -> dict[str, Any]:
    """What every call of the engine on ledgers takes."""
    return {
        "as_of": selection.day, "roster": selection.roster, "columns": selection.headings(policy),
        "backend": selection.backend, "lang": session.lang, "absent": selection.absent,
        "join": selection.join, "waivers": selection.waivers,
        "table_version": selection.table_version,
    }


def refuse_overwrite(read: Iterable[str | None], output: Path | None, *,
                     force: bool = False) -> None:
    """Refuse to write the result over a file that is being read, in a folder or glob too.

    A file that is no former output of ours is kept as well, unless `force` says otherwise.
    """
    if output is None or not output.is_file():
        return
    from zhuanjie.engine.api import is_read
    from zhuanjie.report.ownership import guard

    if is_read(output, read):
        raise fail(UsageError, "report.is-input", hint="report.hint", path=str(output))
    guard(output, force=force)


def print_notices(session: Session, report: Report, target: Target) -> None:
    """Say on stderr what the format of the result has no room for."""
    has_room = reports.FORMATS[target.format].has_input
    shown = [part.reason for part in report.ledger.skipped] if has_room else []
    session.notices(notice for notice in report.notices if notice not in shown)
    if not has_room:
        for found in report.input:
            session.unreadable(found)
        for notice in row_notices(report, View(session.lang)):
            session.notice(notice)


def publish(session: Session, report: Report, layout: Layout, target: Target, view: View, *,
            fail_on: str, quiet: bool, page: Page | None = None) -> int:
    """Write a report where and as it is wanted; returns the exit code it calls for."""
    from zhuanjie.cli import show

    print_notices(session, report, target)
    with (
        show.result(target) as out,
        Progress(session, quiet=quiet or out.isatty(), doing="writing"),
    ):
        said = reports.write_report(report, layout, target.format, out, view, page)
    session.notices(said)
    return exit_codes.exit_code((*report.input, *report.findings), fail_on)
