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
@option("--check", said="fmt-check", is_flag=True)
@options.lang
@click.pass_context
def command(ctx: click.Context, *, pack: str, check: bool) -> int:
    """Lay out a pack's files."""
    from zhuanjie.cli.files import opened
    from zhuanjie.engine.authoring.editing.layout import formatted, pack_files
    from zhuanjie.engine.core.errors import PolicyError
    from zhuanjie.engine.core.yaml_source import read_source
    from zhuanjie.engine.policy.locate import find_folder

    session = session_of(ctx)
    texts = {path: read_source(path, PolicyError).text for path in pack_files(find_folder(pack))}
    laid = {path: formatted(text, str(path)) for path, text in texts.items()}
    changed = [path for path, text in texts.items()
               if laid[path].encode() != path.read_bytes()]
    for path in changed:
        if not check:
            with opened(path, machine=True) as out:
                out.write(laid[path])
        session.tell(session.say("fmt.would" if check else "fmt.done", file=str(path)))
    if not changed:
        session.tell(session.say("fmt.clean", count=len(texts)))
    return exit_codes.FINDINGS if check and changed else exit_codes.OK
