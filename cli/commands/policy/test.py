"""`zhuanjie policy test`: a pack's cases. In: a pack, engines. Out: which cases fail (exit 1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from zhuanjie.cli import complete, exit_codes, options
from zhuanjie.cli.help import define, option
from zhuanjie.cli.options import Target
from zhuanjie.cli.session import Session, session_of

if TYPE_CHECKING:
    from zhuanjie.engine.authoring.testing.report import TestReport
    from zhuanjie.engine.policy.policy import Policy

ALL = "all"


@define("policy.test")
@click.argument("pack", metavar="PACK", shell_complete=complete.packs)
@options.backend
@option("--filter", "text", said="filter", metavar="TEXT")
@option("--update", said="update", is_flag=True)
@options.target("table", "json", "junit", "github")
@options.lang
@click.pass_context
def command(ctx: click.Context, *, pack: str, backend: str | None, text: str | None, update: bool,
            target: Target) -> int:
    """Run a pack's cases."""
    from zhuanjie.cli import show
    from zhuanjie.engine import api
    from zhuanjie.engine.authoring.testing.report import run_tests
    from zhuanjie.report.layouts import case_tests as author

    policy = api.load_policy(pack)
    names = api.own_backends() if backend == ALL else (backend or "reference",)
    session = session_of(ctx)
    if backend == ALL:
        session.notices(api.unavailable_engines())
    report = run_tests(policy, names, text)
    if update and report.failed:
        report = _updated(session, policy, report, names, text)
    view = show.view_of(session, target, policy)
    with show.result(target) as out:
        author.write_tests(report, policy, target.format, out, view)
    return exit_codes.FINDINGS if report.failed else exit_codes.OK


def _updated(session: Session, policy: Policy, report: TestReport, names: tuple[str, ...],
             text: str | None) -> TestReport:
    """Rewrite what the first engine found otherwise, then run everything again."""
    from zhuanjie.engine.authoring.testing.report import run_tests
    from zhuanjie.engine.authoring.testing.update import update
    from zhuanjie.engine.policy.pack_files import CASES

    first = [t.result for t in report.failed if t.backend == names[0]]
    count = update(first, policy.chain[-1].folder / CASES)
    session.tell(session.say("author.updated", count=count))
    return run_tests(policy, names, text)
