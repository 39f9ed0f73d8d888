"""`zhuanjie policy lint`: what its author should look at. In: a pack. Out: lints.

The exit code is 1 where there are any. A pack that cannot be used at all is refused
with every mistake in it (exit 2).
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import unified_diff
from typing import TYPE_CHECKING

import click

from zhuanjie.cli import complete, exit_codes, options
from zhuanjie.cli.help import define, option
from zhuanjie.cli.options import Target
from zhuanjie.cli.session import Session, session_of

if TYPE_CHECKING:
    from zhuanjie.engine.api import LintFixes


@define("policy.lint")
@click.argument("pack", metavar="PACK", required=False, shell_complete=complete.packs)
@option("--fix", help_key="lint-fix", is_flag=True)
@option("--diff", help_key="lint-diff", is_flag=True)
@option("--explain", help_key="lint-explain", metavar="ID", shell_complete=complete.lints)
@options.target("policy.lint")
@options.lang
@click.pass_context
def command(ctx: click.Context, *, pack: str | None, fix: bool, diff: bool, explain: str | None,
            target: Target) -> int:
    """Load a pack and say what could be better."""
    from zhuanjie.cli import show
    from zhuanjie.engine import api
    from zhuanjie.report.layouts import lint as layout

    session = session_of(ctx)
    if explain is not None:
        page = api.lint_page(explain)
        view = show.view_of(session, target)
        weight = api.lint_weights().get(page.id, page.weight)
        show.write(layout.explain(page, weight, view), target, view)
        return exit_codes.OK
    if pack is None:
        argument = next(p for p in ctx.command.params if p.name == "pack")
        raise click.MissingParameter(ctx=ctx, param=argument)
    policy = api.load_policy(pack)
    view = show.view_of(session, target, policy)
    if not fix and not diff:
        found = api.lint_report(policy)
    else:
        fixes = api.fix_lints(policy)
        found = fixes.report
        if diff:
            return _differences(session, fixes)
        _write(session, fixes)
    show.write(layout.present(policy, found, view), target, view)
    return exit_codes.FINDINGS if found.lints else exit_codes.OK


def _write(session: Session, fixes: LintFixes) -> None:
    """The files with what was mended."""
    from zhuanjie.cli.files import opened

    for file in fixes.files:
        text = file.written
        with opened(file.path, machine=True) as out:
            out.write(text)
        session.tell(session.say("lint-fix.file", file=str(file.path)))
    if fixes.mended:
        session.tell(session.say("lint-fix.done", count=len(fixes.mended)))


def _differences(session: Session, fixes: LintFixes) -> int:
    """What would be written, as a unified diff; nothing is."""
    for file in fixes.files:
        click.echo("".join(_ended(unified_diff(
            file.before.splitlines(keepends=True), file.after.splitlines(keepends=True),
            str(file.path), str(file.path)))), nl=False)
    session.tell(session.say("lint-fix.would", count=len(fixes.mended)))
    return exit_codes.FINDINGS if fixes.mended or fixes.report.lints else exit_codes.OK


def _ended(lines: Iterable[str]) -> Iterable[str]:
    """Lines that all end: a file's last may not."""
    return (text if text.endswith("\n") else f"{text}\n" for text in lines)
