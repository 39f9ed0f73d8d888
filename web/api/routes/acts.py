"""Acts: what can be done, doing it, to one or to many. In: requests. Out: events, or refusals."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Path, Response

from zhuanjie.engine.api import Lang, TypedAct, say
from zhuanjie.web.acts.attachments import Attachment
from zhuanjie.web.acts.desk import BulkResult, findings_of
from zhuanjie.web.acts.numbers import fates
from zhuanjie.web.acts.perform import AskedAct
from zhuanjie.web.acts.possible import possible_acts
from zhuanjie.web.acts.values import input_fields
from zhuanjie.web.api.deps import Key, Language, Register, Version, Who
from zhuanjie.web.api.fields import Line
from zhuanjie.web.api.models.acts import (
    ActAsked,
    ActDone,
    ActListed,
    ActPossible,
    ActPreview,
    BulkAsked,
    BulkDone,
    BulkLine,
    NumberShown,
    SeriesSet,
)
from zhuanjie.web.api.models.base import Page
from zhuanjie.web.api.models.members import EventShown
from zhuanjie.web.api.paging import Cursor, Limit, cursor_of, row_of
from zhuanjie.web.api.problem import problem_of
from zhuanjie.web.api.routes.members import etag, event_shown, judged_now
from zhuanjie.web.service import register as service
from zhuanjie.web.service.cases import member_of
from zhuanjie.web.store.event import Actor

router = APIRouter(tags=["acts"])
_OWN_ID: Final = re.compile(r"[0-9a-f]{32}")
Repeat = Annotated[str | None, Header(
    alias="Idempotency-Key", min_length=1, max_length=150, pattern=r"^[!-~]+$",
    description="the same request with the same key is done once, and answered alike for a day")]
Act = Annotated[Line, Path(min_length=1, description="the id of an act, as `GET /acts` lists it")]


@router.get("/acts")
def list_(register: Register, _who: Who, lang: Language) -> list[ActListed]:
    """The acts of the domain."""
    acts = register.acts.desk.acts
    return [ActListed(**_listed(act, register, lang)) for act in acts.acts.values()]


@router.get("/members/{key}/acts")
def possible(register: Register, who: Who, lang: Language, key: Key) -> list[ActPossible]:
    """What can be done to a member now; for what cannot, why."""
    desk = register.acts.desk
    with register.store.reading(who) as conn:
        member = member_of(conn, key, register.vocabulary)
        found = possible_acts(desk, conn, member, who, lang=lang)
    return [ActPossible(
        **_listed(desk.acts.acts[each.id], register, lang), possible=each.is_possible,
        why_not=[say(d.code, lang, **d.args) for d in each.why_not],
        against=findings_of(each.against), asked_about=findings_of(each.asked_about))
        for each in found]


@router.post("/members/{key}/acts/{act}")
def do(register: Register, who: Who, lang: Language, key: Key, act: Act, asked: ActAsked,
       version: Version, response: Response, repeat: Repeat = None) -> ActDone:
    """Do an act. With `If-Match` only to the version that was seen."""
    member = _member(register, who, key)
    answer = register.acts.do(who, _asked(act, member, asked, version), key=repeat, lang=lang)
    if answer.repeated:
        response.headers["idempotency-replayed"] = "true"
    response.headers["etag"] = etag(answer.data["version"])
    return ActDone(**{**judged_now(register), **answer.data})


@router.post("/members/{key}/acts/{act}/preview")
def preview(register: Register, who: Who, lang: Language, key: Key, act: Act, asked: ActAsked,
            version: Version) -> ActPreview:
    """What an act would come to now; nothing is kept."""
    member = _member(register, who, key)
    found = register.acts.preview(who, _asked(act, member, asked, version), lang=lang)
    changes = found.values.changes(found.member.record)
    return ActPreview(
        **judged_now(register), act=act, member=member, version=found.member.version,
        changes={name: after for name, (_, after) in changes.items()},
        number=found.number.text if found.number else None, findings=findings_of(found.findings))


@router.post("/acts/{act}")
def do_all(register: Register, who: Who, lang: Language, act: Act, asked: BulkAsked,
           repeat: Repeat = None) -> BulkDone:
    """The same act for several members, each by itself: one that is refused holds up no other."""
    results = register.acts.do_all(who, _asked(act, "", asked, None), asked.members, key=repeat,
                                   lang=lang)
    return _bulk(register, results, lang)


@router.post("/acts/{act}/preview")
def preview_all(register: Register, who: Who, lang: Language, act: Act,
                asked: BulkAsked) -> BulkDone:
    """What the same act would come to for each of several members; nothing is kept."""
    results = register.acts.preview_all(who, _asked(act, "", asked, None), asked.members, lang=lang)
    return _bulk(register, results, lang)


@router.get("/series/{series}/numbers", tags=["series"])
def numbers(register: Register, who: Who, series: Line, limit: Limit = 50,
            cursor: Cursor = None) -> Page[NumberShown]:
    """The numbers of a series, and what became of each: gaps are explained."""
    after = row_of(cursor, series, str)
    register.acts.desk.book.require(series)
    with register.store.reading(who) as conn:
        found = fates(conn, series, after=after[0] if after else "", limit=limit + 1)
    book, page = register.acts.desk.book, found[:limit]
    last = (book.form(series, page[-1].text),) if len(found) > limit else None
    return Page(items=[NumberShown.model_validate(each) for each in page],
                next=cursor_of(last, series))


@router.put("/series/{series}", tags=["series"])
def set_series(register: Register, who: Who, series: Line, asked: SeriesSet) -> EventShown:
    """Say how a series goes on."""
    with register.store.change(who) as work:
        event = register.acts.desk.book.set_series(
            work, series, unit=asked.unit, year=asked.year, prefix=asked.prefix, next=asked.next,
            reason=asked.reason)
    return event_shown(event)


def _member(register: service.Register, who: Actor, key: str) -> str:
    if _OWN_ID.fullmatch(key):  # whether there is such a member the act itself asks
        return key
    with register.store.reading(who) as conn:
        return member_of(conn, key, register.vocabulary).id


def _asked(act: str, member: str, asked: ActAsked, version: int | None) -> AskedAct:
    return AskedAct(act, member, asked.inputs, asked.reason, version,
                    [Attachment(f.sha256, f.size, f.type, f.name) for f in asked.attachments],
                    frozenset(asked.acknowledged))


def _listed(act: TypedAct, register: service.Register, lang: Lang) -> dict[str, Any]:
    said = act.act
    files = said.attachments
    return {"id": act.id, "title": getattr(said.title, lang), "permission": said.permission,
            "moment": said.before, "inputs": input_fields(act, register.acts.desk.acts),
            "reason_needed": said.reason == "required",
            "files": (files.least, files.most) if files else (0, 0)}


def _bulk(register: service.Register, results: Iterable[BulkResult], lang: Lang) -> BulkDone:
    lines = [BulkLine(member=r.member, done=dict(r.answer) if r.answer is not None else None,
                      problem=problem_of(r.error, lang) if r.error is not None else None)
             for r in results]
    failed = sum(line.problem is not None for line in lines)
    return BulkDone(**judged_now(register), results=lines, succeeded=len(lines) - failed,
                    failed=failed)
