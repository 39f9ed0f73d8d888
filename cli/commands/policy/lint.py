"""`zhuanjie policy lint`: what its author should look at. In: a pack. Out: lints.

The exit code is 1 where there are any. A pack that cannot be used at all is refused
with every mistake in it (exit 2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from zhuanjie.cli import complete, exit_codes, options
from zhuanjie.cli.help import define
from zhuanjie.cli.options import Target
from zhuanjie.cli.session import session_of

if TYPE_CHECKING:
    from zhuanjie.engine.core.diagnostics import Diagnostic
    from zhuanjie.engine.core.messages import Lang


@define("policy.lint")
@click.argument("pack", metavar="PACK", shell_complete=complete.packs)
@options.target("table", "json", "markdown", "github")
@options.lang
@click.pass_context
def command(ctx: click.Context, pack: str, target: Target) -> int:
    """Load a pack and say what could be better."""
    from zhuanjie.cli import show
    from zhuanjie.engine import api
    from zhuanjie.engine.core.messages import say_diagnostic
    from zhuanjie.report import json_shape as shape
    from zhuanjie.report import write_answer
    from zhuanjie.report.section import Section

    policy = api.load_policy(pack)
    lints = api.lint(policy)
    view = show.view_of(session_of(ctx), target, policy)
    data = {
        "policy": shape.policy(policy.ref),
        "lints": [_plain(lint, view.lang) for lint in lints],
    }
    code = "lint.found" if lints else "lint.clean"
    section = Section(
        title=view.say(code, id=policy.id, rules=len(policy.rules), count=len(lints)),
        tone="warn" if lints else "good",
        tree=[line for lint in lints for line in say_diagnostic(lint, view.lang).splitlines()],
    )
    with show.result(target) as out:
        if target.format == "github":
            out.writelines(_annotation(lint, view.lang) for lint in lints)
            out.write(section.title + "\n")
        else:
            write_answer(data, [section], target.format, out, view)
    return exit_codes.FINDINGS if lints else exit_codes.OK


def _plain(lint: Diagnostic, lang: Lang) -> dict[str, Any]:
    from zhuanjie.engine.core.messages import say

    at = lint.place
    return {
        "kind": lint.code, "message": say(lint.code, lang, **lint.args),
        "remedy": say(lint.hint, lang, **lint.args) if lint.hint else "",
        "file": at.file, "line": at.line, "column": at.column, "path": at.path,
    }


def _annotation(lint: Diagnostic, lang: Lang) -> str:
    from zhuanjie.report.formats.github import line

    said = _plain(lint, lang)
    text = said["message"] + (f" → {said['remedy']}" if said["remedy"] else "")
    return line("warning", lint.place.file, said["kind"], text, lint.place.line)
