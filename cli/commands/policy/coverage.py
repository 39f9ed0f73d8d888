"""`zhuanjie policy coverage`: what cases try. In: a pack. Out: what they do not; exit 1 if little.

`--fail-under` sets how little; without it any score is reported and passes.
"""

from __future__ import annotations

from typing import Any

import click

from zhuanjie.cli import complete, exit_codes, options
from zhuanjie.cli.help import define, option
from zhuanjie.cli.options import Target
from zhuanjie.cli.session import session_of
from zhuanjie.engine.api import UsageError, fail


class Percent(click.ParamType[float]):
    """A number from 0 to 100."""

    name = "percent"

    def convert(self, value: Any, param: click.Parameter | None,
                ctx: click.Context | None) -> float:
        """The share that `value` writes."""
        try:
            number = float(str(value).removesuffix("%"))
        except ValueError:
            number = -1.0
        if not 0 <= number <= 100:
            raise fail(UsageError, "author.percent", hint="author.percent.hint", value=value)
        return number


@define("policy.coverage")
@click.argument("pack", metavar="PACK", shell_complete=complete.packs)
@option("--fail-under", help_key="fail-under", type=Percent(), metavar="PERCENT")
@option("--diff", "base", help_key="diff-base", metavar="BASE")
@options.target("policy.coverage")
@options.lang
@click.pass_context
def command(ctx: click.Context, *, pack: str, fail_under: float | None, base: str | None,
            target: Target) -> int:
    """Measure what a pack's cases try."""
    from zhuanjie.cli import show
    from zhuanjie.engine import api
    from zhuanjie.report.layouts import coverage as layout

    policy = api.load_policy(pack)
    session_of(ctx).notices(policy.notices)
    found = api.coverage(policy, base)
    view = show.view_of(session_of(ctx), target, policy)
    title = policy.id if base is None else f"{base} → {policy.id}"
    show.write(layout.present(found, policy, title, view), target, view)
    short = fail_under is not None and found.score * 100 < fail_under
    return exit_codes.FINDINGS if short else exit_codes.OK
