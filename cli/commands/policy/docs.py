"""`zhuanjie policy docs`: a pack as a document. In: a pack. Out: Markdown or a web page."""

from __future__ import annotations

import click

from zhuanjie.cli import complete, exit_codes, options
from zhuanjie.cli.help import define
from zhuanjie.cli.options import Target
from zhuanjie.cli.session import session_of


@define("policy.docs")
@click.argument("pack", metavar="PACK", shell_complete=complete.packs)
@options.target("policy.docs")
@options.lang
@click.pass_context
def command(ctx: click.Context, pack: str, target: Target) -> int:
    """Write a pack as a document to read."""
    from zhuanjie.cli import show
    from zhuanjie.engine import api
    from zhuanjie.report.layouts import pack_document as layout

    policy = api.load_policy(pack)
    view = show.view_of(session_of(ctx), target, policy)
    show.write(layout.present(policy, api.pack_cases(policy), view), target, view)
    return exit_codes.OK
