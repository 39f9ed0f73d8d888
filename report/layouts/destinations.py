"""What a decision table allows. In: each record's values, judged. Out: sections, JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from zhuanjie.report import json_shape as shape
from zhuanjie.report.presentation import Presentation
from zhuanjie.report.section import Section
from zhuanjie.report.view import View

if TYPE_CHECKING:
    from zhuanjie.engine.api import DestinationAnswer, Policy

    RecordDestinations = tuple[str | None, Sequence[DestinationAnswer]]
    """A record by what names it, and its destinations."""


def present(policy: Policy, as_of: date, judged: Sequence[RecordDestinations],
            view: View) -> Presentation:
    """The destinations of records, for any of the formats of `destinations`."""
    return Presentation(lambda: _sections(judged, view), lambda: {
        "policy": shape.policy(policy.ref),
        "as_of": as_of.isoformat(),
        "destinations": [_plain(name, found) for name, each in judged for found in each],
    })


def _plain(record: str | None, found: DestinationAnswer) -> dict[str, Any]:
    return {
        "record": record, "kind": found.kind, "outcome": found.outcome.value,
        "clauses": list(found.clauses), "missing": list(found.missing),
        "message": found.message,
        "conditions": [shape.finding(condition) for condition in found.conditions],
        **({"pack": found.pack} if found.pack else {}),
    }


def _sections(judged: Sequence[RecordDestinations], view: View) -> Iterator[Section]:
    for record, found in judged:
        yield Section(
            title=view.say("destinations.title", record=record or "",
                           subject=view.field(found[0].subject)),
            notes=[view.say("destinations.by", pack=pack)
                   for pack in dict.fromkeys(a.pack for a in found) if pack],
            headers=[view.field(found[0].subject),
                     *view.columns("answer", "clause", "missing", "conditions")],
            rows=[
                (view.value(a.subject, a.kind),
                 view.say(f"destinations.{a.outcome}"), view.join(a.clauses),
                 view.join(map(view.field, a.missing)),
                 "\n".join(f"{c.clause} {c.message}" + (
                     f" [{view.outcome(c.outcome)} {c.waiver.id}]" if c.waiver else "")
                     for c in a.conditions))
                for a in found
            ],
        )
