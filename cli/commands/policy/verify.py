"""`zhuanjie policy verify`: is it consistent? In: a pack. Out: what is proved, what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from zhuanjie.cli import complete, exit_codes, options
from zhuanjie.cli.help import define, option
from zhuanjie.cli.options import Choice, Count, Target
from zhuanjie.cli.session import session_of

if TYPE_CHECKING:
    from zhuanjie.engine.api import Verification

_LEVELS: Final = {"error": ("error",), "warning": ("error", "warning"), "never": ()}
"""`--fail-on` by the severities that fail."""


@define("policy.verify")
@click.argument("pack", metavar="PACK", shell_complete=complete.packs)
@option("--timeout", help_key="timeout", type=Count(1), default=5, metavar="SECONDS")
@option("--fail-on", "level", help_key="fail-on-verify", type=Choice(tuple(_LEVELS)),
        default="warning")
@options.target("policy.verify")
@options.lang
@click.pass_context
def command(ctx: click.Context, *, pack: str, timeout: int, level: str, target: Target) -> int:
    """Prove that a pack is consistent."""
    from zhuanjie.cli import show
    from zhuanjie.engine import api
    from zhuanjie.report.layouts import verification as layout

    policy = api.load_policy(pack)
    found = api.verify(policy, timeout_ms=timeout * 1000)
    view = show.view_of(session_of(ctx), target, policy)
    show.write(layout.present(found, policy, view), target, view)
    return exit_codes.FINDINGS if _fails(found, level) else exit_codes.OK


def _fails(found: Verification, level: str) -> bool:
    return any(s.value in _LEVELS[level] for s in found.severities)
