"""One act for many cases. In: a selection. Out: what would become of it, then what did.

Nothing is done before it was shown: the preview says what would be changed, and of whom it is
refused, with the clause and what mends it. A whole list is looked at and done by jobs, each with a
page that can be left and found again.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from zhuanjie.engine.api import TypedAct, fail
from zhuanjie.web.acts.perform import AskedAct
from zhuanjie.web.acts.values import input_fields, unknown_act
from zhuanjie.web.pages.forms import FormValues, whole_number
from zhuanjie.web.pages.frame import go, render
from zhuanjie.web.pages.members.query import filter_at, query_of
from zhuanjie.web.pages.members.selection import LONGEST, packed, unpacked
from zhuanjie.web.pages.values import value_input
from zhuanjie.web.pages.visitors import Seen, Sent, Typed, Visitor, is_part, own_path, register_of
from zhuanjie.web.pages.work.routes import jobs_of
from zhuanjie.web.service.bulk import (
    AT_ONCE,
    DO,
    FILE,
    LOOK,
    as_now,
    go_through,
    plain_act,
    plain_query,
)
from zhuanjie.web.service.jobs import ENDED, Job
from zhuanjie.web.service.register import Register
from zhuanjie.web.service.saying import job_failure
from zhuanjie.web.store.errors import NotFoundError

router = APIRouter(prefix="/bulk")
JobId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
_HERE: Final = "/members/bulk"
_INPUT: Final = "input."
_ACT: Final = ("act", "inputs", "reason", "acknowledged")


def acts_for(visitor: Visitor, register: Register) -> list[tuple[str, Any]]:
    """The acts that a visitor may do to several cases at once, by id and title."""
    acts = register.acts.desk.acts.acts.values()
    return [(act.id, act.act.title) for act in acts
            if visitor.may(act.act.permission) and not (
                act.act.attachments and act.act.attachments.least) and not act.act.sets_any]


@router.post("")
def ask(request: Request, visitor: Sent, typed: Typed) -> Response:
    """Lead to the page that shows what an act would come to for each of a selection."""
    if typed.one("look"):
        return _look(request, visitor, typed, {"look": _job(request, visitor, typed, LOOK).id})
    chosen = _chosen(typed)
    if not (chosen or typed.has("whole")) or not typed.one("act"):
        return go(request, own_path(typed.one("next", "/members")), "members.choose_first")
    if typed.has("whole"):
        register, asked = register_of(request), filter_at(own_path(typed.one("next")))
        with register.store.reading(visitor.actor) as conn:
            query = query_of(register, conn, visitor.actor, asked)
        return _look(request, visitor, typed, {"list": plain_query(query)})
    if len(chosen) > AT_ONCE:
        return _look(request, visitor, typed, {"chosen": chosen})
    once = {} if typed.one("once") else {"once": uuid.uuid4().hex}
    address = packed(typed, **once)
    if address is None:
        return _preview(request, visitor, typed)
    return go(request, f"{_HERE}?asked={address}")


@router.get("")
def preview(request: Request, visitor: Seen,
            asked: Annotated[str, Query(max_length=LONGEST)] = "") -> Response:
    """What an act would come to for each of a selection."""
    return _preview(request, visitor, unpacked(asked)) if asked else go(request, "/members")


@router.post("/do")
def do(request: Request, visitor: Sent, typed: Typed) -> Response:
    """Do what was shown: to each by itself, and once however often it is sent."""
    if typed.one("look"):
        return _do_job(request, visitor, typed)
    register, act = register_of(request), _act(register_of(request), typed.one("act"))
    found = go_through(register, visitor.actor, _asked(act, typed), _chosen(typed), visitor.lang,
                       key=typed.one("once")[:100] or None, do=True)
    return _done(request, visitor, act, found, own_path(typed.one("next", "/members")))


@router.get("/jobs/{id}")
def show(request: Request, visitor: Seen, id: JobId) -> Response:
    """How far a job is; once it has ended, what it found or did."""
    job = jobs_of(request).job(id, visitor.actor)
    if job.kind not in {LOOK, DO}:
        raise fail(NotFoundError, "register.job.none")
    here = f"{_HERE}/jobs/{id}"
    if is_part(request) and job.state in ENDED:
        return go(request, here)
    act = _act(register_of(request), job.arguments["act"])
    back = str(job.arguments["back"])
    if job.result is None:
        return render(request, visitor,
                      "members/_bulk_job.html" if is_part(request) else "members/bulk_job.html",
                      job=job, act=act, here=here, back=back, ended=job.state in ENDED,
                      failed=job_failure(job.error, visitor.lang))
    file = f"/jobs/{id}/files/{FILE}" if FILE in job.files else None
    if job.kind == DO:
        return _done(request, visitor, act, job.result, back, file)
    return _page(request, visitor, act, job.result, back, typed=job.arguments, look=id, file=file)


def resume(request: Request, visitor: Visitor, typed: FormValues) -> Response:
    """What was asked of a selection when the session ended, looked at once more."""
    is_job = typed.one("look") or typed.has("whole")
    return (ask if is_job else _preview)(request, visitor, typed)


RESUMES: Final = {r"/members/bulk(?:/do)?": resume}


def _preview(request: Request, visitor: Visitor, typed: FormValues) -> Response:
    register = register_of(request)
    act = _act(register, typed.one("act"))
    asked, chosen = _asked(act, typed), as_now(register, visitor.actor, _chosen(typed))
    found: dict[str, Any] = {"looked": False, "whole": len(chosen)}
    if _is_ready(register, act, typed):
        found = go_through(register, visitor.actor, asked, chosen, visitor.lang)
    return _page(request, visitor, act, found, own_path(typed.one("next", "/members")),
                 typed=plain_act(asked), chosen=chosen, once=typed.one("once") or uuid.uuid4().hex)


def _look(request: Request, visitor: Visitor, typed: FormValues, of: Mapping[str, Any],
          note: str | None = None) -> Response:
    """Have a job look at an act for many."""
    register = register_of(request)
    act = _act(register, typed.one("act"))
    visitor.need(act.act.permission)
    job = jobs_of(request).submit(LOOK, visitor.actor, {
        **of, **plain_act(_asked(act, typed)), "ready": _is_ready(register, act, typed),
        **_common(request, visitor, typed)})
    return go(request, f"{_HERE}/jobs/{job.id}", note)


def _do_job(request: Request, visitor: Visitor, typed: FormValues) -> Response:
    """Have a job do what another has looked at; what was typed since is looked at first."""
    register, jobs = register_of(request), jobs_of(request)
    look = _job(request, visitor, typed, LOOK)
    act = _act(register, typed.one("act"))
    asked = plain_act(_asked(act, typed))
    if look.result is None or not look.result["looked"] or \
            any(look.arguments[name] != asked[name] for name in _ACT):
        return _look(request, visitor, typed, {"look": look.id}, "members.look_changed")
    begun = next((job for job in jobs.jobs(visitor.actor) if job.kind == DO
                  and job.arguments["look"] == look.id
                  and job.state not in {"failed", "cancelled"}), None)
    job = begun or jobs.submit(DO, visitor.actor, {
        **asked, "look": look.id, **_common(request, visitor, typed)})
    return go(request, f"{_HERE}/jobs/{job.id}")


def _common(request: Request, visitor: Visitor, typed: FormValues) -> dict[str, Any]:
    return {"lang": visitor.lang, "today": register_of(request).day().isoformat(),
            "back": own_path(typed.one("next", "/members"))}


def _job(request: Request, visitor: Visitor, typed: FormValues, kind: str) -> Job:
    """The job that a form is of; raises NotFoundError."""
    job = jobs_of(request).job(typed.one("look"), visitor.actor)
    if job.kind != kind:
        raise fail(NotFoundError, "register.job.none")
    return job


def _page(request: Request, visitor: Visitor, act: TypedAct, found: Mapping[str, Any],
          back: str, *, typed: Mapping[str, Any], chosen: Mapping[str, int | None] | None = None,
          look: str = "", once: str = "", file: str | None = None) -> Response:
    """What an act would come to, with the form that asks anew or does it."""
    register, lang = register_of(request), visitor.lang
    fields, clauses = register.vocabulary.fields, register.policy().clauses
    inputs = [(value_input(fields[name], lang, required=need), typed["inputs"].get(name, ""))
              for name, need in input_fields(act, register.acts.desk.acts).items()]
    asked_about = found.get("asked", ()) if act.act.undetermined == "confirm" else ()
    return render(
        request, visitor, "members/bulk.html", act=act, found=found, inputs=inputs, back=back,
        reason=typed["reason"] or "", acknowledged=typed["acknowledged"], look=look, once=once,
        chosen=[f"{id}:{'' if version is None else version}"
                for id, version in (chosen or {}).items()], file=file,
        clauses=[(id, f"{id} {getattr(clauses[id].text, lang) if id in clauses else ''}".strip())
                 for id in asked_about])


def _done(request: Request, visitor: Visitor, act: TypedAct, found: Mapping[str, Any],
          back: str, file: str | None = None) -> Response:
    return render(request, visitor, "members/done.html", act=act, found=found, back=back, file=file)


def _is_ready(register: Register, act: TypedAct, typed: FormValues) -> bool:
    """Whether there is anything to look at yet: a form that asks for more is filled in first."""
    return typed.has("again") or not (act.act.reason == "required" or any(
        need and not typed.one(_INPUT + name)
        for name, need in input_fields(act, register.acts.desk.acts).items()))


def _asked(act: TypedAct, typed: FormValues) -> AskedAct:
    inputs = {name: value for name, value in typed.begins(_INPUT).items() if value}
    return AskedAct(act.id, "", inputs, typed.one("reason") or None,
                    acknowledged=frozenset(typed.all("acknowledged")))


def _act(register: Register, name: str) -> TypedAct:
    """The act of a name; raises InputError."""
    acts = register.acts.desk.acts
    found = acts.acts.get(name)
    if found is None:
        raise unknown_act(acts, name)
    return found


def _chosen(typed: FormValues) -> dict[str, int | None]:
    """The selection: ids, and the versions that were seen (`<id>:<version>`)."""
    out: dict[str, int | None] = {}
    for said in typed.all("member"):
        id, _, version = said.partition(":")
        if id:
            out[id] = whole_number(version)
    return out
