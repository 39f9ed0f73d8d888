"""`zhuanjie policy fmt`: the layout of a pack's files. In: a pack. Out: files, evenly indented.

With `--check` nothing is written, and the exit code is 1 where something would be.
"""

from __future__ import annotations

import click

from zhuanjie.cli import complete, exit_codes, options
from zhuanjie.cli.help import define, option
from zhuanjie.cli.session import session_of


@define("policy.fmt")
@click.argument("pack", metavar="PACK", shell_complete=complete.packs)
@option("--check", help_key="fmt-check", is_flag=True)
@options.lang
@click.pass_context
def command(ctx: click.Context, *, pack: str, check: bool) -> int:
    """Lay out a pack's files."""
    from zhuanjie.cli.files import opened
    from zhuanjie.engine import api

    session = session_of(ctx)
    files = api.format_pack(pack)
    changed = [file for file in files if file.changed]
    for file in changed:
        if not check:
            with opened(file.path, machine=True) as out:
                out.write(file.text)
        session.tell(session.say("fmt.would" if check else "fmt.done", file=str(file.path)))
    if not changed:
        session.tell(session.say("fmt.clean", count=len(files)))
    return exit_codes.FINDINGS if check and changed else exit_codes.OK
