"""`zhuanjie policy show`: what a pack says. In: a pack, perhaps a clause. Out: all of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from zhuanjie.cli import complete, exit_codes, options
from zhuanjie.cli.help import define
from zhuanjie.cli.options import Target
from zhuanjie.cli.session import session_of
from zhuanjie.engine.core.errors import UsageError, fail

if TYPE_CHECKING:
    from zhuanjie.engine.policy.policy import Policy, TypedRule


@define("policy.show")
@click.argument("pack", metavar="PACK", shell_complete=complete.packs)
@click.argument("part", required=False, metavar="[RULE|CLAUSE]", shell_complete=complete.clauses)
@options.target("table", "json", "markdown")
@options.lang
@click.pass_context
def command(ctx: click.Context, pack: str, part: str | None, target: Target) -> int:
    """Show a pack, or the rules of one clause."""
    from zhuanjie.cli import show
    from zhuanjie.engine import api
    from zhuanjie.report import write_answer
    from zhuanjie.report.layouts import policy as layout

    policy = api.load_policy(pack)
    rules = [r for r in policy.rules if part in (None, r.id, *r.clauses)]
    if not rules:
        raise fail(UsageError, "cli.show.part", hint="cli.show.part.hint", part=part,
                   pack=policy.id, clauses=", ".join(dict.fromkeys(r.clause for r in policy.rules)))
    view = show.view_of(session_of(ctx), target, policy)
    sections = [layout.rule(r, view) for r in rules]
    if part is None:
        sections = [*layout.identity(policy, view), *sections]
    with show.result(target) as out:
        write_answer(_plain(policy, rules, part), sections, target.format, out, view)
    return exit_codes.OK


def _plain(policy: Policy, rules: Sequence[TypedRule], part: str | None) -> dict[str, Any]:
    """The pack as its files have it, with its digest."""
    from zhuanjie.report import json_shape as shape
    from zhuanjie.report.layouts.overlay import plain_change

    told: dict[str, Any] = {"mode": "json", "by_alias": True, "exclude_none": True}
    listed = [{**r.rule.model_dump(**told), "written_in": r.pack,
               "history": [plain_change(c) for c in r.history]} for r in rules]
    if part is not None:
        return {"policy": shape.policy(policy.ref),
                "rules": listed}
    return {"policy": {**policy.manifest.model_dump(**told), "sha256": policy.sha256},
            "changes": [plain_change(c) for c in policy.changes], "rules": listed}
