"""`zhuanjie policy test`: a pack's cases. In: a pack, engines. Out: which cases fail (exit 1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from zhuanjie.cli import complete, exit_codes, options
from zhuanjie.cli.help import define, option
from zhuanjie.cli.options import Target
from zhuanjie.cli.session import Session, session_of

if TYPE_CHECKING:
    from zhuanjie.engine.api import Policy, TestReport

ALL = "all"


@define("policy.test")
@click.argument("pack", metavar="PACK", shell_complete=complete.packs)
@options.backend
@option("--filter", "text", help_key="filter", metavar="TEXT")
@option("--update", help_key="update", is_flag=True)
@option("--explain", "explained", help_key="explain-cases", is_flag=True)
@options.target("policy.test")
@options.lang
@click.pass_context
def command(ctx: click.Context, *, pack: str, backend: str | None, text: str | None, update: bool,
            explained: bool, target: Target) -> int:
    """Run a pack's cases."""
    from zhuanjie.cli import show
    from zhuanjie.engine import api
    from zhuanjie.report.layouts import case_tests as layout

    policy = api.load_policy(pack)
    names = api.own_backends() if backend == ALL else (backend or "reference",)
    session = session_of(ctx)
    session.notices(policy.notices)
    if backend == ALL:
        session.notices(api.unavailable_engines())
    report = api.run_tests(policy, names, text)
    if update and report.failed:
        report = _updated(session, policy, report, names, text)
    view = show.view_of(session, target, policy)
    why = tuple(api.explain_failed(policy, report, view.lang)) if explained else ()
    show.write(layout.present(report, policy, view, why), target, view)
    return exit_codes.FINDINGS if report.failed else exit_codes.OK


def _updated(session: Session, policy: Policy, report: TestReport, names: tuple[str, ...],
             text: str | None) -> TestReport:
    """Rewrite what the first engine found otherwise, then run everything again."""
    from zhuanjie.engine import api
    from zhuanjie.report.files import unwritable

    try:
        count = api.update_cases(policy, report)
    except OSError as error:
        raise unwritable(error.filename or policy.ref.id, error) from error
    session.tell(session.say("author.updated", count=count))
    return api.run_tests(policy, names, text)
