"""`zhuanjie register calendars`: deadlines subscribed to. In: whose, of what. Out: an address."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from zhuanjie.cli import exit_codes, options
from zhuanjie.cli.commands.register.opening import actor, database, opened
from zhuanjie.cli.help import define, option
from zhuanjie.cli.options import Target
from zhuanjie.cli.session import Session, session_of
from zhuanjie.engine.api import UsageError, fail

if TYPE_CHECKING:
    from zhuanjie.web.service.register import Register


@define("register.calendars")
@database
@option("--owner", help_key="calendars-owner", metavar="USER")
@option("--unit", help_key="calendars-unit", metavar="UNIT")
@option("--named", help_key="calendars-named", is_flag=True)
@option("--revoke", help_key="calendars-revoke", metavar="ID")
@options.target("register.calendars")
@options.lang
@click.pass_context
def command(ctx: click.Context, *, database: str | None, owner: str | None, unit: str | None,
            named: bool, revoke: str | None, target: Target) -> int:
    """List subscriptions to deadlines, make one, or end one."""
    if (owner is None and (unit is not None or named)) or None not in {owner, revoke}:
        raise fail(UsageError, "register.calendars.usage", hint="register.calendars.usage.hint")
    session = session_of(ctx)
    with opened(database) as register:
        if owner is not None:
            _subscribe(register, session, owner, unit, named=named)
            return exit_codes.OK
        if revoke is not None:
            from zhuanjie.web.reminders.calendar import revoke as end

            with register.store.change(actor()) as work:
                end(work, revoke, register.store.now())
            session.tell(session.say("register.calendars.revoked", id=revoke))
            return exit_codes.OK
        return _show(session, register, target)


def _subscribe(register: Register, session: Session, owner: str, unit: str | None, *,
               named: bool) -> None:
    from zhuanjie.web.access.units import need_unit
    from zhuanjie.web.access.users import need_user
    from zhuanjie.web.reminders.calendar import subscribe
    from zhuanjie.web.reminders.routes import PATH
    from zhuanjie.web.reminders.settings import reminder_settings
    from zhuanjie.web.store.event import Actor

    with register.store.change(actor()) as work:
        user = need_user(work.conn, owner)
        of = need_unit(work.conn, unit or user.unit).id
        may = Actor(user.id, user.role, user.unit)
        # The address shows what its owner may see, and nothing to one who may see nothing.
        if user.disabled or not all(register.guard.may(work.conn, may, permission, of)
                                    for permission in ("calendars", "read")):
            raise fail(UsageError, "register.calendars.owner", id=owner, unit=of)
        token = subscribe(work, of, owner, session.lang, named=named, now=register.store.now())
    session.tell(session.say("register.calendars.made", unit=of, id=token.partition(".")[0]))
    click.echo(reminder_settings().address.rstrip("/") + PATH.replace("{token}", token))


def _show(session: Session, register: Register, target: Target) -> int:
    from zhuanjie.cli import show
    from zhuanjie.web.reminders import layout
    from zhuanjie.web.reminders.calendar import subscriptions

    with register.database.reading() as conn:
        found = subscriptions(conn)
    view = show.view_of(session, target)
    show.write(layout.subscribed(found, view), target, view)
    return exit_codes.OK
