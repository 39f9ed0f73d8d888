"""Outcomes as rows. In: what is said of members. Out: tables brought up to it, and read again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, delete, func, select

from zhuanjie.engine.api import REPORTED, CaseJudge, CaseOutcome, Outcome
from zhuanjie.web.judging.cases import JudgedMember
from zhuanjie.web.judging.tables import CLOCKS, OUTCOMES
from zhuanjie.web.store.among import AmongTexts
from zhuanjie.web.store.inserting import insert_rows
from zhuanjie.web.store.row_security import EVERYTHING, Scope
from zhuanjie.web.store.tables import MEMBERS

_AT_ONCE = 400
_REPORTED = frozenset(REPORTED)
_SAME = ("edition", "clause", "outcome", "severity", "due", "days_late", "running", "missing",
         "waiver")
"""What makes a row another one."""


@dataclass(frozen=True, slots=True)
class MemberOutcome:
    """How a rule comes out for a member, as of a day."""

    member: str
    rule: str
    edition: str
    clause: str
    outcome: Outcome
    severity: str
    due: date | None
    days_late: int | None
    missing: tuple[str, ...]
    waiver: str | None
    since: date
    decision: str


def is_kept(outcome: CaseOutcome) -> bool:
    """Whether an outcome has a row: what an audit reports, and what falls due again."""
    if outcome.outcome in _REPORTED:
        return outcome.judged
    return outcome.recurs and outcome.due is not None


# Made once: to make a statement costs more than to run it.
_OF_MEMBERS = select(OUTCOMES).where(AmongTexts(OUTCOMES.c.member, "members"))
_NO_CLOCKS = delete(CLOCKS).where(AmongTexts(CLOCKS.c.member, "members"))


def write(conn: Connection, judge: CaseJudge, basis: str, found: Mapping[str, JudgedMember],
          decision: str) -> None:
    """Bring the rows of members up to what is said of them."""
    day = judge.day.isoformat()
    ids = sorted(found)
    for at in range(0, len(ids), _AT_ONCE):
        some = ids[at:at + _AT_ONCE]
        had: dict[str, dict[str, Mapping[Any, Any]]] = {}
        for row in conn.execute(_OF_MEMBERS, {"members": some}).mappings():
            had.setdefault(row["member"], {})[row["rule"]] = row
        gone: list[tuple[str, str]] = []
        come: list[dict[str, Any]] = []
        for id in some:
            before, now = had.get(id, {}), _rows(found[id], judge, decision)
            gone += [(id, rule) for rule in before if rule not in now]
            for rule, made in now.items():
                old = before.get(rule)
                if old is not None:
                    if all(old[name] == made[name] for name in _SAME):
                        continue
                    if old["outcome"] == made["outcome"]:
                        made["since"] = old["since"]
                    gone.append((id, rule))
                come.append(made)
        _replace(conn, some, gone, come)
        conn.execute(_NO_CLOCKS, {"members": some})
        clocks = [_clock(found[id], basis, day, decision) for id in some
                  if found[id].judgement is not None]
        if clocks:
            insert_rows(conn, CLOCKS, clocks)


def _replace(conn: Connection, some: Sequence[str], gone: Sequence[tuple[str, str]],
             come: Sequence[Mapping[str, Any]]) -> None:
    for member, rule in gone:
        conn.execute(delete(OUTCOMES).where(OUTCOMES.c.member == member, OUTCOMES.c.rule == rule))
    if come:
        insert_rows(conn, OUTCOMES, come)


def _rows(found: JudgedMember, judge: CaseJudge, decision: str) -> dict[str, dict[str, Any]]:
    if found.judgement is None:
        return {}
    day = judge.day.isoformat()
    return {o.rule: {
        "member": found.member.id, "rule": o.rule, "edition": o.edition, "clause": o.clause,
        "outcome": str(o.outcome), "severity": str(o.severity),
        "due": None if o.due is None else o.due.isoformat(),
        "days_late": None if o.running else o.days_late, "running": o.running,
        "missing": orjson.dumps(o.missing), "waiver": o.waiver, "since": day, "judged_on": day,
        "version": found.member.version, "decision": decision,
    } for o in found.judgement.outcomes if is_kept(o)}


def _clock(found: JudgedMember, basis: str, day: str, decision: str) -> dict[str, Any]:
    said = found.judgement
    assert said is not None
    return {"member": found.member.id, "basis": basis, "judged_on": day, "decision": decision,
            "turns_on": None if said.turns_on is None else said.turns_on.isoformat(),
            "version": found.member.version, "inside": said.inside,
            "not_judged": orjson.dumps(list(dict.fromkeys(
                o.clause for o in said.outcomes if not o.judged)))}


def outcomes(conn: Connection, day: date, *where: ColumnElement[bool],
             members: Iterable[str] | None = None) -> Iterator[MemberOutcome]:
    """The outcomes that are kept, by member and rule; `day` is the one that lateness counts to.

    All of `where` (over OUTCOMES) holds for them, and they are of `members` where these are given.
    """
    query = select(OUTCOMES).where(*where).order_by(OUTCOMES.c.member, OUTCOMES.c.rule)
    if members is None:
        parts = [query]
    else:
        ids = sorted(set(members))
        parts = [query.where(OUTCOMES.c.member.in_(ids[at:at + _AT_ONCE]))
                 for at in range(0, len(ids), _AT_ONCE)]
    for part in parts:
        for row in conn.execute(part):
            yield read_outcome(row, day)


def read_outcome(row: Any, day: date) -> MemberOutcome:
    """The outcome that a row of OUTCOMES keeps, as of a day."""
    due = None if row.due is None else date.fromisoformat(row.due)
    late = (day - due).days if row.running and due is not None else row.days_late
    return MemberOutcome(
        row.member, row.rule, row.edition, row.clause, Outcome(row.outcome), row.severity, due,
        late, tuple(orjson.loads(row.missing)), row.waiver, date.fromisoformat(row.since),
        row.decision)


@dataclass(frozen=True, slots=True)
class OutcomeCount:
    """How many members' outcomes are alike: of a clause, so, due on a day."""

    clause: str
    outcome: Outcome
    due: date | None
    count: int


def outcome_counts(conn: Connection, units: Scope = EVERYTHING) -> list[OutcomeCount]:
    """The outcomes of members of some units, counted by clause, outcome and day."""
    columns = OUTCOMES.c.clause, OUTCOMES.c.outcome, OUTCOMES.c.due
    query = select(*columns, func.count().label("alike")).group_by(*columns)
    if units != EVERYTHING:
        query = query.join_from(OUTCOMES, MEMBERS, OUTCOMES.c.member == MEMBERS.c.id).where(
            MEMBERS.c.unit.in_([units] if isinstance(units, str) else list(units)))
    return [OutcomeCount(row.clause, Outcome(row.outcome),
                         None if row.due is None else date.fromisoformat(row.due), row.alike)
            for row in conn.execute(query)]
