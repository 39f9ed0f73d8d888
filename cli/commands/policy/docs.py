"""`zhuanjie policy docs`: a pack as a document. In: a pack. Out: Markdown or a web page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from zhuanjie.cli import complete, exit_codes, options
from zhuanjie.cli.help import define
from zhuanjie.cli.options import Target
from zhuanjie.cli.session import session_of

if TYPE_CHECKING:
    from zhuanjie.cli.output.document import Tried
    from zhuanjie.engine.checking.policy import Policy


@define("policy.docs")
@click.argument("pack", metavar="PACK", shell_complete=complete.packs)
@options.target("markdown", "html")
@options.lang
@click.pass_context
def command(ctx: click.Context, pack: str, target: Target) -> int:
    """Write a pack as a document to read."""
    from zhuanjie.cli import output, show
    from zhuanjie.cli.output import html
    from zhuanjie.cli.output.document import Document
    from zhuanjie.engine import api

    policy = api.load_policy(pack)
    view = show.view_of(session_of(ctx), target, policy)
    sections = list(Document(policy, _tried(policy), view).sections())
    with show.result(target) as out:
        if target.format == "html":
            html.render(sections, out, view)
        else:
            output.write_sections(sections, target.format, out, view)
    return exit_codes.OK


def _tried(policy: Policy) -> Tried:
    """The cases and what they cover; a pack without any is a document all the same."""
    from zhuanjie.cli.output.document import Tried
    from zhuanjie.engine.auditing.cases import tasks
    from zhuanjie.engine.author.coverage import coverage
    from zhuanjie.engine.load.pack import load_cases

    by_pack = [tasks(load_cases(pack.folder)) for pack in policy.chain]
    own, manifest = by_pack[-1], policy.chain[-1].manifest
    measured = own and (manifest.scope or any(r.pack == manifest.id for r in policy.rules))
    return Tried([t for each in by_pack for t in each], len(own),
                 coverage(policy) if measured else None)
