"""The members behind a figure of a past day. In: what was counted. Out: them, page by page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
from sqlalchemy import Connection

from zhuanjie.web.figures.counted import NOT_JUDGED
from zhuanjie.web.service.board import Board, PastQuery, PastRow, past_members
from zhuanjie.web.service.figure import AskedFigure
from zhuanjie.web.service.register import Register

PAGE: Final = 50


@dataclass(frozen=True, slots=True)
class ListedMember:
    """A member of a list: `id` is None where it is not one's to open any more."""

    id: str | None
    unit: str
    name: str | None
    key: str | None
    state: str
    since: str | None
    marks: Sequence[tuple[str, str]]


def listed(register: Register, conn: Connection, of: Board, units: Sequence[str],
           asked: AskedFigure, after: str) -> tuple[list[ListedMember], str | None, int | None]:
    """A page of members, after whom it goes on, and how many there are in all if that is a
    figure."""
    day = of.at.day
    then, last = past_members(conn, PastQuery(
        day, units, asked.stands(day), asked.clause or None, asked.outcome or None),
        after=after or None, limit=PAGE)
    return [_shown(register, row) for row in then], last, asked.count(of.at.sums(units), day)


def _shown(register: Register, row: PastRow) -> ListedMember:
    vocabulary = register.vocabulary
    record: dict[str, Any] = orjson.loads(row.record) if row.record is not None else {}

    def shown(name: str | None) -> str | None:
        value = None if name is None else record.get(name)
        return None if value is None or name is None else vocabulary.fields[name].shown(str(value))

    return ListedMember(row.member if row.seen else None, row.unit, shown(vocabulary.name),
                        shown(vocabulary.key_of(record)) if record else None, row.state,
                        row.late_since,
                        [(outcome, clause) for outcome, _, clause in
                         (each.partition(":") for each in row.marks) if outcome != NOT_JUDGED])
