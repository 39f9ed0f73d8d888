"""`zhuanjie template`: a blank ledger to fill in. In: a pack, or none. Out: a workbook."""

from __future__ import annotations

from pathlib import Path

import click

from zhuanjie.cli import complete, exit_codes, options
from zhuanjie.cli.help import define, option
from zhuanjie.cli.session import session_of
from zhuanjie.engine.api import UsageError, fail


@define("template")
@click.argument("pack", required=False, metavar="[PACK]", shell_complete=complete.packs)
@option("--output", "-o", help_key="template-output", required=True, metavar="FILE",
        type=click.Path(path_type=Path))
@options.force
@option("--all", "every", help_key="template-all", is_flag=True)
@options.lang
@click.pass_context
def command(ctx: click.Context, *, pack: str | None, output: Path, force: bool,
            every: bool) -> int:
    """Write a blank ledger."""
    from zhuanjie.engine import api
    from zhuanjie.report.files import replacing
    from zhuanjie.report.formats import template
    from zhuanjie.report.ownership import guard
    from zhuanjie.report.view import View

    if output.suffix.lower() != ".xlsx":
        raise fail(UsageError, "cli.template.kind", hint="cli.template.kind.hint",
                   path=str(output))
    guard(output, force=force)
    policy = api.load_policy(pack)
    columns = api.template_fields(policy, every=every)
    session = session_of(ctx)
    with replacing(output) as draft:
        template.write(columns, draft, View.of(policy, session.lang))
    session.tell(session.say("template.written", file=str(output), count=len(columns)))
    return exit_codes.OK
