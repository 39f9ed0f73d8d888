"""`zhuanjie register users keys`: keys of programs. In: what for, or which. Out: a key, or a list.
"""

from __future__ import annotations

from datetime import timedelta

import click

from zhuanjie.cli import exit_codes, options
from zhuanjie.cli.commands.register.opening import actor, database, opened
from zhuanjie.cli.help import define, option
from zhuanjie.cli.options import Target
from zhuanjie.cli.session import session_of
from zhuanjie.engine.api import UsageError, fail

_DAYS = 90


@define("register.users.keys")
@database
@option("--make", help_key="key-make", metavar="TEXT")
@option("--role", help_key="user-role", metavar="ROLE")
@option("--unit", help_key="user-unit", metavar="UNIT")
@option("--days", help_key="key-days", type=click.IntRange(1, 3660), default=_DAYS,
        metavar="NUMBER")
@option("--revoke", help_key="key-revoke", metavar="ID")
@options.target("register.users.keys")
@options.lang
@click.pass_context
def command(ctx: click.Context, *, database: str | None, make: str | None, role: str | None,
            unit: str | None, days: int, revoke: str | None, target: Target) -> int:
    """List, make and revoke keys of programs."""
    from zhuanjie.cli import show
    from zhuanjie.web.access import layout

    session = session_of(ctx)
    if make is not None and (revoke is not None or role is None):
        raise fail(UsageError, "register.access.key-call")
    with opened(database) as register:
        who = actor()
        if revoke is not None:
            register.access.revoke_key(who, revoke)
            session.tell(session.say("register.access.key-revoked", id=revoke))
            return exit_codes.OK
        if make is not None and role is not None:
            where = unit or register.access.office(
                who, title=session.say("register.access.office"))
            known, key = register.access.make_key(
                who, title=make, role=role, unit=where,
                expires=register.store.now() + timedelta(days=days))
            session.tell(session.say("register.access.key-made", id=known.id,
                                     day=known.expires_at[:10]))
            click.echo(key)
            return exit_codes.OK
        found = register.access.keys(who)
        view = show.view_of(session, target, register.policy())
    show.write(layout.keys(found, view), target, view)
    return exit_codes.OK
