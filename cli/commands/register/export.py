"""`zhuanjie register export`: what leaves the register. In: a register, a day. Out: files."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from zhuanjie import report as reports
from zhuanjie.cli import exit_codes, options
from zhuanjie.cli.commands.register.opening import actor, database, opened
from zhuanjie.cli.help import define, option
from zhuanjie.cli.options import Target
from zhuanjie.cli.session import Session, session_of
from zhuanjie.engine.api import Diagnostic, UsageError, fail

if TYPE_CHECKING:
    from zhuanjie.web.service.register import Register
    from zhuanjie.web.transfer.export import ExportTable

NAME = "register.export"


@define(NAME)
@database
@option("--lists", "lists", help_key="export-lists", is_flag=True)
@option("--list", "only", help_key="export-list", multiple=True, metavar="NAME")
@option("--unit", "units", help_key="export-unit", multiple=True, metavar="UNIT")
@option("--full", help_key="export-full", is_flag=True)
@options.as_of
@options.target(NAME)
@options.quiet
@options.lang
@click.pass_context
def command(ctx: click.Context, *, database: str | None, lists: bool, only: Sequence[str],
            units: Sequence[str], full: bool, as_of: date | None, target: Target,
            quiet: bool) -> int:
    """Write the register's records to a file."""
    session, output = session_of(ctx), target.output
    needs_file = reports.FORMATS[target.format].needs_file
    if needs_file and output is None:
        raise fail(UsageError, "cli.usage.parquet-output", hint="cli.usage.parquet-output.hint",
                   form=target.format)
    lists = lists or bool(only)
    if lists and target.format != "xlsx":
        raise fail(UsageError, "register.export.lists-form",
                   hint="register.export.lists-form.hint", form=target.format)
    with opened(database) as register:
        table = _table(register, session, as_of, units, full=full)
        if output is None:
            _to_stdout(table, target, session)
        elif lists:
            _lists(register, table, output, session, as_of, only, force=target.force)
        else:
            _to_file(table, target, output, session)
    return exit_codes.OK


def _table(register: Register, session: Session, day: date | None, units: Sequence[str], *,
           full: bool) -> ExportTable:
    """What is to leave; that it does is kept first."""
    from zhuanjie.engine.api import office_zone
    from zhuanjie.web.transfer.export import export_table
    from zhuanjie.web.transfer.reads import note_export

    with register.store.reading(actor()) as conn:
        table = export_table(conn, register.vocabulary, day=day, zone=office_zone(),
                             scope=tuple(units) or "*", full=full)
    note_export(register.store, actor(), table, units)
    if table.is_masked:
        session.notice(Diagnostic("register.export.masked", hint="register.export.masked.hint"))
    return table


def _to_stdout(table: ExportTable, target: Target, session: Session) -> None:
    from zhuanjie.cli import show
    from zhuanjie.web.transfer.export import csv_lines, json_lines

    with show.result(target) as out:
        out.writelines((csv_lines if target.format == "csv" else json_lines)(table, session.lang))


def _to_file(table: ExportTable, target: Target, output: Path, session: Session) -> None:
    from zhuanjie.report.files import replacing
    from zhuanjie.report.ownership import guard
    from zhuanjie.web.transfer.export import write_parquet
    from zhuanjie.web.transfer.workbook import write_table

    if target.format in ("csv", "jsonl"):
        _to_stdout(table, target, session)
        return
    guard(output, force=target.force)
    with replacing(output, private=True) as draft:
        (write_parquet if target.format == "parquet" else write_table)(table, draft, session.lang)


def _lists(register: Register, table: ExportTable, output: Path, session: Session,
           as_of: date | None, only: Sequence[str], *, force: bool) -> None:
    from zhuanjie.engine.api import register_acts
    from zhuanjie.report.files import replacing
    from zhuanjie.report.ownership import guard
    from zhuanjie.web.transfer.lists import listed
    from zhuanjie.web.transfer.workbook import Cover, write_lists

    day = as_of or register.day()
    policy = register.policy(day)
    lists = listed(table, register_acts(policy), day, session.lang, only)
    cover = Cover(session.say("output.register.export.title"), day,
                  f"{policy.id} {policy.version} {policy.sha256[:12]}",
                  register.trail.line(register.store))
    guard(output, force=force)
    with replacing(output, private=True) as draft:
        write_lists(table, lists, cover, draft, session.lang)
    for title, records in lists.items():
        session.tell(session.say("output.register.export.told", title=title, count=len(records)))
