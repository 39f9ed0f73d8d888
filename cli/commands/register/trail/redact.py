"""`zhuanjie register trail redact`: in: an event or a case. Out: what was erased of it.

Without `--yes` it is only shown what would be: what is erased is gone for good.
"""

from __future__ import annotations

from collections.abc import Sequence

import click

from zhuanjie.cli import exit_codes, options
from zhuanjie.cli.commands.register.opening import actor, database, opened
from zhuanjie.cli.help import define, option
from zhuanjie.cli.options import Target
from zhuanjie.cli.session import session_of
from zhuanjie.engine.api import UsageError, fail


@define("register.trail.redact")
@database
@option("--event", help_key="redact-event", type=options.Count(1), metavar="EVENT")
@option("--case", help_key="redact-case", metavar="CASE")
@option("--field", "fields", help_key="redact-field", multiple=True, metavar="FIELD")
@option("--reason", help_key="redact-reason", metavar="TEXT")
@option("--yes", help_key="redact-yes", is_flag=True)
@options.target("register.trail.redact")
@options.lang
@click.pass_context
def command(ctx: click.Context, *, database: str | None, event: int | None, case: str | None,
            fields: Sequence[str], reason: str | None, yes: bool, target: Target) -> int:
    """Erase what an event, or all events of a case, held."""
    from zhuanjie.cli import show
    from zhuanjie.web.evidence import layout
    from zhuanjie.web.evidence.redaction import redact

    if (event is None) is (case is None):
        raise fail(UsageError, "register.trail.redact-what",
                   hint="register.trail.redact-what.hint")
    if not reason or not reason.strip():
        raise fail(UsageError, "register.trail.redact-reason",
                   hint="register.trail.redact-reason.hint")
    view = show.view_of(session_of(ctx), target)
    with opened(database) as register:
        done = redact(register.store, actor(), event=event, case=case,
                      fields=fields or None, reason=reason, only_show=not yes)
    show.write(layout.erased(done, view, is_done=yes), target, view)
    return exit_codes.OK
