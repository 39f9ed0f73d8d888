"""`zhuanjie register upgrade`: the schema brought up. In: a register. Out: what became of it."""

from __future__ import annotations

import click

from zhuanjie.cli import exit_codes, options
from zhuanjie.cli.commands.register.opening import database
from zhuanjie.cli.help import define, option
from zhuanjie.cli.session import session_of
from zhuanjie.engine.api import lacking, missing


@define("register.upgrade")
@database
@option("--to", help_key="schema-to", metavar="REVISION")
@options.lang
@click.pass_context
def command(ctx: click.Context, *, database: str | None, to: str | None) -> int:
    """Bring the schema up, or to a revision."""
    if lacking("web"):
        raise missing("web")
    from zhuanjie.web.operations.upkeep import bring_up
    from zhuanjie.web.service.place import place_of
    from zhuanjie.web.store.database import RegisterDatabase

    session, place = session_of(ctx), place_of(database)
    place.make()
    register = RegisterDatabase(place.url)
    try:
        done = bring_up(register, place.folder, to=to,
                        saved=lambda path: session.tell(session.say(
                            "register.schema.saved", path=str(path))))
    finally:
        register.close()
    click.echo(session.say("register.schema.changed" if done.changed else "register.schema.stands",
                           before=done.before or "-", after=done.after or "-"))
    return exit_codes.OK
