"""`zhuanjie policy lsp`: packs in an editor. In: its questions on stdin. Out: answers on stdout.

The editor starts it and ends it. Without the extra `lsp` the call is refused (exit 2).
"""

from __future__ import annotations

import os
import sys
from contextlib import redirect_stdout

import click

from zhuanjie.cli import exit_codes, options
from zhuanjie.cli.help import define, option
from zhuanjie.cli.session import session_of


@define("policy.lsp")
@option("--stdio", help_key="lsp-stdio", is_flag=True)
@options.lang
@click.pass_context
def command(ctx: click.Context, *, stdio: bool) -> int:
    """Serve an editor until it says that it is done."""
    from zhuanjie import __version__
    from zhuanjie.engine import api

    if api.lacking("lsp") is not None:
        raise api.missing("lsp")
    from zhuanjie.cli.language_server.server import make

    session = session_of(ctx)
    server = make(__version__, session.lang, lang_asked=session.lang_asked)
    # Streams of its own, which it closes: what is printed by mistake must not reach the editor.
    with (os.fdopen(os.dup(0), "rb") as asked, os.fdopen(os.dup(1), "wb") as answers,
          redirect_stdout(sys.stderr)):
        server.start_io(asked, answers)
    return exit_codes.OK
