"""Members, a page at a time. In: what is asked for. Out: rows in an order, and where it ends.

A page begins after the last row of the one before (keyset paging): rows that come or go meanwhile
move no other from one page to the next.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import orjson
from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    exists,
    func,
    literal,
    or_,
    select,
    tuple_,
)

from zhuanjie.engine.api import REPORTED, Vocabulary
from zhuanjie.web.figures.counted import holding
from zhuanjie.web.figures.tables import MEMBER_FIGURES
from zhuanjie.web.judging.tables import CLOCKS, OUTCOMES
from zhuanjie.web.service.waiting import is_waiting
from zhuanjie.web.store.tables import MEMBER_KEYS, MEMBERS

MOST: Final = 200
_NAMELESS: Final = ""
"""What stands for the name of a member who has none."""
_REPORTED: Final = tuple(map(str, REPORTED))
Order = Literal["id", "name", "changed"]
Last = tuple[Any, str]
"""The last row of a page: what it was ordered by, and its id."""


@dataclass(frozen=True, slots=True)
class StandingQuery:
    """Members by how they stand, as figures count them; all that is given holds.

    `overdue` are the first and the last day on which what is overdue was due; `dark` is a clause
    that was not judged for want of columns.
    """

    states: Sequence[str] = ()
    came_to: str | None = None
    not_to: str | None = None
    overdue: tuple[str | None, str | None] | None = None
    dark: str | None = None


@dataclass(frozen=True, slots=True)
class MemberQuery:
    """Which members are asked for. Of several conditions all hold; of several values any.

    `waiting` is what they wait for (`waiting_kinds`), `waiver` one that covers them, `bases` what
    they were judged on (`JudgedBy`). `also` are
    fields that `text` is looked for in, besides keys and name: such as are kept in the form they
    are compared.
    """

    units: Sequence[str] = ()
    text: str = ""
    outcomes: Sequence[str] = ()
    clauses: Sequence[str] = ()
    due_by: str | None = None
    withdrawn: bool = False
    order: Order = "id"
    stands: StandingQuery | None = None
    waiting: Sequence[str] = ()
    waiver: str | None = None
    also: Sequence[str] = ()
    due_from: str | None = None
    not_before: str | None = None
    """As `due_from`, and what has no day."""
    bases: Sequence[str] | None = None


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
    where = _conditions(asked, vocabulary)
    rows: list[Any] = []
    for part in _parts(asked, vocabulary, after):
        query = part.where(*where).limit(limit + 1 - len(rows))
        rows += conn.execute(query).all()
        if len(rows) > limit:
            break
    page = rows[:limit]
    said = _outcomes(conn, [row.id for row in page])
    found = [_row(row, *said.get(row.id, ({}, None)), vocabulary) for row in page]
    last = (page[-1].ordered, page[-1].id) if len(rows) > limit else None
    return found, last


def _parts(asked: MemberQuery, vocabulary: Vocabulary,
           after: Last | None) -> Iterator[Select[Any]]:
    """The queries whose rows together are a list: each walks along an index."""
    order = asked.order
    if _by_standing(asked):
        # Along those who stand so, in the order of their ids, instead of a look at everybody.
        walked = MEMBER_FIGURES.c.member
        query = (select(MEMBERS, MEMBERS.c.id.label("ordered"))
                 .join_from(MEMBER_FIGURES, MEMBERS, MEMBERS.c.id == walked)
                 .where(*_standing(asked.stands or StandingQuery())).order_by(walked))
        yield query if after is None else query.where(walked > after[1])
        return
    if order == "name" and vocabulary.name is not None:
        yield from _by_name(vocabulary.name, after)
        return
    ordered = MEMBERS.c.version if order == "changed" else MEMBERS.c.id
    query = select(MEMBERS, ordered.label("ordered"))
    if order == "changed":
        if after is not None:
            query = query.where(tuple_(ordered, MEMBERS.c.id) < tuple_(*after))
        yield query.order_by(ordered.desc(), MEMBERS.c.id.desc())
        return
    if after is not None:
        query = query.where(MEMBERS.c.id > after[1])
    yield query.order_by(MEMBERS.c.id)


def _by_name(name: str, after: Last | None) -> Iterator[Select[Any]]:
    """Members by name, then those that have none."""
    form, member = MEMBER_KEYS.c.form, MEMBER_KEYS.c.member
    if after is None or after[0] != _NAMELESS:
        query = (select(MEMBERS, form.label("ordered"))
                 .join_from(MEMBER_KEYS, MEMBERS, MEMBERS.c.id == member)
                 .where(MEMBER_KEYS.c.field == name).order_by(form, member))
        yield query if after is None else query.where(tuple_(form, member) > tuple_(*after))
    named = select(member).where(MEMBER_KEYS.c.field == name, member == MEMBERS.c.id)
    query = select(MEMBERS, literal(_NAMELESS).label("ordered")).where(~named.exists())
    if after is not None and after[0] == _NAMELESS:
        query = query.where(MEMBERS.c.id > after[1])
    yield query.order_by(MEMBERS.c.id)


def _conditions(asked: MemberQuery, vocabulary: Vocabulary) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = [MEMBERS.c.withdrawn == asked.withdrawn]
    if asked.units:
        where.append(MEMBERS.c.unit.in_(list(asked.units)))
    of_outcomes = [OUTCOMES.c.member == MEMBERS.c.id, OUTCOMES.c.outcome.in_(_REPORTED)]
    if asked.outcomes:
        of_outcomes.append(OUTCOMES.c.outcome.in_(list(asked.outcomes)))
    if asked.clauses:
        of_outcomes.append(OUTCOMES.c.clause.in_(list(asked.clauses)))
    if asked.due_from is not None:
        of_outcomes.append(OUTCOMES.c.due >= asked.due_from)
    if asked.due_by is not None:
        of_outcomes.append(OUTCOMES.c.due <= asked.due_by)
    if asked.not_before is not None:
        of_outcomes.append(or_(OUTCOMES.c.due.is_(None), OUTCOMES.c.due >= asked.not_before))
    if asked.clauses or asked.due_from is not None:  # few, and found by an index
        where.append(MEMBERS.c.id.in_(select(OUTCOMES.c.member).where(*of_outcomes[1:])))
    elif asked.outcomes or asked.due_by is not None:  # many: whoever comes next is soon one of them
        where.append(exists().where(*of_outcomes))
    if asked.stands is not None and not _by_standing(asked) and (
            stands := list(_standing(asked.stands))):
        where.append(MEMBERS.c.id.in_(select(MEMBER_FIGURES.c.member).where(*stands)))
    if asked.waiting:
        where.append(is_waiting(asked.waiting))
    if asked.waiver is not None:
        where.append(MEMBERS.c.id.in_(
            select(OUTCOMES.c.member).where(OUTCOMES.c.waiver == asked.waiver)))
    if asked.bases is not None:
        where.append(MEMBERS.c.id.in_(
            select(CLOCKS.c.member).where(CLOCKS.c.basis.in_(asked.bases))))
    if asked.text.strip():
        where.append(MEMBERS.c.id.in_(_of_text(asked, vocabulary)))
    return where


def _by_standing(asked: MemberQuery) -> bool:
    return asked.order == "id" and asked.stands is not None and asked.stands != StandingQuery()


def _standing(asked: StandingQuery) -> Iterator[ColumnElement[bool]]:
    """What holds of the row of figures that a member has."""
    table = MEMBER_FIGURES.c
    if len(asked.states) == 1:  # an index has them in order
        yield table.state == asked.states[0]
    elif asked.states:
        yield table.state.in_(list(asked.states))
    if asked.overdue is not None:
        first, last = asked.overdue
        if first is last is None:
            yield table.late_since.is_not(None)
        if first is not None:
            yield table.late_since >= first
        if last is not None:
            yield table.late_since <= last
    if asked.came_to is not None:
        yield holding(table.steps, asked.came_to)
    if asked.not_to is not None:
        yield ~holding(table.steps, asked.not_to)
    if asked.dark is not None:
        yield holding(table.dark, asked.dark)


def _of_text(asked: MemberQuery, vocabulary: Vocabulary) -> Any:
    """The ids of members of whose name or key `text` is a part; of a masked key, all."""
    ways = []
    for name in (*vocabulary.keys, *filter(None, (vocabulary.name,)), *asked.also):
        field = vocabulary.fields[name]
        form = str(field.compared(asked.text.strip()))
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
