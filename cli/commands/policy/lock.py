"""`zhuanjie policy lock`: what a pack was checked against. In: a pack. Out: a lock file beside it.

With `--check` nothing is written: the exit code is 1 where a base is another than the lock says.
"""

from __future__ import annotations

import click

from zhuanjie.cli import complete, exit_codes, options
from zhuanjie.cli.help import define, option
from zhuanjie.cli.options import Target
from zhuanjie.cli.session import session_of


@define("policy.lock")
@click.argument("pack", metavar="PACK", shell_complete=complete.packs)
@option("--check", "only_check", help_key="lock-check", is_flag=True)
@options.target("policy.lock")
@options.lang
@click.pass_context
def command(ctx: click.Context, *, pack: str, only_check: bool, target: Target) -> int:
    """Write the lock of a pack, or compare it with what there is."""
    from zhuanjie.cli import show
    from zhuanjie.cli.files import opened
    from zhuanjie.engine import api
    from zhuanjie.report.layouts import lock as layout
    from zhuanjie.report.ownership import guard

    policy = api.load_policy(pack)
    view = show.view_of(session_of(ctx), target, policy)
    changed = api.lock_changes(policy, needed=only_check)
    if not only_check and api.locked_bases(policy):
        path = api.lock_path(policy)
        guard(path, force=target.force)
        with opened(path, machine=True) as out:
            out.write(api.lock_text(policy))
    show.write(layout.present(policy, changed, view, only_check=only_check), target, view)
    return exit_codes.FINDINGS if only_check and changed else exit_codes.OK
