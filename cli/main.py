"""The command `zhuanjie`. In: the arguments of a call. Out: results on stdout and an exit code."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import click

from zhuanjie.cli import options, settings, streams
from zhuanjie.cli.boundary import ExitGuard
from zhuanjie.cli.help import ROOT, CommandGroup, option
from zhuanjie.cli.process_list import hide_secrets
from zhuanjie.cli.session import Session, session_for
from zhuanjie.engine.api import UsageError, fail

PROG: Final = "zhuanjie"
COMPLETE_VAR: Final = "_ZHUANJIE_COMPLETE"

COMMANDS: Final = {
    "check": "zhuanjie.cli.commands.check",
    "audit": "zhuanjie.cli.commands.audit",
    "watch": "zhuanjie.cli.commands.watch",
    "destinations": "zhuanjie.cli.commands.destinations",
    "explain": "zhuanjie.cli.commands.explain",
    "deadlines": "zhuanjie.cli.commands.deadlines",
    "compare": "zhuanjie.cli.commands.compare",
    "eval": "zhuanjie.cli.commands.eval",
    "columns": "zhuanjie.cli.commands.columns",
    "fields": "zhuanjie.cli.commands.fields",
    "template": "zhuanjie.cli.commands.template",
    "policy": "zhuanjie.cli.commands.policy",
    "baseline": "zhuanjie.cli.commands.baseline",
    "waivers": "zhuanjie.cli.commands.waivers",
    "serve": "zhuanjie.cli.commands.serve",
    "register": "zhuanjie.cli.commands.register",
    "generate": "zhuanjie.cli.commands.generate",
    "completion": "zhuanjie.cli.commands.completion",
}


def _version(ctx: click.Context, _param: click.Parameter, asked: bool) -> None:
    if asked and not ctx.resilient_parsing:
        from zhuanjie import __version__

        click.echo(f"{PROG} {__version__}")
        ctx.exit()


@click.group(cls=CommandGroup, help_key=ROOT, modules=COMMANDS)
@options.lang
@settings.config
@settings.show_settings
@option("--version", "-V", help_key="version", is_flag=True, is_eager=True, expose_value=False,
        callback=_version)
def group() -> None:
    """The top of the command tree."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one call; returns its exit code."""
    args = list(sys.argv[1:] if argv is None else argv)
    if argv is None:
        streams.prepare()
        hide_secrets(args)
    session = session_for(args)
    with ExitGuard(session) as boundary:
        settings.forget()
        instruction = os.environ.get(COMPLETE_VAR)
        boundary.code = _complete(session, instruction) if instruction else _run(args, session)
    if argv is None:
        gc.freeze()  # what is left ends with the process: nobody need look through it
    return boundary.code


def _run(args: list[str], session: Session) -> int:
    """Parse and invoke. `group.main` is not used: it words and swallows errors on its own."""
    try:
        Path.cwd()
    except OSError:
        raise fail(UsageError, "cli.no-folder", hint="cli.no-folder.hint") from None
    with group.make_context(PROG, args, obj=session) as ctx:
        code: Any = group.invoke(ctx)
    return code or 0


def _complete(session: Session, instruction: str) -> int:
    """Presentation the shell's question for completions (see `zhuanjie completion`)."""
    from click.shell_completion import shell_complete

    return shell_complete(group, {"obj": session}, PROG, COMPLETE_VAR, instruction)
