"""The members behind a figure. In: what was counted, on which day. Out: them, a page at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection

from zhuanjie.engine.api import UsageError, fail
from zhuanjie.web.figures.counted import AGES, STATES, Age, Tally, together
from zhuanjie.web.service.board import Board, PastQuery, PastRow, past_members
from zhuanjie.web.service.listing import MemberQuery, MemberRow, StandingQuery, list_members
from zhuanjie.web.service.register import Register

PAGE = 50


@dataclass(frozen=True, slots=True)
class AskedFigure:
    """What a figure counts: each part narrows it."""

    state: str = ""
    outcome: str = ""
    clause: str = ""
    step: str = ""
    lacks: str = ""
    age: str = ""
    dark: str = ""

    @property
    def query(self) -> dict[str, str | None]:
        """The same as an address has it."""
        return {name: getattr(self, name) or None for name in self.__slots__}

    @property
    def of_age(self) -> Age | None:
        """The age that is asked for; raises UsageError for one that there is not."""
        if not self.age:
            return None
        for each in AGES:
            if each.id == self.age:
                return each
        raise fail(UsageError, "register.board.filter")

    def check(self) -> None:
        """Raise UsageError for what no figure counts."""
        if (self.state and self.state not in STATES) or bool(self.clause) != bool(self.outcome):
            raise fail(UsageError, "register.board.filter")


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
    outcomes: Mapping[str, int]


def listed(register: Register, conn: Connection, of: Board, units: Sequence[str],
           asked: AskedFigure, after: str) -> tuple[list[ListedMember], str | None, int | None]:
    """A page of members, after whom it goes on, and how many there are in all if that is a
    figure."""
    asked.check()
    age, day = asked.of_age, of.at.day
    overdue = None if age is None else age.due(day)
    states = [asked.state] if asked.state else []
    whole = _whole(together(of.at.tallies[u] for u in units if u in of.at.tallies), of, asked)
    if of.at.past is not None:
        if asked.dark:
            raise fail(UsageError, "register.board.filter")
        then, last = past_members(conn, PastQuery(
            day, units, states, asked.clause or None, asked.outcome or None, asked.step or None,
            asked.lacks or None, overdue), after=after or None, limit=PAGE)
        return [_past(register, row) for row in then], last, whole
    # Who looks at all that they see needs no condition: the list walks along its order.
    everything = not of.path and len(units) == len(of.units)
    found, at = list_members(
        conn, MemberQuery(
            () if everything else units, outcomes=[asked.outcome] if asked.outcome else (),
            clauses=[asked.clause] if asked.clause else (),
            stands=StandingQuery(states, asked.step or None, asked.lacks or None, overdue,
                                 asked.dark or None)),
        register.vocabulary, after=(after, after) if after else None, limit=PAGE)
    return [_now(row) for row in found], None if at is None else at[1], whole


def _whole(tally: Tally, of: Board, asked: AskedFigure) -> int | None:
    """How many a list has, where it is that of one figure."""
    given = {name for name, value in asked.query.items() if value}
    if not given:
        return tally.members
    if given == {"state"}:
        return tally.states[asked.state]
    if given == {"outcome", "clause"}:
        return tally.clauses().get(asked.clause, {}).get(asked.outcome, (0, 0))[0]
    if given == {"step"}:
        return tally.came_to(asked.step)
    if given == {"lacks"}:
        return tally.members - tally.came_to(asked.lacks)
    if given == {"age"}:
        return tally.ages(of.at.day)[asked.age]
    if given == {"dark"}:
        return tally.dark().get(asked.dark, (0, 0))[0]
    return None


def _past(register: Register, row: PastRow) -> ListedMember:
    vocabulary = register.vocabulary
    record: dict[str, Any] = orjson.loads(row.record) if row.record is not None else {}

    def shown(name: str | None) -> str | None:
        value = None if name is None else record.get(name)
        return None if value is None or name is None else vocabulary.fields[name].shown(str(value))

    return ListedMember(row.member if row.seen else None, row.unit, shown(vocabulary.name),
                        shown(vocabulary.key_of(record)) if record else None, row.state,
                        row.late_since,
                        [(outcome, clause) for outcome, _, clause in
                         (each.partition(":") for each in row.marks)], {})


def _now(row: MemberRow) -> ListedMember:
    return ListedMember(row.id, row.unit, row.name, row.key, "", row.due, (), row.outcomes)
