"""Members: lists, one of them, what happened to it. In: requests. Out: what the register holds."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from zhuanjie.report import json_shape
from zhuanjie.web.api.deps import Key, Language, Register, Who
from zhuanjie.web.api.fields import Line
from zhuanjie.web.api.models.base import FindingShown, Page, PolicyUsed
from zhuanjie.web.api.models.members import (
    DeadlineShown,
    EventShown,
    MemberListed,
    MemberShown,
    RegisterSummary,
    ValueChange,
)
from zhuanjie.web.api.paging import Cursor, Limit, cursor_of, row_of
from zhuanjie.web.judging.casework import CaseView
from zhuanjie.web.service import register as service
from zhuanjie.web.service.cases import looked_at, member_of, totals
from zhuanjie.web.service.listing import MemberQuery, Order, list_members
from zhuanjie.web.store.event import Event
from zhuanjie.web.store.history import events
from zhuanjie.web.store.tables import EVENTS

router = APIRouter(tags=["members"])
Several = Annotated[list[Line], Query(max_length=50)]


@router.get("/members")
def list_(register: Register, who: Who, limit: Limit = 50, cursor: Cursor = None,
          unit: Several = [], outcome: Several = [], clause: Several = [],  # noqa: B006  # FastAPI copies it
          search: Annotated[Line, Query(description="a part of a name, or of a key")] = "",
          due_by: Annotated[date | None, Query()] = None, withdrawn: bool = False,
          order: Order = "id") -> Page[MemberListed]:
    """Members, page by page, with how many rules come out how."""
    asked = MemberQuery(unit, search, outcome, clause, due_by.isoformat() if due_by else None,
                        withdrawn, order)
    after = row_of(cursor, order, int if order == "changed" else str, str)
    with register.store.reading(who) as conn:
        rows, last = list_members(conn, asked, register.vocabulary, limit=limit,
                                  after=(after[0], after[1]) if after else None)
    register.reads.note(who, "list", len(rows))
    return Page(items=[MemberListed.model_validate(row) for row in rows],
                next=cursor_of(last, order))


@router.get("/summary")
def summary(register: Register, who: Who) -> RegisterSummary:
    """How many members there are, and how many rules come out how: in all, by clause, by unit."""
    day = register.day()
    with register.store.reading(who) as conn:
        found = totals(conn)
    return RegisterSummary(policy=policy_used(register.policy(day).ref), as_of=day,
                   decision=found.decision, members=found.members, outcomes=found.outcomes,
                   by_clause=dict(found.by_clause), by_unit=dict(found.by_unit))


@router.get("/members/{key}")
def show(register: Register, who: Who, lang: Language, key: Key,
         response: Response) -> MemberShown:
    """A member: the record, what is said of it today, what is due. `ETag` is its version."""
    with register.store.reading(who) as conn:
        member = member_of(conn, key, register.vocabulary)
        looked = looked_at(register.judging, conn, member, lang)
    case = looked.case
    response.headers["etag"] = etag(member.version)
    return MemberShown(
        id=member.id, unit=member.unit, version=member.version, withdrawn=member.withdrawn,
        record=member.record, columns=sorted(looked.columns), inside=case.judgement.inside,
        not_judged=sorted({o.clause for o in case.judgement.outcomes if not o.judged}),
        **judged(case, looked.decision), findings=findings_shown(case), deadlines=[
            DeadlineShown(rule=f.rule, clause=f.clause, due=f.due, outcome=str(f.outcome),
                     days_late=f.days_late, message=f.message)
            for f in sorted(case.findings, key=lambda f: f.due or date.max) if f.due])


@router.get("/members/{key}/events")
def history(register: Register, who: Who, key: Key, limit: Limit = 50,
            cursor: Cursor = None) -> Page[EventShown]:
    """What happened to a member, in order."""
    after = row_of(cursor, "seq", int)
    with register.store.reading(who) as conn:
        member = member_of(conn, key, register.vocabulary)
        found = list(events(conn, EVENTS.c.member == member.id, after=after[0] if after else 0,
                            limit=limit + 1))
    page = found[:limit]
    return Page(items=[event_shown(event) for event in page],
                next=cursor_of((page[-1].seq,) if len(found) > limit else None, "seq"))


def etag(version: int) -> str:
    """A version as HTTP has it."""
    return f'"{version}"'


def event_shown(event: Event) -> EventShown:
    """An event as answers have it."""
    return EventShown(
        seq=event.seq, id=event.id, at=event.at, kind=event.kind, member=event.member,
        unit=event.unit, actor=event.actor, role=event.role, via=event.via, data=dict(event.data),
        values={name: ValueChange(before=_plain(before), after=_plain(after))
                for name, (before, after) in event.values.items()},
        reason=event.reason, erased=sorted(event.erased))


def findings_shown(case: CaseView) -> list[FindingShown]:
    """The findings of a case, but for those that only absent columns could decide."""
    return [FindingShown(**json_shape.finding(found)) for found in case.findings if found.judged]


def judged(case: CaseView, decision: str | None) -> dict[str, Any]:
    """What every answer that judges carries."""
    return {"policy": policy_used(case.judge.plan.policy.ref), "as_of": case.judge.day,
            "decision": decision}


def judged_now(register: service.Register) -> dict[str, Any]:
    """What answers carry that have a decision of their own, or none."""
    day = register.day()
    return {"policy": policy_used(register.policy(day).ref), "as_of": day, "decision": None}


def policy_used(ref: Any) -> PolicyUsed:
    """Which policy judged."""
    return PolicyUsed(id=ref.id, version=ref.version, sha256=ref.sha256)


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int | str) else str(value)
