"""A register judged at every change. In: changes, days. Out: outcomes, clocks, decisions.

A change judges the members it touches and those with whom they are counted, before it is kept. What
no change tells (a day that has come, another policy, parameters, waivers) is caught up with, in
batches of a transaction each, so that whoever stops goes on where they were.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final, Protocol

import orjson
from sqlalchemy import Connection, delete, insert, or_, select, update

from zhuanjie.engine.api import CaseJudge
from zhuanjie.web.judging.cases import JudgedMember, judged
from zhuanjie.web.judging.decisions import decision_draft
from zhuanjie.web.judging.law import Law
from zhuanjie.web.judging.rows import is_kept, write
from zhuanjie.web.judging.standing import WAIVERS, only_waivers, pass_over
from zhuanjie.web.judging.tables import CLOCKS, JUDGING, OUTCOMES, SHARED_KEYS
from zhuanjie.web.store.change import UnitOfWork
from zhuanjie.web.store.event import SYSTEM, Actor
from zhuanjie.web.store.members import columns_of, members
from zhuanjie.web.store.store import RegisterStore
from zhuanjie.web.store.tables import MEMBERS

CLOCK: Final = replace(SYSTEM, via="clock")
"""Who acts where nobody does."""
CHANGE, DAY, NEW = "change", "day", "new"
"""Why members are judged: they changed; the clock may turn them; nobody has judged them yet. Else
what judges is another."""
_ONE: Final = 1
_BATCH: Final = 1000


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """One batch that was judged: how many members were asked for, why, under which decision."""

    members: int
    why: tuple[str, ...]
    decision: str
    left: bool


class Listener(Protocol):
    """What keeps tables up with what is said of members, in the transaction that judges them."""

    @property
    def basis(self) -> Mapping[str, str]:
        """What tells its tables from others, by name: with another, everybody is judged anew."""

    def judged(self, conn: Connection, judge: CaseJudge,
               found: Mapping[str, JudgedMember]) -> None:
        """Take in what is said of members; of one who was withdrawn nothing is."""


class Judging:
    """What judges a register; safe to share among threads."""

    def __init__(self, law: Law, today: Callable[[], date],
                 listeners: Sequence[Listener] = ()) -> None:
        """`today` is the day of the office."""
        self.law, self.today, self._listeners = law, today, listeners
        self._columns: dict[str, frozenset[str]] = {}

    def hook(self, work: UnitOfWork) -> None:
        """Judge what a change touches, as a part of it."""
        if not work.leaves:
            return
        judge = self.law.judge(work.conn, self.today())
        if work.touched:
            self._judge(work, judge, list(work.touched), (CHANGE,))
        self._of_waivers(work, judge)

    def catch_up(self, store: RegisterStore, *, actor: Actor = CLOCK,
                 batch: int = _BATCH) -> Iterator[CaughtUp]:
        """Judge whoever has to be judged, batch by batch; each batch is kept before it is yielded.

        It yields nothing where every outcome stands as of today.
        """
        while not self.is_current(store):
            with store.change(actor) as work:
                done = self._batch(work, batch)
            if done is None:
                return
            yield done
            if not done.left:
                return

    def is_current(self, store: RegisterStore) -> bool:
        """Whether every outcome stands as of today, by what judges today."""
        with store.reading(SYSTEM) as conn:
            return self._state(conn) == self._wanted(conn)

    def refresh(self, store: RegisterStore, *, actor: Actor = CLOCK) -> int:
        """Catch up to the end; returns how many members were judged."""
        return sum(done.members for done in self.catch_up(store, actor=actor))

    def forget(self, store: RegisterStore) -> None:
        """Have everybody judged anew at the next catching up: tables were made anew."""
        with store.database.writing() as conn:
            for table in (CLOCKS, SHARED_KEYS, JUDGING):
                conn.execute(delete(table))
            known = select(MEMBERS.c.id).where(~MEMBERS.c.withdrawn)
            conn.execute(delete(OUTCOMES).where(OUTCOMES.c.member.not_in(known)))

    def columns(self, conn: Connection, id: str) -> frozenset[str]:
        """The fields of a set of columns, which never change."""
        known = self._columns.get(id)
        if known is None:
            known = self._columns[id] = columns_of(conn, id)
        return known

    def _batch(self, work: UnitOfWork, size: int) -> CaughtUp | None:
        conn = work.conn
        state, wanted = self._state(conn), self._wanted(conn)
        if state == wanted:
            return None
        judge = self.law.judge(conn, self.today())
        parts, basis = self._basis(judge)
        if only_waivers(conn, parts):
            pass_over(conn, judge, basis)
        query = (select(MEMBERS.c.id, CLOCKS.c.basis)
                 .outerjoin_from(MEMBERS, CLOCKS, MEMBERS.c.id == CLOCKS.c.member)
                 .where(~MEMBERS.c.withdrawn, or_(
                     CLOCKS.c.member.is_(None), CLOCKS.c.basis != basis,
                     CLOCKS.c.version != MEMBERS.c.version,
                     CLOCKS.c.turns_on <= judge.day.isoformat()))
                 .order_by(MEMBERS.c.id).limit(size + 1))
        found = [(id, held) for id, held in conn.execute(query)]
        ids, left = [id for id, _ in found[:size]], len(found) > size
        why = _why(conn, parts, [held for _, held in found[:size]], basis)
        decision = self._judge(work, judge, ids, why) if ids else ""
        if not left:
            conn.execute(delete(JUDGING))
            conn.execute(insert(JUDGING).values(
                id=_ONE, basis=basis, parts=orjson.dumps(parts), day=judge.day.isoformat()))
        return CaughtUp(len(ids), why, decision, left) if ids else None

    def _of_waivers(self, work: UnitOfWork, judge: CaseJudge) -> None:
        """Where a change made other waivers hold, judge those whom they may cover, unless these are
        so many that they are better caught up with."""
        conn = work.conn
        parts, basis = self._basis(judge)
        if not only_waivers(conn, parts):
            return
        pass_over(conn, judge, basis)
        query = (select(CLOCKS.c.member).where(CLOCKS.c.basis != basis)
                 .order_by(CLOCKS.c.member).limit(_BATCH + 1))
        ids = list(conn.execute(query).scalars())
        if len(ids) > _BATCH:
            return
        if ids:
            self._judge(work, judge, ids, (WAIVERS,))
        # The day stays: whether it has been caught up with is another question.
        conn.execute(update(JUDGING).values(basis=basis, parts=orjson.dumps(parts)))

    def _judge(self, work: UnitOfWork, judge: CaseJudge, ids: Sequence[str],
               why: Sequence[str]) -> str:
        """Judge members and whom they touch; returns the decision."""
        conn, basis = work.conn, self._basis(judge)[1]
        known = {id: work.touched[id] for id in ids if id in work.touched}
        known |= members(conn, (id for id in ids if id not in known))
        found = judged(conn, judge, known, lambda id: self.columns(conn, id))
        decision = work.record(decision_draft(
            judge, sorted((id, f.member.version) for id, f in found.items()),
            (o.outcome for f in found.values() if f.judgement for o in f.judgement.outcomes
             if is_kept(o)), records=_count(found), why=why))
        write(conn, judge, basis, found, decision.id)
        for listener in self._listeners:
            listener.judged(conn, judge, found)
        return decision.id

    def _wanted(self, conn: Connection) -> tuple[str, str]:
        judge = self.law.judge(conn, self.today())
        return self._basis(judge)[1], judge.day.isoformat()

    def _basis(self, judge: CaseJudge) -> tuple[dict[str, str], str]:
        """What judges, and who listens; and one hash for it."""
        parts = dict(judge.basis)
        for listener in self._listeners:
            parts |= listener.basis
        packed = orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)
        return parts, hashlib.sha256(packed).hexdigest()[:16]

    @staticmethod
    def _state(conn: Connection) -> tuple[str, str] | None:
        row = conn.execute(select(JUDGING.c.basis, JUDGING.c.day)).first()
        return None if row is None else (row.basis, row.day)


def _count(found: Mapping[str, JudgedMember]) -> int:
    return sum(f.judgement is not None for f in found.values())


def _why(conn: Connection, parts: Mapping[str, str], held: Sequence[str | None],
         basis: str) -> tuple[str, ...]:
    """Why some members are judged: what is another than the last time, or the clock."""
    row = conn.execute(select(JUDGING.c.parts)).scalar()
    said: list[str] = []
    if any(basis != known for known in held if known is not None):
        before = orjson.loads(row) if row is not None else {}
        said += [name for name, value in parts.items() if before.get(name) != value]
    if any(known == basis for known in held):
        said.append(DAY)
    if any(known is None for known in held):
        said.append(NEW)
    return tuple(said)
