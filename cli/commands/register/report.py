"""`zhuanjie register report`: figures of a day, to be kept. In: a register. Out: a file."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import click

from zhuanjie import report as reports
from zhuanjie.cli import exit_codes, options, show
from zhuanjie.cli.commands.register.opening import actor, database, opened
from zhuanjie.cli.help import define, option
from zhuanjie.cli.options import Target
from zhuanjie.cli.session import session_of
from zhuanjie.engine.api import Lang, UsageError, fail

if TYPE_CHECKING:
    from zhuanjie.web.reports.report import BoardReport
    from zhuanjie.web.service.register import Register

NAME = "register.report"


@define(NAME)
@database
@option("--unit", help_key="report-unit", metavar="UNIT")
@options.as_of
@options.target(NAME)
@options.lang
@click.pass_context
def command(ctx: click.Context, *, database: str | None, unit: str | None, as_of: date | None,
            target: Target) -> int:
    """Write the report on a unit, with those below it."""
    if reports.FORMATS[target.format].needs_file and target.output is None:
        raise fail(UsageError, "cli.usage.parquet-output", hint="cli.usage.parquet-output.hint",
                   form=target.format)
    session = session_of(ctx)
    with opened(database) as register:
        made = _report(register, unit or "", as_of or register.day(), session.lang)
        if target.format == "json":
            from zhuanjie.web.reports.report import plain

            with show.result(target) as out:
                reports.write_data(plain(made), out)
        else:
            _to_file(register, made, target, session.lang)
    return exit_codes.OK


def _report(register: Register, unit: str, day: date, lang: Lang) -> BoardReport:
    """The report; what it counts is judged first, as of that day."""
    from zhuanjie.web.reports.report import monthly
    from zhuanjie.web.service.board import work_out

    if day < register.day():
        work_out(register, actor(), day)
    else:
        register.judging.refresh(register.store)
    made = monthly(register, actor(), unit, day, lang).report
    assert made is not None  # the day is worked out
    return made


def _to_file(register: Register, made: BoardReport, target: Target, lang: Lang) -> None:
    from zhuanjie.report.files import replacing
    from zhuanjie.report.ownership import guard
    from zhuanjie.web.reports.files import pdf, workbook

    assert target.output is not None
    content = pdf(made, lang, register.letters.press) if target.format == "pdf" \
        else workbook(made, lang)
    guard(target.output, force=target.force)
    with replacing(target.output) as draft:
        draft.write_bytes(content)
