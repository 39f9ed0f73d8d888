"""`zhuanjie check`: records before a letter is issued. In: a record file. Out: what to mend."""

from __future__ import annotations

from functools import partial

import click

from zhuanjie.cli import options
from zhuanjie.cli.help import define
from zhuanjie.cli.ledgers import publish, refuse_overwrite
from zhuanjie.cli.options import Selection, Target
from zhuanjie.cli.session import session_of


@define("check")
@click.argument("record", type=options.FILE, metavar="RECORD")
@options.check_selection
@options.before
@options.target("check")
@options.fail_on
@options.all_outcomes
@options.with_values
@options.quiet
@options.lang
@click.pass_context
def command(ctx: click.Context, *, record: str, selection: Selection, before: str | None,
            target: Target, fail_on: str, all_outcomes: bool, with_values: bool,
            quiet: bool) -> int:
    """Check the records of a file, each by itself and against one another."""
    from zhuanjie.cli import show
    from zhuanjie.engine import api
    from zhuanjie.report.layouts.check import sections

    session = session_of(ctx)
    refuse_overwrite([record, *selection.files], target.output, force=target.force)
    policy = selection.load()
    records = api.load_record_file(record)
    report = api.check_records(
        records, policy, file=record, as_of=selection.day, columns=selection.headings(policy),
        lang=session.lang, backend=selection.engine(session), before=before,
        all_outcomes=all_outcomes, waivers=selection.waivers)
    view = show.view_of(session, target, policy, all_outcomes=all_outcomes,
                        with_values=with_values)
    moment = getattr(policy.moments[before].title, session.lang) if before else ""
    return publish(session, report, partial(sections, moment=moment), target, view,
                   fail_on=fail_on, quiet=quiet)
