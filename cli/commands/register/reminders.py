"""`zhuanjie register reminders`: who is told. In: a register, readers. Out: lists, counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from zhuanjie.cli import exit_codes, options
from zhuanjie.cli.commands.register.opening import actor, database, opened
from zhuanjie.cli.help import define, option
from zhuanjie.cli.options import Target
from zhuanjie.cli.session import session_of
from zhuanjie.engine.api import UsageError, fail

if TYPE_CHECKING:
    from zhuanjie.web.service.register import Register

_ALL = "all"


@define("register.reminders")
@database
@option("--unit", help_key="reminders-unit", metavar="UNIT")
@option("--mail", help_key="reminders-mail", metavar="ADDRESS")
@option("--webhook", help_key="reminders-webhook", metavar="NAME")
@option("--remove", help_key="reminders-remove", metavar="ID")
@option("--retry", help_key="reminders-retry", is_flag=True)
@options.target("register.reminders")
@options.lang
@click.pass_context
def command(ctx: click.Context, *, database: str | None, unit: str | None, mail: str | None,
            webhook: str | None, remove: str | None, retry: bool, target: Target) -> int:
    """List who is told; add a reader, or remove one."""
    adds = mail is not None or webhook is not None
    if (adds and (unit is None or (mail is not None and webhook is not None))) \
            or (unit is not None and not adds) or (adds and remove is not None):
        raise fail(UsageError, "register.reminders.usage", hint="register.reminders.usage.hint")
    with opened(database) as register:
        lang = session_of(ctx).lang
        if unit is not None:
            _add(register, unit, "mail" if mail is not None else "webhook",
                 mail or webhook or "", lang)
        if remove is not None:
            _remove(register, remove)
        return _show(ctx, register, target, retry=retry)


def _add(register: Register, unit: str, channel: str, to: str, lang: str) -> None:
    from zhuanjie.web.access.units import need_unit
    from zhuanjie.web.reminders.projection import added
    from zhuanjie.web.store.database import EVERYTHING

    with register.store.change(actor()) as work:
        if unit != _ALL:
            need_unit(work.conn, unit)
        work.record(added(EVERYTHING if unit == _ALL else unit, channel, to, lang,
                          register.settings.reminders(work.conn)))


def _remove(register: Register, id: str) -> None:
    from zhuanjie.web.reminders.projection import removed

    with register.store.change(actor()) as work:
        work.record(removed(work.conn, id))


def _show(ctx: click.Context, register: Register, target: Target, *, retry: bool) -> int:
    from zhuanjie.cli import show
    from zhuanjie.web.reminders import layout, outbox
    from zhuanjie.web.reminders.projection import reminder_lists

    if retry:
        with register.database.writing() as conn:
            outbox.retry(conn, register.store.now())
    with register.database.reading() as conn:
        lists, counts, failed = reminder_lists(conn), outbox.counts(conn), outbox.faults(conn)
    view = show.view_of(session_of(ctx), target)
    show.write(layout.listed(lists, counts, failed, view), target, view)
    return exit_codes.FINDINGS if counts[outbox.FAILED] else exit_codes.OK
