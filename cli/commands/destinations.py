"""`zhuanjie destinations`: where a member may go. In: a record. Out: each one, judged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from zhuanjie.cli import exit_codes, options
from zhuanjie.cli.help import define
from zhuanjie.cli.ledgers import refuse_overwrite
from zhuanjie.cli.options import Selection, Target
from zhuanjie.cli.session import session_of

if TYPE_CHECKING:
    from zhuanjie.engine.auditing.destinations import DestinationAnswer
    from zhuanjie.report.section import Section
    from zhuanjie.report.view import View

Answers = tuple[str | None, Sequence["DestinationAnswer"]]


@define("destinations")
@click.argument("record", type=options.FILE, metavar="RECORD")
@options.record_selection
@options.target("table", "json", "markdown")
@options.lang
@click.pass_context
def command(ctx: click.Context, record: str, selection: Selection, target: Target) -> int:
    """Judge every destination for each record of a file."""
    from zhuanjie.cli import show
    from zhuanjie.cli.records import read_records
    from zhuanjie.engine import api
    from zhuanjie.report import json_shape as shape
    from zhuanjie.report import write_answer

    session = session_of(ctx)
    refuse_overwrite([record], target.output)
    policy = selection.load()
    for notice in policy.notices:
        session.notice(notice)
    engine, key = selection.engine(session), policy.vocabulary.key
    answers: list[Answers] = [
        (str(values[key]) if key in values else None,
         api.destinations(values, policy, as_of=selection.day, backend=engine,
                          lang=session.lang))
        for values in read_records(record, session, policy.vocabulary)
    ]
    view = show.view_of(session, target, policy)
    data = {
        "policy": shape.policy(policy.ref),
        "as_of": selection.day.isoformat(),
        "destinations": [_plain(name, answer) for name, found in answers for answer in found],
    }
    with show.result(target) as out:
        write_answer(data, _sections(answers, view), target.format, out, view)
    return exit_codes.OK


def _plain(record: str | None, answer: DestinationAnswer) -> dict[str, Any]:
    from zhuanjie.report import json_shape as shape

    return {
        "record": record, "kind": answer.kind, "outcome": answer.outcome.value,
        "clauses": list(answer.clauses), "missing": list(answer.missing),
        "message": answer.message,
        "conditions": [shape.finding(condition) for condition in answer.conditions],
        **({"pack": answer.pack} if answer.pack else {}),
    }


def _sections(answers: Sequence[Answers], view: View) -> Iterator[Section]:
    from zhuanjie.report.section import Section

    for record, found in answers:
        yield Section(
            title=view.say("destinations.title", record=record or "", title=view.policy_title),
            notes=[view.say("destinations.by", pack=pack)
                   for pack in dict.fromkeys(a.pack for a in found) if pack],
            headers=[view.say(f"column.{c}") for c in
                     ("destination", "answer", "clause", "missing", "conditions")],
            rows=[
                (view.value("destination.kind", a.kind),
                 view.say(f"destinations.{a.outcome}"), view.join(a.clauses),
                 view.join(map(view.field, a.missing)),
                 "\n".join(f"{c.clause} {c.message}" for c in a.conditions))
                for a in found
            ],
        )
