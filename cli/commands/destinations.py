"""`zhuanjie destinations`: what a decision table allows. In: a record. Out: each value, judged."""

from __future__ import annotations

import click

from zhuanjie.cli import exit_codes, options
from zhuanjie.cli.help import define
from zhuanjie.cli.ledgers import refuse_overwrite
from zhuanjie.cli.options import Selection, Target
from zhuanjie.cli.session import session_of


@define("destinations")
@click.argument("record", type=options.FILE, metavar="RECORD")
@options.record_selection
@options.target("destinations")
@options.lang
@click.pass_context
def command(ctx: click.Context, record: str, selection: Selection, target: Target) -> int:
    """Judge every value of the decision table for each record of a file."""
    from zhuanjie.cli import show
    from zhuanjie.cli.records import say_of
    from zhuanjie.engine import api
    from zhuanjie.report.layouts import destinations as layout

    session = session_of(ctx)
    refuse_overwrite([record], target.output, force=target.force)
    policy = selection.load()
    for notice in policy.notices:
        session.notice(notice)
    engine = selection.engine(session)
    read = [say_of(each, session) for each in api.read_records(record, policy)]
    judged = [
        (each.key, api.destinations(each.values, policy, as_of=selection.day, backend=engine,
                                    lang=session.lang, waivers=selection.waivers))
        for each in read
    ]
    view = show.view_of(session, target, policy)
    show.write(layout.present(policy, selection.day, judged, view), target, view)
    return exit_codes.OK
