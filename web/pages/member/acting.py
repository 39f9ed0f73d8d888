"""Acts on a member's page. In: forms. Out: acts done, judged while they are typed, or refused.

Nothing that was typed is lost: a form that is refused comes back as it was, with what somebody else
has changed meanwhile beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Request
from sqlalchemy import Connection
from starlette.responses import Response

from zhuanjie.engine.api import (
    Diagnostic,
    InputError,
    TypedAct,
    UsageError,
    ZhuanjieError,
    fail,
)
from zhuanjie.web.access.users import called
from zhuanjie.web.acts.conflicts import conflict
from zhuanjie.web.acts.perform import AskedAct
from zhuanjie.web.api.fields import Line
from zhuanjie.web.pages.errors import describe_error
from zhuanjie.web.pages.forms import FormValues
from zhuanjie.web.pages.frame import go, render
from zhuanjie.web.pages.member.facts import (
    kind_words,
    label_of,
    section_with,
    sections_of,
    value_of,
)
from zhuanjie.web.pages.member.routes import Key, program, reason_error, shown_changes, title_of
from zhuanjie.web.pages.member.typing import (
    VALUE,
    TypedForm,
    errors_shown,
    form_fields,
    new_key,
    typed_form,
    with_files,
)
from zhuanjie.web.pages.visitors import Seen, Sent, Typed, Visitor, register_of
from zhuanjie.web.service.attaching import receive_file
from zhuanjie.web.service.casefile import names_of, open_acts_of, unit_title
from zhuanjie.web.service.cases import member_of
from zhuanjie.web.service.drafting import ActDraft, draft_act
from zhuanjie.web.service.register import Register
from zhuanjie.web.service.saying import told
from zhuanjie.web.store.errors import ConflictError, NotFoundError, RefusedError
from zhuanjie.web.store.members import Member

router = APIRouter()
Act = Annotated[Line, Path(min_length=1)]
UPLOADS: Final = (r"/members/[^/]+/acts/[^/]+",)
"""The forms that may bring files."""
_AGAIN: Final = (ConflictError, InputError, RefusedError, UsageError)


@dataclass(frozen=True, slots=True)
class _Shown:
    """What an act's form shows besides the form: where it stands, what became of the last try."""

    again: TypedForm | None = None
    error: ZhuanjieError | None = None
    resumed: bool = False


@router.get("/members/{key}/acts/{act}")
def form(request: Request, visitor: Seen, key: Key, act: Act) -> Response:
    """The form of an act."""
    return _form(request, visitor, key, act, _Shown())


@router.post("/members/{key}/acts/{act}")
def do(request: Request, visitor: Sent, typed: Typed, key: Key, act: Act) -> Response:
    """Do an act; what is refused comes back with its form."""
    register = register_of(request)
    with register.store.reading(visitor.actor) as conn:
        member = member_of(conn, key, register.vocabulary)
    sent = typed_form(typed, _act(register, act), member.id)
    try:
        sent = with_files(sent, [receive_file(register, visitor.actor, file.file, file.filename)
                                 for file in typed.files("file")])
        register.acts.do(visitor.actor, replace(sent.asked, expected_version=sent.version),
                         key=sent.once, lang=visitor.lang)
    except _AGAIN as error:
        return _form(request, visitor, key, act, _Shown(sent, error))
    return go(request, f"/members/{member.id}", "member.done")


@router.post("/members/{key}/acts/{act}/judge")
def judge(request: Request, visitor: Sent, typed: Typed, key: Key, act: Act) -> Response:
    """What an act would come to as far as it is typed; nothing is kept."""
    register = register_of(request)
    with register.store.reading(visitor.actor) as conn:
        member = member_of(conn, key, register.vocabulary)
        sent = typed_form(typed, _act(register, act), member.id)
        draft = draft_act(register, conn, visitor.actor, sent.asked, visitor.lang)
        since = _since(register, conn, member, sent.version, visitor)
        open_acts = _open_acts(register, conn, draft, visitor)
    return render(request, visitor, "member/_judged.html", since=since,
                  open_acts=open_acts, **_judged(register, visitor, draft, sent.asked))


def resume(request: Request, visitor: Visitor, typed: FormValues, key: str, act: str) -> Response:
    """The form of an act as it was when the session ended."""
    register = register_of(request)
    with register.store.reading(visitor.actor) as conn:
        member = member_of(conn, key, register.vocabulary)
    return _form(request, visitor, key, act, _Shown(
        typed_form(typed, _act(register, act), member.id), resumed=True))


RESUMES: Final = {r"/members/([^/]+)/acts/([^/]+)(?:/judge)?": resume}


def _form(request: Request, visitor: Visitor, key: str, name: str, shown: _Shown) -> Response:
    register, lang, again = register_of(request), visitor.lang, shown.again
    acts, act = register.acts.desk.acts, _act(register, name)
    prefilled = {} if again else {
        n.removeprefix(VALUE): v for n, v in request.query_params.items() if n.startswith(VALUE)}
    with register.store.reading(visitor.actor) as conn:
        member = member_of(conn, key, register.vocabulary)
        asked = again.asked if again else AskedAct(name, member.id, _sent(act, prefilled))
        draft = draft_act(register, conn, visitor.actor, asked, lang)
        since = _since(register, conn, member, again.version if again else None, visitor)
        unit = unit_title(conn, member.unit)
        open_acts = _open_acts(register, conn, draft, visitor)
        who = called(conn, visitor.actor.id)
    section = request.query_params.get("section") or next(
        (found for n in (*prefilled, *asked.inputs) if (found := section_with(acts, n))), None)
    fields = form_fields(act, acts, member, who, register.day(), lang, section=section,
                         prefilled={n: v for n, v in prefilled.items() if v}, again=again)
    if again is not None:
        lacking = {n: Diagnostic("register.acts.lacking", {"field": label_of(n, acts.fields, lang),
                                                           "act": act.act.title})
                   for n in draft.lacking}
        fields = errors_shown(fields, {**lacking, **draft.unread}, acts.fields, lang)
    said = describe_error(shown.error, lang, acts.fields) if shown.error is not None else None
    return render(
        request, visitor, "member/act.html", status=said["status"] if said else 200,
        unit=unit, title=title_of(register, member), act_=act.act, act_id=name,
        fields=fields, said=said, is_conflict=isinstance(shown.error, ConflictError), since=since,
        version=member.version, once=new_key(), section=section, open_acts=open_acts,
        sections=[(id, title) for id, title, names in sections_of(acts)
                  if act.act.sets_any and names],
        reason=asked.reason or "", reason_error=reason_error(shown.error, lang),
        files=asked.attachments, resumed=shown.resumed,
        **_judged(register, visitor, draft, asked))


def _judged(register: Register, visitor: Visitor, draft: ActDraft,
            asked: AskedAct) -> dict[str, Any]:
    """What the part shows that says what an act would come to."""
    fields, lang = register.vocabulary.fields, visitor.lang
    return {
        "draft": draft, "unread": {n: told(d, lang, fields) for n, d in draft.unread.items()},
        "against": [told(d, lang, fields) for d in (*draft.obstacles, *draft.invalid)],
        "acknowledged": asked.acknowledged, "fix": draft.fix,
        "act": draft.act.id, "acts": register.acts.desk.acts.acts, "member": draft.member,
        "changes": [(label_of(n, fields, lang), value_of(n, was, fields, lang),
                     value_of(n, now, fields, lang)) for n, (was, now) in draft.changes.items()],
        "kind_words": kind_words(lang), "label": lambda name: label_of(name, fields, lang),
        "shown": lambda name, value: value_of(name, value, fields, lang)}


def _open_acts(register: Register, conn: Connection, draft: ActDraft,
               visitor: Visitor) -> frozenset[str]:
    """The acts that are possible, where what would mend an act asks for some."""
    if draft.fix is None:
        return frozenset()
    return open_acts_of(register, conn, draft.member, visitor.actor, visitor.lang)


def _since(register: Register, conn: Connection, member: Member, version: int | None,
           visitor: Visitor) -> dict[str, Any] | None:
    """What others changed since the form was made; None where nobody did."""
    if version is None or version == member.version:
        return None
    changes = conflict(conn, member, version).changes
    return {"changes": shown_changes(register, changes, visitor.lang),
            "names": names_of(conn, [str(change["actor"]) for change in changes])
            | program(visitor.lang)}


def _sent(act: TypedAct, prefilled: Mapping[str, str]) -> dict[str, str]:
    """The values that a link brings, of those that an act takes."""
    said = act.act
    return {n: v for n, v in prefilled.items() if v and (
        (n in said.sets and said.sets[n].input is not None)
        or (said.sets_any and n not in said.not_fields))}


def _act(register: Register, name: str) -> TypedAct:
    act = register.acts.desk.acts.acts.get(name)
    if act is None:
        raise fail(NotFoundError, "register.none")
    return act
