"""One member looked at. In: a connection, a member, perhaps what is about to change. Out: findings.

Here outcomes are put into words, and acts are tried before they are done: the record is judged as
it would be, at a moment that the policy names, counted with those who share its keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection

from zhuanjie.engine.api import CaseJudge, CaseJudgement, Finding, Lang, Location, Others, Outcome
from zhuanjie.web.judging.decisions import decision_draft
from zhuanjie.web.judging.judging import Judging
from zhuanjie.web.judging.sharing import counts_of, hashed, places_of, waiver_place
from zhuanjie.web.store.change import UnitOfWork
from zhuanjie.web.store.event import Event
from zhuanjie.web.store.members import Member

_ALONE = Others()


@dataclass(frozen=True, slots=True)
class CaseView:
    """What is said of a member: outcomes, and all of them in words."""

    member: Member
    judge: CaseJudge
    judgement: CaseJudgement
    findings: tuple[Finding, ...]
    before: str | None = None

    @property
    def waivable(self) -> frozenset[str]:
        """The clauses that are violated and may be waived."""
        clauses = self.judge.plan.policy.clauses
        return frozenset(f.clause for f in self.against
                         if f.judged and f.clause in clauses and clauses[f.clause].waivable)

    @property
    def against(self) -> list[Finding]:
        """The findings that speak against an act: violations that nobody waived."""
        return [f for f in self.findings if f.outcome is Outcome.VIOLATION]

    @property
    def undone(self) -> list[Finding]:
        """What has to be done by this very day and is not: too late once the moment has passed."""
        return [f for f in self.findings if f.outcome is Outcome.PENDING
                and f.due is not None and f.due <= self.judge.day]

    @property
    def open(self) -> list[Finding]:
        """The findings of which it is not known how they come out."""
        return [f for f in self.findings if f.outcome is Outcome.UNDETERMINED]


class ClearanceAnswer(StrEnum):
    """Whether something may be done."""

    YES = "yes"
    NO = "no"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Clearance:
    """Whether a member may pass a moment, by which findings, under which decision."""

    answer: ClearanceAnswer
    case: CaseView
    decision: str


def look(judging: Judging, conn: Connection, member: Member, lang: Lang, *,
         values: Mapping[str, Any] | None = None, before: str | None = None,
         day: date | None = None) -> CaseView:
    """How every rule comes out for a member today, or as of another day, in words.

    With `values` (plain; None takes one away) the record is judged as it would be with them; with
    `before` it is at a moment of the policy, the act taken to be done. Rules that do not apply are
    left out. Raises UsageError for a moment that there is not.
    """
    judge = judging.law.judge(conn, day or judging.today(), before=before)
    given = as_it_would_be(judging, conn, judge, member, values)
    judgement = judge.judge(given.typed, given.columns, given.others, _beyond(conn, judge))
    findings = judge.findings(judgement, given.typed, given.columns, Location(entry=member.id),
                              lang)
    return CaseView(member, judge, judgement, tuple(findings), before)


@dataclass(frozen=True, slots=True)
class CaseGiven:
    """What is judged: a typed record, the columns that are known, who shares its keys."""

    typed: dict[str, Any]
    columns: frozenset[str]
    others: Mapping[str, Others]


def as_it_would_be(judging: Judging, conn: Connection, judge: CaseJudge, member: Member,
                   values: Mapping[str, Any] | None = None) -> CaseGiven:
    """A member's record with `values` (plain; None takes one away), ready to be judged."""
    record = dict(member.record)
    columns = judging.columns(conn, member.columns)
    for name, value in (values or {}).items():
        record[name] = value
        columns |= {name}
    typed = judge.typed({name: value for name, value in record.items() if value is not None})
    return CaseGiven(typed, columns, _others(conn, judge, member.id, typed, columns))


def _others(conn: Connection, judge: CaseJudge, id: str, typed: dict[str, Any],
            columns: frozenset[str]) -> dict[str, Others]:
    """How many others are counted under the keys of a record that may not be kept yet."""
    places = {rule: (rule, hashed(place.key))
              for rule, place in judge.places(typed, columns).items()}
    counts, own = counts_of(conn, places.values()), places_of(conn, [id]).get(id, {})
    out = {}
    for rule, place in places.items():
        all_ = counts.get(place, _ALONE)
        out[rule] = Others(all_.sure - own[place], all_.all - 1) if place in own else all_
    return out


def _beyond(conn: Connection, judge: CaseJudge) -> frozenset[str]:
    counts = counts_of(conn, map(waiver_place, judge.limits))
    return frozenset(id for id, most in judge.limits.items()
                     if counts.get(waiver_place(id), _ALONE).sure > most)


def decide(work: UnitOfWork, case: CaseView) -> Event:
    """Keep that a case was answered; the event's id is that of the decision."""
    return work.record(decision_draft(
        case.judge, [case.member.id, case.member.version, dict(case.member.record)],
        (o.outcome for o in case.judgement.outcomes), records=1, moment=case.before,
        about=case.member.id))


def clearance(judging: Judging, work: UnitOfWork, member: Member, moment: str,
              lang: Lang) -> Clearance:
    """Whether a member may pass a moment of the policy, such as the one before they leave.

    No where a rule that is asked then would be broken, or what is due by then is not done; unclear
    where it is not known whether one is, or where the policy does not speak of the member.
    """
    case = look(judging, work.conn, member, lang, before=moment)
    if case.against or case.undone:
        answer = ClearanceAnswer.NO
    elif case.open or not case.judgement.inside:
        answer = ClearanceAnswer.UNCLEAR
    else:
        answer = ClearanceAnswer.YES
    return Clearance(answer, case, decide(work, case).id)
