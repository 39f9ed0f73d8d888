"""Where a command's result meets its form. In: target, session, pack. Out: a stream and a view."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, TextIO

from zhuanjie import report
from zhuanjie.cli.files import opened
from zhuanjie.cli.options import Target
from zhuanjie.cli.session import Session, use_colour
from zhuanjie.report.ownership import guard, last_line
from zhuanjie.report.view import WIDTH, View

if TYPE_CHECKING:
    from zhuanjie.engine.api import Policy

_NARROWEST: Final = 60


def view_of(session: Session, target: Target, policy: Policy | None = None, *,
            all_outcomes: bool = False, with_values: bool = False) -> View:
    """The view for a target: a terminal's width and colours, or a file's lack of them."""
    to_stdout = target.output is None
    width = shutil.get_terminal_size((WIDTH, 24)).columns if to_stdout else WIDTH
    return View.of(policy, session.lang, all_outcomes=all_outcomes, width=max(width, _NARROWEST),
                   colour=to_stdout and use_colour(sys.stdout), with_values=with_values)


@contextmanager
def result(target: Target) -> Iterator[TextIO]:
    """The stream a target names, in the encoding its format asks for."""
    form = report.FORMATS[target.format]
    guard(target.output, force=target.force)
    with opened(target.output, machine=form.machine, bom=form.bom,
                private=target.private) as out:
        yield out
        if target.output is not None:
            out.write(last_line(target.format))


def write(shown: report.Presentation, target: Target, view: View) -> None:
    """Write a result where and as it is wanted."""
    with result(target) as out:
        report.write(shown, target.format, out, view)
