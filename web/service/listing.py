"""Members, a page at a time. In: what is asked for. Out: rows in an order, and where it ends.

A page begins after the last row of the one before (keyset paging): rows that come or go meanwhile
move no other from one page to the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import orjson
from sqlalchemy import ColumnElement, Connection, and_, exists, func, or_, select, tuple_

from zhuanjie.engine.api import REPORTED, Vocabulary
from zhuanjie.web.judging.tables import OUTCOMES
from zhuanjie.web.store.tables import MEMBER_KEYS, MEMBERS

MOST: Final = 200
_REPORTED: Final = tuple(map(str, REPORTED))
Order = Literal["id", "name", "changed"]
Last = tuple[Any, str]
"""The last row of a page: what it was ordered by, and its id."""


@dataclass(frozen=True, slots=True)
class MemberQuery:
    """Which members are asked for. Of several conditions all hold; of several values any."""

    units: Sequence[str] = ()
    text: str = ""
    outcomes: Sequence[str] = ()
    clauses: Sequence[str] = ()
    due_by: str | None = None
    withdrawn: bool = False
    order: Order = "id"


@dataclass(frozen=True, slots=True)
class MemberRow:
    """A member as lists show it: keys are masked."""

    id: str
    unit: str
    version: int
    withdrawn: bool
    key: str | None
    name: str | None
    group: str | None
    outcomes: dict[str, int]
    due: str | None


def list_members(conn: Connection, asked: MemberQuery, vocabulary: Vocabulary, *,
                 after: Last | None = None,
                 limit: int = 50) -> tuple[list[MemberRow], Last | None]:
    """At most `limit` members that are seen, after `after`, and what the next page begins after."""
    ordered: ColumnElement[Any] = MEMBERS.c.id
    query = select(MEMBERS)
    where = _conditions(asked, vocabulary)
    if asked.order == "changed":
        ordered = MEMBERS.c.version
    elif asked.order == "name" and vocabulary.name is not None:
        ordered = func.coalesce(MEMBER_KEYS.c.form, "")
        query = query.outerjoin(MEMBER_KEYS, and_(
            MEMBER_KEYS.c.member == MEMBERS.c.id, MEMBER_KEYS.c.field == vocabulary.name))
    down = asked.order == "changed"
    if after is not None:
        here, there = tuple_(ordered, MEMBERS.c.id), tuple_(*after)
        where.append(here < there if down else here > there)
    query = query.add_columns(ordered.label("ordered")).where(*where).limit(limit + 1).order_by(
        *((ordered.desc(), MEMBERS.c.id.desc()) if down else (ordered, MEMBERS.c.id)))
    rows = conn.execute(query).all()
    page = rows[:limit]
    said = _outcomes(conn, [row.id for row in page])
    found = [_row(row, *said.get(row.id, ({}, None)), vocabulary) for row in page]
    last = (page[-1].ordered, page[-1].id) if len(rows) > limit else None
    return found, last


def _conditions(asked: MemberQuery, vocabulary: Vocabulary) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = [MEMBERS.c.withdrawn == asked.withdrawn]
    if asked.units:
        where.append(MEMBERS.c.unit.in_(list(asked.units)))
    of_outcomes = [OUTCOMES.c.member == MEMBERS.c.id, OUTCOMES.c.outcome.in_(_REPORTED)]
    if asked.outcomes:
        of_outcomes.append(OUTCOMES.c.outcome.in_(list(asked.outcomes)))
    if asked.clauses:
        of_outcomes.append(OUTCOMES.c.clause.in_(list(asked.clauses)))
    if asked.due_by is not None:
        of_outcomes.append(OUTCOMES.c.due <= asked.due_by)
    if len(of_outcomes) > 2:
        where.append(exists().where(*of_outcomes))
    if asked.text.strip():
        where.append(MEMBERS.c.id.in_(_of_text(asked.text, vocabulary)))
    return where


def _of_text(text: str, vocabulary: Vocabulary) -> Any:
    """The ids of members of whose name or key `text` is a part; of a masked key, all."""
    ways = []
    for name in (*vocabulary.keys, *filter(None, (vocabulary.name,))):
        field = vocabulary.fields[name]
        form = str(field.compared(text.strip()))
        matches = (MEMBER_KEYS.c.form == form if field.mask
                   else MEMBER_KEYS.c.form.contains(form, autoescape=True))
        ways.append(and_(MEMBER_KEYS.c.field == name, matches))
    return select(MEMBER_KEYS.c.member).where(or_(*ways))


def _outcomes(conn: Connection,
              ids: Sequence[str]) -> dict[str, tuple[dict[str, int], str | None]]:
    """By member, how many outcomes there are of each, and the first day that something is due."""
    found: dict[str, tuple[dict[str, int], str | None]] = {}
    rows = conn.execute(select(
        OUTCOMES.c.member, OUTCOMES.c.outcome, func.count(), func.min(OUTCOMES.c.due),
    ).where(
        OUTCOMES.c.member.in_(list(ids)), OUTCOMES.c.outcome.in_(_REPORTED),
    ).group_by(OUTCOMES.c.member, OUTCOMES.c.outcome))
    for member, outcome, count, due in rows:
        counts, first = found.get(member, ({}, None))
        counts[outcome] = count
        found[member] = counts, min(filter(None, (first, due)), default=None)
    return found


def _row(row: Any, outcomes: dict[str, int], due: str | None, vocabulary: Vocabulary) -> MemberRow:
    record = orjson.loads(row.record)

    def shown(name: str | None) -> str | None:
        value = None if name is None else record.get(name)
        return None if value is None or name is None else vocabulary.fields[name].shown(str(value))

    key = vocabulary.key_of(record)
    return MemberRow(row.id, row.unit, row.version, row.withdrawn, shown(key),
                     shown(vocabulary.name), shown(vocabulary.group), outcomes, due)
