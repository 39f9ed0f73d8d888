"""`zhuanjie policy verify`: is it consistent? In: a pack. Out: what is proved, what is wrong."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

import click

from zhuanjie.cli import complete, exit_codes, options
from zhuanjie.cli.help import define, option
from zhuanjie.cli.options import Choice, Count, Target
from zhuanjie.cli.progress import Progress
from zhuanjie.cli.session import session_of

if TYPE_CHECKING:
    from zhuanjie.engine.api import Verification

_LEVELS: Final = {"error": ("error",), "warning": ("error", "warning"), "never": ()}
"""`--fail-on` by the severities that fail."""


@define("policy.verify")
@click.argument("pack", metavar="PACK", shell_complete=complete.packs)
@option("--timeout", help_key="timeout", type=Count(1), default=5, metavar="SECONDS")
@option("--budget", help_key="budget", type=Count(1), metavar="SECONDS")
@option("--jobs", "-j", help_key="jobs", type=Count(1), metavar="N")
@option("--fail-on", "level", help_key="fail-on-verify", type=Choice(tuple(_LEVELS)),
        default="warning")
@options.target("policy.verify")
@options.lang
@click.pass_context
def command(ctx: click.Context, *, pack: str, timeout: int, budget: int | None,
            jobs: int | None, level: str, target: Target) -> int:
    """Prove that a pack is consistent."""
    from zhuanjie.cli import show
    from zhuanjie.engine import api
    from zhuanjie.report.layouts import verification as layout

    policy = api.load_policy(pack)
    session = session_of(ctx)
    session.notices(policy.notices)
    api.keep_policies()
    with Progress(session, quiet=session.quiet, doing="proving") as progress:
        found = api.verify(policy, timeout_ms=timeout * 1000, budget=budget, partial=True,
                           jobs=jobs or os.cpu_count() or 1, progress=progress)
    view = show.view_of(session, target, policy)
    show.write(layout.present(found, policy, view), target, view)
    if found.interrupted:
        session.tell(session.say("cli.interrupted"))
        return exit_codes.INTERRUPTED
    # What was not verified is no pass, whatever findings would fail.
    return exit_codes.FINDINGS if found.left or _fails(found, level) else exit_codes.OK


def _fails(found: Verification, level: str) -> bool:
    return any(s.value in _LEVELS[level] for s in found.severities)
