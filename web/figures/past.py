"""Figures of past days. In: a register, a day. Out: what they were at its end, by the law of then.

They are worked out by auditing the members as they were: whoever audits the register as of that day
finds the same. What was worked out is kept until something would have it come out otherwise: an
erasure, another policy for that day, waivers that are others.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, tzinfo
from pathlib import Path
from typing import Any, Final

import orjson
from sqlalchemy import Connection, delete, func, insert, select, update

from zhuanjie.engine.api import (
    CaseJudge,
    Finding,
    Others,
    Outcome,
    Policy,
    RegisterActs,
    Report,
    audit,
    steps_of,
)
from zhuanjie.web.figures.counted import (
    DARK_MEMBERS,
    MEMBER,
    MEMBERS_OF,
    NOT_JUDGED,
    STATE,
    STEPS,
    MemberStanding,
    Said,
    Tally,
    listed,
    mark,
    standing,
    tallies,
)
from zhuanjie.web.figures.keep import basis_of
from zhuanjie.web.figures.tables import FIGURE_DAYS, PAST_FIGURES, PAST_STANDINGS
from zhuanjie.web.judging.given import given_tables
from zhuanjie.web.judging.law import Law
from zhuanjie.web.judging.past import PastMember, last_event, members_at
from zhuanjie.web.judging.sharing import Place, hashed
from zhuanjie.web.store.inserting import insert_rows
from zhuanjie.web.store.tables import EVENTS

KEPT_DAYS: Final = 60
"""How many past days are kept: those that were looked at last."""
_VERSION: Final = 2
"""Another one has past days worked out anew."""
_REDACTED: Final = "values.redacted"
_AT_ONCE: Final = 2000
Progress = Callable[[int, int | None], None]


@dataclass(frozen=True, slots=True)
class PastDay:
    """A past day that was worked out: up to which event, by which policy and decision."""

    day: date
    upto: int
    policy: str
    decision: str


@dataclass(frozen=True, slots=True)
class StoodMember:
    """A member as it was, and how it stood."""

    member: PastMember
    standing: MemberStanding


@dataclass(frozen=True, slots=True)
class WorkedOut:
    """What came of working a day out. `report` is None where there was nobody to audit."""

    day: date
    upto: int
    basis: str
    report: Report | None
    members: Sequence[StoodMember]


class PastFigures:
    """Works past days out, and tells which are; safe to share among threads."""

    def __init__(self, law: Law, acts: RegisterActs, zone: tzinfo | None) -> None:
        self._law, self._acts, self._zone = law, acts, zone

    def known(self, conn: Connection, day: date) -> PastDay | None:
        """The day as it was worked out; None where it was not, or would come out otherwise."""
        row = conn.execute(select(FIGURE_DAYS).where(
            FIGURE_DAYS.c.day == day.isoformat())).first()
        if row is None or row.basis != self.basis(conn, day):
            return None
        return PastDay(day, row.upto, row.policy, row.decision)

    def basis(self, conn: Connection, day: date) -> str:
        """A hash of all that decides how a day comes out."""
        upto = last_event(conn, day, self._zone)
        erased = conn.execute(select(func.count()).select_from(EVENTS).where(
            EVENTS.c.kind == _REDACTED)).scalar_one()
        policy = self._law.policy(day)
        held = [upto, erased, policy.ref.sha256, sorted(map(str, policy.values(day).items())),
                _VERSION, basis_of(self._acts), list(self._law.waivers(conn, upto))]
        return hashlib.sha256(orjson.dumps(held, default=str)).hexdigest()[:16]

    def looked_at(self, conn: Connection, day: date, at: str) -> None:
        """Note that somebody wants a day, so that it stays."""
        conn.execute(update(FIGURE_DAYS).where(FIGURE_DAYS.c.day == day.isoformat())
                     .values(looked_at=at))

    def audited(self, conn: Connection, day: date,
                progress: Progress = lambda _done, _whole: None) -> WorkedOut:
        """Audit the members as they were at the end of a day."""
        upto, policy = last_event(conn, day, self._zone), self._law.policy(day)
        basis, waivers = self.basis(conn, day), self._law.waivers(conn, upto)
        then = [m for m in members_at(conn, upto) if not m.withdrawn]
        tables = given_tables(then, "register")
        report = _audit(tables, policy, day, waivers, progress) if tables else None
        dark = self._dark(then, self._law.judge(conn, day, upto=upto)) \
            if report is not None and report.summary.not_judged else {}
        return WorkedOut(day, upto, basis, report,
                         list(self._standings(then, report, dark, policy, day)))

    def _dark(self, then: Sequence[PastMember], judge: CaseJudge) -> dict[str, list[Said]]:
        """What was not judged of whom for want of columns: an audit counts it, and names nobody."""
        known = [member for member in then if member.columns]
        places = {m.id: {(rule, hashed(place.key)): place.sure for rule, place
                         in judge.places(judge.typed(m.record), m.columns).items()} for m in known}
        sure, everyone = Counter[Place](), Counter[Place]()
        for own in places.values():
            everyone.update(list(own))
            sure.update(place for place, surely in own.items() if surely)
        found = {}
        for member in known:
            own = places[member.id]
            others = {place[0]: Others(sure[place] - surely, everyone[place] - 1)
                      for place, surely in own.items()}
            said = judge.judge(judge.typed(member.record), member.columns, others,
                               all_outcomes=False)
            found[member.id] = [Said(o.clause, o.outcome, judged=False)
                                for o in said.outcomes if not o.judged]
        return found

    def _standings(self, then: Sequence[PastMember], report: Report | None,
                   dark: Mapping[str, Sequence[Said]], policy: Policy,
                   day: date) -> Iterator[StoodMember]:
        found: defaultdict[str, list[Finding]] = defaultdict(list)
        for each in report.findings if report is not None else ():
            if each.share is None and each.location.entry is not None:
                found[each.location.entry].append(each)
        done = {(rule.id, rule.edition.label if rule.edition else ""): rule.rule.deadline.done
                for rule in policy.rules if rule.rule.deadline is not None}
        for member in then:
            said = [Said(f.clause, f.outcome, _late_since(f, member, done, day))
                    for f in found.get(member.id, ()) if f.judged]
            said += dark.get(member.id, ())
            yield StoodMember(member, standing(said, steps_of(member.record, self._acts, day)))


def keep(conn: Connection, worked: WorkedOut, *, decision: str, at: str) -> None:
    """Keep a day that was worked out."""
    day = worked.day.isoformat()
    forget(conn, [day])
    sums: Counter[tuple[str, str, str]] = Counter()
    batch: list[dict[str, Any]] = []
    for stood in worked.members:
        member, made = stood.member, stood.standing
        for (figure, key), count in made.counts.items():
            sums[member.unit, figure, key] += count
        batch.append({"day": day, "subject": member.id, "unit": member.unit, "state": made.state,
                      "late_since": made.late_since, "steps": listed(made.steps),
                      "marks": listed([*made.keys(MEMBERS_OF), *(
                          mark(NOT_JUDGED, clause) for clause in made.keys(DARK_MEMBERS))])})
        if len(batch) >= _AT_ONCE:
            insert_rows(conn, PAST_STANDINGS, batch)
            batch = []
    if batch:
        insert_rows(conn, PAST_STANDINGS, batch)
    report = worked.report
    figures = [{"day": day, "unit": unit, "figure": figure, "key": key, "number": count}
               for (unit, figure, key), count in sums.items()]
    for start in range(0, len(figures), _AT_ONCE):
        conn.execute(insert(PAST_FIGURES), figures[start:start + _AT_ONCE])
    policy = report.policy.sha256 if report is not None else ""
    conn.execute(insert(FIGURE_DAYS).values(
        day=day, upto=worked.upto, basis=worked.basis, policy=policy, decision=decision,
        looked_at=at))
    old = conn.execute(select(FIGURE_DAYS.c.day).order_by(
        FIGURE_DAYS.c.looked_at.desc()).offset(KEPT_DAYS)).scalars()
    forget(conn, list(old))


def forget(conn: Connection, days: Sequence[str]) -> None:
    """Take away what was worked out of days."""
    for table in (PAST_STANDINGS, PAST_FIGURES, FIGURE_DAYS):
        if days:
            conn.execute(delete(table).where(table.c.day.in_(list(days))))


def past(conn: Connection, day: date, figures: Sequence[str]) -> dict[str, Tally]:
    """The sums of these figures of every unit that is seen, as they were at the end of a day."""
    return tallies((row.unit, row.figure, row.key, row.number) for row in conn.execute(
        select(PAST_FIGURES).where(PAST_FIGURES.c.day == day.isoformat(),
                                   PAST_FIGURES.c.figure.in_(list(figures)))))


def past_sums(conn: Connection, day: date, units: Sequence[str]) -> Tally:
    """All sums of these units together, as they were at the end of a day."""
    made = Tally()
    for row in conn.execute(
            select(PAST_FIGURES.c.figure, PAST_FIGURES.c.key,
                   func.sum(PAST_FIGURES.c.number).label("sum"))
            .where(PAST_FIGURES.c.day == day.isoformat(), PAST_FIGURES.c.unit.in_(list(units)))
            .group_by(PAST_FIGURES.c.figure, PAST_FIGURES.c.key)):
        made.add(row.figure, row.key, int(row.sum))
    return made


def trend(conn: Connection, days: Sequence[date], units: Sequence[str]) -> dict[date, Tally]:
    """How the members of units stood, and how far they had come, on days that were worked out."""
    known = set(conn.execute(select(FIGURE_DAYS.c.day)).scalars())
    wanted = [day for day in days if day.isoformat() in known]
    out = {day: Tally() for day in wanted}
    rows = conn.execute(
        select(PAST_FIGURES.c.day, PAST_FIGURES.c.figure, PAST_FIGURES.c.key,
               func.sum(PAST_FIGURES.c.number).label("sum"))
        .where(PAST_FIGURES.c.day.in_([day.isoformat() for day in wanted]),
               PAST_FIGURES.c.figure.in_((MEMBER, STATE, STEPS)),
               PAST_FIGURES.c.unit.in_(list(units)))
        .group_by(PAST_FIGURES.c.day, PAST_FIGURES.c.figure, PAST_FIGURES.c.key))
    for row in rows:
        out[date.fromisoformat(row.day)].add(row.figure, row.key, int(row.sum))
    return out


def _audit(tables: Sequence[Any], policy: Policy, day: date, waivers: Sequence[Mapping[str, Any]],
           progress: Progress) -> Report:
    with tempfile.TemporaryDirectory() as folder:
        given = []
        if waivers:
            file = Path(folder) / "waivers.yaml"
            file.write_bytes(orjson.dumps({"waivers": [dict(w) for w in waivers]}, default=str))
            given.append(file)
        return audit(tables, policy, as_of=day, waivers=given, progress=progress)


def _late_since(found: Finding, member: PastMember, done: Mapping[tuple[str, str], str],
                day: date) -> date | None:
    """Since when what a finding says is overdue, where it was at the end of the day."""
    if found.outcome is not Outcome.VIOLATION or found.due is None \
            or found.days_late != (day - found.due).days:
        return None
    value = member.record.get(done.get((found.rule, found.edition), ""))
    return None if value is not None and str(value) <= day.isoformat() else found.due
