"""`zhuanjie policy lint`: what its author should look at. In: a pack. Out: lints.

The exit code is 1 where there are any. A pack that cannot be used at all is refused
with every mistake in it (exit 2).
"""

from __future__ import annotations

import click

from zhuanjie.cli import complete, exit_codes, options
from zhuanjie.cli.help import define
from zhuanjie.cli.options import Target
from zhuanjie.cli.session import session_of


@define("policy.lint")
@click.argument("pack", metavar="PACK", shell_complete=complete.packs)
@options.target("policy.lint")
@options.lang
@click.pass_context
def command(ctx: click.Context, pack: str, target: Target) -> int:
    """Load a pack and say what could be better."""
    from zhuanjie.cli import show
    from zhuanjie.engine import api
    from zhuanjie.report.layouts import lint as layout

    policy = api.load_policy(pack)
    lints = api.lint(policy)
    view = show.view_of(session_of(ctx), target, policy)
    show.write(layout.present(policy, lints, view), target, view)
    return exit_codes.FINDINGS if lints else exit_codes.OK
