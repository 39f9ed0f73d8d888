"""Members judged together. In: members, a judge. Out: what is said of each, and of whom they touch.

Whoever shares a key with a member may come out otherwise when the member changes; so may everybody
under a waiver that covers no more than so many. They are judged too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from zhuanjie.engine.api import CaseJudge, CaseJudgement, Others
from zhuanjie.web.judging.sharing import (
    Place,
    counts_of,
    hashed,
    is_waiver,
    move,
    places_of,
    waiver_place,
)
from zhuanjie.web.store.members import Member, members

ColumnsOf = Callable[[str], frozenset[str]]
_ALONE = Others()


@dataclass(slots=True)
class JudgedMember:
    """A member with what is said of it; None once it was withdrawn."""

    member: Member
    judgement: CaseJudgement | None = None


class _Round:
    """One judging of some members and of everybody they touch."""

    def __init__(self, conn: Connection, judge: CaseJudge, columns_of: ColumnsOf) -> None:
        self.conn, self.judge, self._columns_of = conn, judge, columns_of
        self.members: dict[str, Member] = {}
        self.typed: dict[str, dict[str, Any]] = {}
        self.columns: dict[str, frozenset[str]] = {}
        self.places: dict[str, dict[Place, bool]] = {}
        self.under: dict[str, dict[Place, bool]] = {}
        """Under which waivers that have a limit members were counted."""
        self.judgements: dict[str, CaseJudgement] = {}

    def place(self, given: Mapping[str, Member]) -> None:
        """Count members, and all whom that touches, where they are now."""
        allowed, waiting = self.judge.allowed, dict(given)
        while waiting:
            had = places_of(self.conn, waiting)
            now: dict[str, dict[Place, bool]] = {}
            for id, member in waiting.items():
                self.members[id] = member
                self.under[id] = {p: s for p, s in had.get(id, {}).items() if is_waiver(p)}
                now[id] = self.places[id] = {} if member.withdrawn else self._place(id, member)
            before = {id: {p: s for p, s in places.items() if not is_waiver(p)}
                      for id, places in had.items()}
            touched = move(self.conn, before, now, allowed) - set(self.members)
            waiting = members(self.conn, sorted(touched))

    def _place(self, id: str, member: Member) -> dict[Place, bool]:
        typed = self.typed[id] = self.judge.typed(member.record)
        columns = self.columns[id] = self._columns_of(member.columns)
        return {(rule, hashed(place.key)): place.sure
                for rule, place in self.judge.places(typed, columns).items()}

    def say(self) -> None:
        """Judge everybody who was counted, and whom waivers with a limit then touch."""
        limits = {waiver_place(id)[0]: most for id, most in self.judge.limits.items()}
        beyond = self._beyond(limits)
        waiting: Iterable[str] = list(self.members)
        while waiting:
            waiting = [id for id in waiting if not self.members[id].withdrawn]
            self._judge(waiting, beyond)
            now = {id: {waiver_place(w): True for w in self.judgements[id].bounded}
                   if id in self.judgements else {} for id in self.members}
            turned = move(self.conn, self.under, now, limits)
            self.under = now
            if not turned:
                return
            beyond, known = self._beyond(limits), set(self.members)
            self.place(members(self.conn, sorted(turned - known)))
            waiting = sorted(turned | (set(self.members) - known))

    def _beyond(self, limits: Mapping[str, int]) -> frozenset[str]:
        """The waivers that would cover more than they may."""
        counts = counts_of(self.conn, [(rule, "") for rule in limits])
        return frozenset(id for id in self.judge.limits
                         if counts.get(waiver_place(id), _ALONE).sure > self.judge.limits[id])

    def _judge(self, ids: Iterable[str], beyond: frozenset[str]) -> None:
        ids = list(ids)
        counts = counts_of(self.conn, {p for id in ids for p in self.places[id]})
        for id in ids:
            others = {place[0]: Others(counts[place].sure - sure, counts[place].all - 1)
                      for place, sure in self.places[id].items()}
            self.judgements[id] = self.judge.judge(
                self.typed[id], self.columns[id], others, beyond, all_outcomes=False)


def judged(conn: Connection, judge: CaseJudge, given: Mapping[str, Member],
           columns_of: ColumnsOf) -> dict[str, JudgedMember]:
    """Judge members and everybody they touch, and note who is counted with whom."""
    round_ = _Round(conn, judge, columns_of)
    round_.place(given)
    round_.say()
    return {id: JudgedMember(member, round_.judgements.get(id))
            for id, member in round_.members.items()}
