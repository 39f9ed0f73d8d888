"""A member's page. In: requests. Out: the page, its parts, the member's files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from zhuanjie.engine.api import (
    DestinationAnswer,
    Finding,
    Lang,
    Outcome,
    TableRow,
    UsageError,
    ZhuanjieError,
    fail,
)
from zhuanjie.web.acts.conflicts import conflict
from zhuanjie.web.acts.possible import PossibleAct
from zhuanjie.web.acts.removal import remove_attachment, sweep
from zhuanjie.web.api.fields import Line
from zhuanjie.web.pages.errors import describe_error
from zhuanjie.web.pages.forms import FormValues
from zhuanjie.web.pages.frame import go, render
from zhuanjie.web.pages.member.facts import (
    FactSection,
    facts,
    kind_words,
    label_of,
    labelled,
    value_of,
)
from zhuanjie.web.pages.visitors import Seen, Sent, Typed, Visitor, is_part, register_of
from zhuanjie.web.pages.words import words
from zhuanjie.web.service.casefile import (
    MemberFile,
    case_file,
    choices_of,
    files_of,
    history_of,
    mending_of,
    names_of,
    open_acts_of,
)
from zhuanjie.web.service.cases import member_of
from zhuanjie.web.service.register import Register
from zhuanjie.web.service.saying import told
from zhuanjie.web.store.errors import ForbiddenError, NotFoundError
from zhuanjie.web.store.event import SYSTEM, Event
from zhuanjie.web.store.members import Member, members

router = APIRouter()
Key = Annotated[Line, Path(min_length=1)]
Sha = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]
_FIRST: Final = 10
"""Events that a page shows before somebody asks for more."""
_MORE: Final = 50
_ORDER: Final = (Outcome.VIOLATION, Outcome.UNDETERMINED, Outcome.PENDING, Outcome.WAIVED)
_SANDBOX: Final = "sandbox; default-src 'none'"
_REASON: Final = frozenset({"register.acts.reason", "register.acts.reason-long"})
_NOT_ASCII: Final = re.compile(r"[^A-Za-z0-9._-]")


@router.get("/members/{key}")
def show(request: Request, visitor: Seen, key: Key) -> Response:
    """The page of a member."""
    register = register_of(request)
    with register.store.reading(visitor.actor) as conn:
        found = case_file(register, conn, visitor.actor, key, visitor.lang)
        events, more = history_of(conn, found.member.id, limit=_FIRST)
        names = names_of(conn, _people(found, events)) | program(visitor.lang)
    if key != found.member.id:
        return go(request, f"/members/{found.member.id}")
    return render(
        request, visitor, "member/member.html", case=found, names=names,
        title=title_of(register, found.member), facts=_shown_facts(register, found, visitor.lang),
        findings=finding_groups(register, found.looked.case.findings, visitor.lang),
        deadlines=_deadlines(found.looked.case.findings),
        not_judged=sorted({o.clause for o in found.looked.case.judgement.outcomes
                           if not o.judged}),
        choices=_choices(register, found.member, found.choices, visitor.lang),
        possible=[a for a in found.acts if a.is_possible],
        barred=_barred(found.acts, visitor),
        waivable=_waivable(found, visitor), me=visitor.actor.id,
        policy=found.looked.case.judge.plan.policy.ref, day=found.looked.case.judge.day,
        editor=_editor(found.acts, register), events=shown_events(register, events, visitor.lang),
        more=more, vocabulary=register.vocabulary, kind_words=kind_words(visitor.lang))


@router.get("/members/{key}/mending")
def mending(request: Request, visitor: Seen, key: Key) -> Response:
    """The smallest changes that mend what is wrong with a member."""
    register = register_of(request)
    with register.store.reading(visitor.actor) as conn:
        member = member_of(conn, key, register.vocabulary)
        found = mending_of(register, conn, member, visitor.lang)
        open_acts = open_acts_of(register, conn, member, visitor.actor, visitor.lang)
    template = "member/_mending.html" if is_part(request) else "member/mending.html"
    return render(request, visitor, template, member=member, fix=found, act=None,
                  open_acts=open_acts, acts=register.acts.desk.acts.acts,
                  shown=_shown(register, visitor.lang), label=_label(register, visitor.lang))


@router.get("/members/{key}/choices")
def choices(request: Request, visitor: Seen, key: Key) -> Response:
    """Which values the policy's decision table allows a member; for others, what is lacking."""
    register, lang = register_of(request), visitor.lang
    with register.store.reading(visitor.actor) as conn:
        member = member_of(conn, key, register.vocabulary)
        answers, rows = choices_of(register, conn, member, lang)
    template = "member/_choices.html" if is_part(request) else "member/choices.html"
    return render(request, visitor, template, member=member, label=_label(register, lang),
                  shown=_shown(register, lang),
                  choices=_choices(register, member, answers, lang, rows))


@router.get("/members/{key}/history")
def history(request: Request, visitor: Seen, key: Key,
            before: Annotated[int | None, Query(ge=1, lt=2**53)] = None) -> Response:
    """What happened to a member, the last first."""
    register = register_of(request)
    with register.store.reading(visitor.actor) as conn:
        member = member_of(conn, key, register.vocabulary)
        events, more = history_of(conn, member.id, before=before, limit=_MORE)
        names = names_of(conn, [event.actor for event in events]) | program(visitor.lang)
    template = "member/_events.html" if is_part(request) else "member/history.html"
    return render(request, visitor, template, member=member, names=names, more=more,
                  events=shown_events(register, events, visitor.lang),
                  kind_words=kind_words(visitor.lang))


@router.get("/members/{key}/since")
def since(request: Request, visitor: Seen, key: Key,
          version: Annotated[int, Query(ge=0, lt=2**53)]) -> Response:
    """Who has changed a member since a version that somebody has before them; else nothing."""
    register = register_of(request)
    with register.store.reading(visitor.actor) as conn:
        member = members(conn, [key]).get(key)
        if member is None or member.version == version:
            return Response(status_code=204)
        changes = conflict(conn, member, version).changes
        names = names_of(conn, [str(change["actor"]) for change in changes]
                         ) | program(visitor.lang)
    return render(request, visitor, "member/_since.html", member=member, names=names,
                  changes=shown_changes(register, changes, visitor.lang),
                  kind_words=kind_words(visitor.lang))


@router.get("/members/{key}/files/{sha256}")
def file(request: Request, visitor: Seen, key: Key, sha256: Sha) -> Response:
    """A file of a member, to be kept: what somebody sent is shown by no page of ours."""
    register = register_of(request)
    with register.store.reading(visitor.actor) as conn:
        member = member_of(conn, key, register.vocabulary)
        found = next((f.file for f in files_of(conn, member.id) if f.file.sha256 == sha256), None)
    if found is None:
        raise fail(NotFoundError, "register.acts.no-file")
    end = found.type.rpartition("/")[2]
    name = found.name or f"{sha256[:16]}.{end}"
    plain = _NOT_ASCII.sub("_", name)
    return Response(register.attachments.read(sha256), media_type="application/octet-stream",
                    headers={"content-security-policy": _SANDBOX, "content-disposition":
                             f"attachment; filename=\"{plain}\"; "
                             f"filename*=UTF-8''{quote(name, safe='')}"})


@router.post("/members/{key}/files/{sha256}/remove")
def remove(request: Request, visitor: Sent, typed: Typed, key: Key, sha256: Sha) -> Response:
    """Take a file away for good, with its name."""
    register = register_of(request)
    with register.store.reading(visitor.actor) as conn:
        member = member_of(conn, key, register.vocabulary)
    doing, reason = words("member.remove_for_good", visitor.lang), typed.one("reason")
    try:
        if not reason:
            raise fail(UsageError, "register.acts.reason", act=doing)
        with register.store.change(visitor.actor) as work:
            remove_attachment(work, member.id, sha256, reason)
    except (NotFoundError, ForbiddenError):
        raise
    except ZhuanjieError as error:
        return reason_again(request, visitor, member, typed, error, doing)
    sweep(register.store, register.attachments, sha256)
    return go(request, f"/members/{member.id}#files", "member.removed")


def reason_again(request: Request, visitor: Visitor, member: Member, typed: FormValues,
                 error: ZhuanjieError, title: str) -> Response:
    """The form of what takes a reason alone, once more: what was typed, and why it was not done."""
    said, beside = describe_error(error, visitor.lang), reason_error(error, visitor.lang)
    return render(request, visitor, "member/reason.html", status=said["status"], member=member,
                  name=title_of(register_of(request), member), title=title, beside=beside,
                  action=request.url.path, said=None if beside else said,
                  reason=typed.one("reason"))


def reason_error(error: ZhuanjieError | None, lang: Lang) -> str | None:
    """What is wrong with the reason that was typed, to be said beside it; None for nothing."""
    found = error.diagnostics if error is not None else ()
    return next((told(d, lang) for d in found if d.code in _REASON), None)


def finding_groups(register: Register, findings: tuple[Finding, ...],
                   lang: Lang) -> list[tuple[str, list[tuple[Finding, list[tuple[str, str]]]]]]:
    """The findings that are reported, by outcome, each with the values that its rule read."""
    fields = register.vocabulary.fields
    return [(str(outcome), [(f, labelled(f.fields.items(), fields, lang)) for f in findings
                            if f.outcome is outcome and f.judged]) for outcome in _ORDER]


def shown_events(register: Register, events: list[Event], lang: Lang) -> list[dict[str, Any]]:
    """Events for people: what, who, when, why, from what to what."""
    known, fields = register.acts.desk.acts, register.vocabulary.fields
    out = []
    for event in events:
        act = known.acts.get(str(event.data.get("act")))
        paper = known.papers.get(str(event.data.get("paper")))
        out.append({
            "event": event, "act": getattr(act.act.title, lang) if act is not None else None,
            "about": event.data.get("clause") or event.data.get("rule")
            or (getattr(paper.paper.title, lang) if paper is not None else ""),
            "changes": [(label_of(name, fields, lang), value_of(name, was, fields, lang),
                         value_of(name, now, fields, lang))
                        for name, (was, now) in event.fields.items()],
            "files": len(event.data.get("attachments", ())),
            "erased": [label_of(name, fields, lang) for name in sorted(event.erased)
                       if not name.startswith("#")]})
    return out


def shown_changes(register: Register, changes: Any, lang: Lang) -> list[dict[str, Any]]:
    """What others changed since a version, for people."""
    acts, fields = register.acts.desk.acts.acts, register.vocabulary.fields
    return [{**change, "title": getattr(acts[change["act"]].act.title, lang)
             if change["act"] in acts else None,
             "labels": [label_of(name, fields, lang) for name in change["fields"]]}
            for change in changes]


def program(lang: Lang) -> dict[str, str]:
    """What the program itself is called among those who acted."""
    return {SYSTEM.id: words("member.the_program", lang)}


def _shown_facts(register: Register, found: MemberFile, lang: Lang) -> list[FactSection]:
    return facts(found.member.record, found.looked.columns, register.acts.desk.acts, lang)


def _deadlines(findings: Sequence[Finding]) -> tuple[list[Finding], list[Finding]]:
    """What has a day, by it: what is open, then what is in order."""
    dated = sorted((f for f in findings if f.due and f.judged), key=lambda f: str(f.due))
    done = {Outcome.SATISFIED, Outcome.WAIVED}
    return ([f for f in dated if f.outcome not in done], [f for f in dated if f.outcome in done])


def title_of(register: Register, member: Member) -> str:
    """What a member is called: by name, else by a key."""
    vocabulary, record = register.vocabulary, member.record
    for name in (vocabulary.name, *vocabulary.keys):
        if name is not None and name in record:
            return vocabulary.fields[name].shown(str(record[name]))
    return member.id


def _choices(register: Register, member: Member, answers: Sequence[DestinationAnswer],
             lang: Lang, rows: Sequence[TableRow] = ()) -> list[dict[str, Any]]:
    """Values of the decision table, each with its answer and the rows that would allow it."""
    fields = register.vocabulary.fields
    return [{"answer": each, "value": value_of(each.subject, each.kind, fields, lang),
             "subject": label_of(each.subject, fields, lang),
             "current": member.record.get(each.subject) == each.kind,
             "rows": [row for row in rows if each.kind in row.allows and row.differs
                      and each.outcome is not Outcome.SATISFIED]}
            for each in answers]


def _barred(acts: list[PossibleAct], visitor: Visitor) -> list[PossibleAct]:
    """The acts that cannot be done now, of those that the role may do at all."""
    return [a for a in acts if not a.is_possible and visitor.may(a.permission)]


def _editor(acts: list[PossibleAct], register: Register) -> str | None:
    """The act by which any field is corrected, where it is possible."""
    known = register.acts.desk.acts.acts
    return next((a.id for a in acts if a.is_possible and known[a.id].act.sets_any), None)


def _waivable(found: MemberFile, visitor: Visitor) -> frozenset[str]:
    """The clauses of which this visitor may ask for a waiver."""
    if not visitor.may("ask-waiver") or found.member.withdrawn:
        return frozenset()
    return found.looked.case.waivable


def _label(register: Register, lang: Lang) -> Any:
    return lambda name: label_of(name, register.vocabulary.fields, lang)


def _shown(register: Register, lang: Lang) -> Any:
    return lambda name, value: value_of(name, value, register.vocabulary.fields, lang)


def _people(found: MemberFile, events: list[Event]) -> Iterator[str]:
    yield from (event.actor for event in events)
    yield from (file.actor for file in found.files)
    yield from (each.asked_by for each in found.waiting)
    for waiver in found.waivers:
        yield from filter(None, (waiver.asked_by, waiver.answered_by))
