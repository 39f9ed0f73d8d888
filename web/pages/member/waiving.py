"""Waivers on a member's page: asked for, approved or refused by another, ended. In: forms. Out: the
member's page, or the form again with what was typed.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from zhuanjie.engine.api import Lang, Policy, UsageError, ZhuanjieError, fail
from zhuanjie.web.acts.waiver_rows import REQUESTED
from zhuanjie.web.acts.waivers import WaiverRequest, kept_waivers
from zhuanjie.web.api.fields import Line
from zhuanjie.web.judging.casework import look
from zhuanjie.web.pages.errors import describe_error
from zhuanjie.web.pages.forms import FormValues
from zhuanjie.web.pages.frame import go, render
from zhuanjie.web.pages.member.routes import Key, reason_again
from zhuanjie.web.pages.visitors import Seen, Sent, Typed, Visitor, register_of
from zhuanjie.web.pages.words import words
from zhuanjie.web.service.casefile import unit_title
from zhuanjie.web.service.cases import member_of
from zhuanjie.web.service.register import Register
from zhuanjie.web.store.errors import ForbiddenError, NotFoundError

router = APIRouter()
Answer = Literal["approve", "refuse", "revoke"]
Id = Annotated[str, Path(pattern=r"^[0-9a-f]{16}$")]
_ASK: Final = "ask-waiver"
_DECIDE: Final = "approve-waiver"
_NAMES: Final = ("clause", "expires", "reason", "basis")


@router.get("/members/{key}/waivers")
def form(request: Request, visitor: Seen, key: Key,
         clause: Annotated[Line, Query()] = "") -> Response:
    """The form by which a waiver is asked for."""
    return _form(request, visitor, key, {"clause": clause})


@router.post("/members/{key}/waivers")
def ask(request: Request, visitor: Sent, typed: Typed, key: Key) -> Response:
    """Ask for a waiver; one that waits for its answer is not asked for twice."""
    register = register_of(request)
    values = {name: typed.one(name) for name in _NAMES}
    try:
        expires = _day(values["expires"])
        if expires < register.day():
            raise fail(UsageError, "register.acts.waiver-past", day=expires.isoformat())
        with register.store.change(visitor.actor) as work:
            member = member_of(work.conn, key, register.vocabulary)
            waiting = any(each.clause == values["clause"] for each in kept_waivers(
                work.conn, member=member.id, state=REQUESTED))
            if not waiting:
                register.waivers.request(work, WaiverRequest(
                    expires, values["reason"], clause=values["clause"] or None,
                    member=member.id, basis=values["basis"] or None))
    except (NotFoundError, ForbiddenError):
        raise
    except ZhuanjieError as error:
        return _form(request, visitor, key, values, error)
    return go(request, f"/members/{member.id}#waivers",
              "member.waiver_waits" if waiting else "member.waiver_asked")


@router.post("/members/{key}/waivers/{id}/{answer}")
def answer(request: Request, visitor: Sent, typed: Typed, key: Key, id: Id,
           answer: Answer) -> Response:
    """Approve a waiver that somebody else asked for, refuse it, or end one."""
    register = register_of(request)
    with register.store.reading(visitor.actor) as conn:
        member = member_of(conn, key, register.vocabulary)
        if id not in {each.id for each in kept_waivers(conn, member=member.id)}:
            raise fail(NotFoundError, "register.acts.no-waiver")
    try:
        with register.store.change(visitor.actor) as work:
            _answer(register, work, id, answer, typed, visitor.lang)
    except NotFoundError:
        raise
    except ZhuanjieError as error:  # who may, but has shown no one-time code yet, keeps the reason
        if isinstance(error, ForbiddenError) and not visitor.may(_DECIDE):
            raise
        return reason_again(request, visitor, member, typed, error,
                            words(f"member.waiver_{answer}", visitor.lang))
    return go(request, f"/members/{member.id}#waivers", f"member.waiver_done_{answer}")


def _answer(register: Register, work: Any, id: str, answer: Answer, typed: FormValues,
            lang: Lang) -> None:
    reason = typed.one("reason")
    if answer == "approve":
        register.waivers.approve(work, id, reason=reason or None)
    elif not reason:
        raise fail(UsageError, "register.acts.reason", act=words(f"member.waiver_{answer}", lang))
    elif answer == "refuse":
        register.waivers.refuse(work, id, reason=reason)
    else:
        register.waivers.revoke(work, id, reason=reason)


def _form(request: Request, visitor: Visitor, key: str, values: dict[str, str],
          error: ZhuanjieError | None = None) -> Response:
    visitor.need(_ASK)
    register, lang = register_of(request), visitor.lang
    with register.store.reading(visitor.actor) as conn:
        member = member_of(conn, key, register.vocabulary)
        case = look(register.judging, conn, member, lang)
        unit = unit_title(conn, member.unit)
    policy, day = case.judge.plan.policy, register.day()
    clauses = [(id, f"{id} {getattr(policy.clauses[id].text, lang)}")
               for id in policy.clauses if id in case.waivable]
    vocabulary, record = register.vocabulary, member.record
    said = describe_error(error, lang) if error is not None else None
    return render(
        request, visitor, "member/waiver.html", status=422 if said else 200,
        member=member, unit=unit, said=said, clauses=clauses,
        title=str(record.get(vocabulary.name or "") or member.id),
        values={**dict.fromkeys(_NAMES, ""), **values}, today=day.isoformat(),
        findings=[f for f in case.against if f.judged and f.clause == values.get("clause")],
        longest=policy.waiver_limits.longest_days, latest=_latest(policy, day))


def _latest(policy: Policy, day: date) -> str | None:
    """The last day on which a waiver that begins today may end; None where there is no limit."""
    longest = policy.waiver_limits.longest_days
    return None if longest is None else (day + timedelta(days=longest - 1)).isoformat()


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise fail(UsageError, "register.board.day") from None
