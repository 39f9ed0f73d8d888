"""Figures kept up with what is said. In: members that were judged. Out: sums of units, as of now.

Each member's row says what it was counted under, so that a change takes away just that and adds
what holds since; what is counted of thousands is never counted again to answer.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final

import orjson
from sqlalchemy import Connection, and_, delete, func, insert, select, update

from zhuanjie.engine.api import REPORTED, CaseJudge, Outcome, RegisterActs, steps_of
from zhuanjie.web.figures.counted import (
    DARK_MEMBERS,
    MemberStanding,
    Said,
    Tally,
    listed,
    standing,
    tallies,
)
from zhuanjie.web.figures.tables import FIGURES, MEMBER_FIGURES
from zhuanjie.web.judging.cases import JudgedMember
from zhuanjie.web.store.among import AmongTexts
from zhuanjie.web.store.inserting import insert_rows
from zhuanjie.web.store.members import AT_ONCE, NO_COLUMNS

_VERSION: Final = 1
"""Another one has everybody counted anew."""
_Place = tuple[str, str, str]
_REPORTED: Final = frozenset(REPORTED)


def basis_of(acts: RegisterActs) -> str:
    """What tells figures from those that were counted otherwise."""
    held = [_VERSION, [[name, each.model_dump(mode="json")]
                       for name, each in acts.file.steps.items()]]
    return hashlib.sha256(orjson.dumps(held)).hexdigest()[:16]


_OF_MEMBERS = select(MEMBER_FIGURES).where(
    AmongTexts(MEMBER_FIGURES.c.member, "members"))


class FigureKeeper:
    """Counts members as they are judged; a listener of `Judging`."""

    def __init__(self, acts: RegisterActs) -> None:
        self._acts = acts
        self.basis: Mapping[str, str] = {"figures": basis_of(acts)}

    def judged(self, conn: Connection, judge: CaseJudge,
               found: Mapping[str, JudgedMember]) -> None:
        """Take in what is said of members now."""
        ids = sorted(found)
        delta: Counter[_Place] = Counter()
        for at in range(0, len(ids), AT_ONCE):
            self._take(conn, judge, {id: found[id] for id in ids[at:at + AT_ONCE]}, delta)
        _apply(conn, delta)

    def _take(self, conn: Connection, judge: CaseJudge, found: Mapping[str, JudgedMember],
              delta: Counter[_Place]) -> None:
        had = {row.member: row for row in conn.execute(
            _OF_MEMBERS, {"members": list(found)})}
        gone, come = [], []
        for id, each in found.items():
            before, made = had.get(id), self._row(each, judge)
            if before is not None and made is not None and dict(before._mapping) == made:
                continue
            if before is not None:
                gone.append(id)
                for place, count in _counted(before.unit, before.counted):
                    delta[place] -= count
            if made is not None:
                come.append(made)
                for place, count in _counted(made["unit"], made["counted"]):
                    delta[place] += count
        if gone:
            conn.execute(delete(MEMBER_FIGURES).where(MEMBER_FIGURES.c.member.in_(gone)))
        if come:
            insert_rows(conn, MEMBER_FIGURES, come)

    def _row(self, found: JudgedMember, judge: CaseJudge) -> dict[str, Any] | None:
        if found.judgement is None:
            return None
        member = found.member
        made = standing(_said(found), steps_of(member.record, self._acts, judge.day))
        return {"member": member.id, "unit": member.unit, "state": made.state,
                "late_since": made.late_since, "steps": listed(made.steps),
                "dark": listed(made.keys(DARK_MEMBERS)), "counted": counted(made)}


def counted(made: MemberStanding) -> bytes:
    """What a member adds to figures, as its row has it."""
    return orjson.dumps(sorted([figure, key, count]
                               for (figure, key), count in made.counts.items()))


def current(conn: Connection, figures: Collection[str] = ()) -> dict[str, Tally]:
    """The sums of every unit that is seen, as they are now: of these figures, or of all."""
    query = select(FIGURES)
    if figures:
        query = query.where(FIGURES.c.figure.in_(list(figures)))
    return tallies((row.unit, row.figure, row.key, row.number) for row in conn.execute(query))


def summed(conn: Connection, units: Collection[str] = (),
           figures: Collection[str] = ()) -> Tally:
    """The sums of these units together, or of all that are seen."""
    query = select(FIGURES.c.figure, FIGURES.c.key, func.sum(FIGURES.c.number).label("sum"))
    if units:
        query = query.where(FIGURES.c.unit.in_(list(units)))
    if figures:
        query = query.where(FIGURES.c.figure.in_(list(figures)))
    made = Tally()
    for row in conn.execute(query.group_by(FIGURES.c.figure, FIGURES.c.key)):
        made.add(row.figure, row.key, int(row.sum))
    return made


def _said(found: JudgedMember) -> Iterator[Said]:
    assert found.judgement is not None
    for each in found.judgement.outcomes:
        # Of whom no table has a column there is nothing to judge: an audit passes them over too.
        if each.outcome in _REPORTED and (each.judged or found.member.columns not in NO_COLUMNS):
            late = each.due if each.running and each.outcome is Outcome.VIOLATION else None
            yield Said(each.clause, each.outcome, late, each.judged)


def _counted(unit: str, held: bytes) -> Iterator[tuple[_Place, int]]:
    for figure, key, count in orjson.loads(held):
        yield (unit, figure, key), count


def _apply(conn: Connection, delta: Mapping[_Place, int]) -> None:
    """Change sums by so much; one that comes to nothing has no row."""
    changed: Sequence[tuple[_Place, int]] = sorted(
        (place, count) for place, count in delta.items() if count)
    new = []
    for (unit, figure, key), count in changed:
        where = and_(FIGURES.c.unit == unit, FIGURES.c.figure == figure, FIGURES.c.key == key)
        done = conn.execute(update(FIGURES).where(where).values(number=FIGURES.c.number + count))
        if not done.rowcount:
            new.append({"unit": unit, "figure": figure, "key": key, "number": count})
        elif count < 0:
            conn.execute(delete(FIGURES).where(where, FIGURES.c.number == 0))
    if new:
        conn.execute(insert(FIGURES), new)
