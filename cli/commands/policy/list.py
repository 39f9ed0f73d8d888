"""`zhuanjie policy list`: the packs that come along. In: nothing. Out: a table of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from zhuanjie.cli import exit_codes, options
from zhuanjie.cli.help import define
from zhuanjie.cli.options import Target
from zhuanjie.cli.session import session_of
from zhuanjie.engine.core.results import plain

if TYPE_CHECKING:
    from zhuanjie.engine.policy.model import Manifest
    from zhuanjie.report.view import View


@define("policy.list")
@options.target("table", "json", "markdown")
@options.lang
@click.pass_context
def command(ctx: click.Context, target: Target) -> int:
    """List the packs."""
    from zhuanjie.cli import show
    from zhuanjie.engine import api
    from zhuanjie.report import write_answer
    from zhuanjie.report.section import Section

    packs = [(entry.manifest, entry.path) for entry in api.list_policies()]
    view = show.view_of(session_of(ctx), target)
    data = [
        {"id": m.id, "version": m.version, "title": m.title.model_dump(),
         "in_force": {"from": plain(m.in_force.start), "to": plain(m.in_force.end)},
         "builds_on": m.builds_on, "by_default": m.by_default, "path": str(path)}
        for m, path in packs
    ]
    section = Section(
        headers=[view.say(f"column.{c}") for c in
                 ("pack", "version", "in-force", "builds-on", "title")],
        rows=[(m.id, m.version, _in_force(m, view), m.builds_on or "",
               getattr(m.title, view.lang)) for m, _ in packs],
    )
    with show.result(target) as out:
        write_answer(data, [section], target.format, out, view)
    return exit_codes.OK


def _in_force(pack: Manifest, view: View) -> str:
    """When a pack is in force, and whether it judges then where none is named."""
    period = view.period(pack.in_force.start, pack.in_force.end)
    return f"{period}\n{view.say('policy.stands')}".strip() if pack.by_default else period
