"""`zhuanjie register init`: a register made. In: where, the first administrator. Out: it, ready."""

from __future__ import annotations

import click

from zhuanjie.cli import exit_codes, options
from zhuanjie.cli.commands.register.opening import database, opened, where
from zhuanjie.cli.help import define, option
from zhuanjie.cli.session import Session, session_of
from zhuanjie.engine.api import Diagnostic

_ADMIN = "admin"


@define("register.init")
@database
@option("--admin", help_key="init-admin", default=_ADMIN, metavar="NAME")
@option("--office", help_key="init-office", metavar="TEXT")
@options.quiet
@options.lang
@click.pass_context
def command(ctx: click.Context, *, database: str | None, admin: str, office: str | None,
            quiet: bool) -> int:
    """Make a register."""
    session = session_of(ctx)
    with opened(database) as register:
        from zhuanjie.web.evidence.keys import private_path

        first = register.access.begin(
            user=admin, title=office or session.say("output.register.init.office"))
        file = register.database.file
        # A file is meant from wherever the next call is made.
        url = f"sqlite:///{file.resolve()}" if file is not None else database
        shown = url if file is not None else register.database.url.render_as_string()
        lines = [session.say("output.register.init.database", url=shown),
                 session.say("output.register.init.folder", path=register.place.folder),
                 session.say("output.register.init.key", path=private_path(register.place.folder))]
        if first is None:
            lines.append(session.say("output.register.init.users"))
        else:
            lines += [session.say("output.register.init.admin", name=first.user.id),
                      session.say("output.register.init.password", password=first.password)]
    for line in lines:
        click.echo(line)
    if database is not None and url is not None:
        _remember(session, url, has_password=register.database.url.password is not None)
    return exit_codes.OK


def _remember(session: Session, database: str, *, has_password: bool) -> None:
    """Write the address into the settings, unless one is there or it holds a secret."""
    from zhuanjie.engine import api
    from zhuanjie.report.files import unwritable

    if api.settings().register.get("database") is not None:
        if where(None) != database:
            session.notice(Diagnostic("register.init.other", {"url": api.shown_name(
                where(None) or "")}))
        return
    if has_password:
        session.notice(Diagnostic("register.init.secret", hint="register.init.secret.hint"))
        return
    try:
        path = api.remember_register(database)
    except OSError as error:
        raise unwritable(api.settings().file or error.filename, error) from error
    session.notice(Diagnostic("register.init.remembered", {"path": str(path)}))
