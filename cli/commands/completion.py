"""`zhuanjie completion`: completion for a shell. In: the shell's name. Out: its script."""

from __future__ import annotations

import click

from zhuanjie.cli import exit_codes, options
from zhuanjie.cli.help import define


@define("completion")
@click.argument("shell", type=options.Choice(("bash", "zsh", "fish")), metavar="bash|zsh|fish")
@options.lang
@click.pass_context
def command(ctx: click.Context, shell: str) -> int:
    """Print the script a shell reads to complete our words."""
    from click.shell_completion import get_completion_class

    from zhuanjie.cli.files import opened

    top = ctx.find_root()
    kind = get_completion_class(shell)
    assert kind is not None
    name = str(top.info_name)
    # Not `source()`: bash would be run to ask its version, and the script suits any since 4.4.
    complete = kind(top.command, {}, name, f"_{name.upper()}_COMPLETE")
    with opened(None, machine=True) as out:
        out.write(complete.source_template % complete.source_vars())
    return exit_codes.OK
