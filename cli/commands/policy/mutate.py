"""`zhuanjie policy mutate`: would the cases notice? In: a pack. Out: faults unnoticed (exit 1)."""

from __future__ import annotations

import os

import click

from zhuanjie.cli import complete, exit_codes, options
from zhuanjie.cli.help import define, option
from zhuanjie.cli.options import Count, Target
from zhuanjie.cli.session import session_of


@define("policy.mutate")
@click.argument("pack", metavar="PACK", shell_complete=complete.packs)
@option("--jobs", "-j", help_key="jobs", type=Count(1), metavar="N")
@options.target("policy.mutate")
@options.lang
@click.pass_context
def command(ctx: click.Context, *, pack: str, jobs: int | None, target: Target) -> int:
    """Try small faults on a pack's rules."""
    from zhuanjie.cli import show
    from zhuanjie.engine import api
    from zhuanjie.report.layouts import mutation as layout

    policy = api.load_policy(pack)
    session_of(ctx).notices(policy.notices)
    api.keep_policies()
    report = api.mutate(policy, jobs or os.cpu_count() or 1)
    view = show.view_of(session_of(ctx), target, policy)
    show.write(layout.present(report, policy.id, view), target, view)
    return exit_codes.FINDINGS if report.survivors else exit_codes.OK
