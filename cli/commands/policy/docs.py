"""`zhuanjie policy docs`: a pack as a document. In: a pack. Out: Markdown or a web page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from zhuanjie.cli import complete, exit_codes, options
from zhuanjie.cli.help import define
from zhuanjie.cli.options import Target
from zhuanjie.cli.session import session_of

if TYPE_CHECKING:
    from zhuanjie.engine.policy.policy import Policy
    from zhuanjie.report.layouts.pack_document import PackCases


@define("policy.docs")
@click.argument("pack", metavar="PACK", shell_complete=complete.packs)
@options.target("markdown", "html")
@options.lang
@click.pass_context
def command(ctx: click.Context, pack: str, target: Target) -> int:
    """Write a pack as a document to read."""
    from zhuanjie.cli import show
    from zhuanjie.engine import api
    from zhuanjie.report import write_sections
    from zhuanjie.report.formats import html
    from zhuanjie.report.layouts.pack_document import PackDocument

    policy = api.load_policy(pack)
    view = show.view_of(session_of(ctx), target, policy)
    sections = list(PackDocument(policy, _tried(policy), view).sections())
    with show.result(target) as out:
        if target.format == "html":
            html.render(sections, out, view)
        else:
            write_sections(sections, target.format, out, view)
    return exit_codes.OK


def _tried(policy: Policy) -> PackCases:
    """The cases and what they cover; a pack without any is a document all the same."""
    from zhuanjie.engine.authoring.coverage.coverage import coverage
    from zhuanjie.engine.authoring.testing.case_runner import case_instances
    from zhuanjie.engine.policy.pack_files import load_cases
    from zhuanjie.report.layouts.pack_document import PackCases

    by_pack = [
        case_instances(load_cases(pack.folder), policy.vocabulary.key) for pack in policy.chain
    ]
    own, manifest = by_pack[-1], policy.chain[-1].manifest
    measured = own and (manifest.scope or any(r.pack == manifest.id for r in policy.rules))
    return PackCases([t for each in by_pack for t in each], len(own),
                 coverage(policy) if measured else None)
