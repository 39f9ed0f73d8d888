"""Another law tried. In: a pack, values. Out: a job, and whom it would turn; nothing changes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from zhuanjie.engine.api import Outcome, Policy, UsageError, ZhuanjieError, fail, say
from zhuanjie.report.layouts.policy import parameter_value
from zhuanjie.report.view import View
from zhuanjie.web.pages.errors import describe_error
from zhuanjie.web.pages.forms import FormValues
from zhuanjie.web.pages.frame import go, render
from zhuanjie.web.pages.visitors import Seen, Sent, Typed, Visitor, register_of
from zhuanjie.web.pages.work.routes import jobs_of
from zhuanjie.web.service.jobs import ENDED
from zhuanjie.web.service.saying import job_failure
from zhuanjie.web.service.what_if import KIND, tried_law
from zhuanjie.web.store.errors import NotFoundError

router = APIRouter(prefix="/law/what-if")
JobId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
_PARAMETER: Final = "p:"
_TRIED: Final = 20
_OUTCOMES: Final = frozenset(map(str, Outcome))


@router.get("")
def ask(request: Request, visitor: Seen, pack: str = "") -> Response:
    """What may be tried."""
    return _asking(request, visitor, pack)


@router.post("")
def begin(request: Request, visitor: Sent, typed: Typed) -> Response:
    """Try it, in a process of its own."""
    visitor.need("judge")
    register, pack = register_of(request), typed.one("pack")
    try:
        day = _day(typed.one("as_of")) or register.day()
        said = {name: text for name, text in typed.begins(_PARAMETER).items() if text}
        chosen = pack if pack not in {"", register.policy(day).id} else None
        tried_law(register, day, chosen, said)
        job = jobs_of(request).submit(KIND, visitor.actor, {
            "policy": chosen, "params": said, "as_of": day.isoformat(), "lang": visitor.lang,
            "today": register.day().isoformat()})
    except ZhuanjieError as error:
        return _asking(request, visitor, pack, error=error, typed=typed)
    return go(request, f"/law/what-if/{job.id}")


@router.get("/{id}")
def show(request: Request, visitor: Seen, id: JobId) -> Response:
    """How far it is, and what came of it; HTMX asks for the part that changes."""
    job = jobs_of(request).job(id, visitor.actor)
    if job.kind != KIND:
        raise fail(NotFoundError, "register.job.none")
    part = request.headers.get("hx-target") == "what-if"
    titles = {name: getattr(title, visitor.lang)
              for name, title in register_of(request).law_book.names().items()}
    return render(request, visitor, "law/_tried.html" if part else "law/tried.html", job=job,
                  failed=job_failure(job.error, visitor.lang), ended=job.state in ENDED,
                  titles=titles, tab="what-if",
                  found=_in_words(job.result, visitor) if job.result else None)


def resume(request: Request, visitor: Visitor, typed: FormValues) -> Response:
    """What was to be tried when the session ended."""
    return _asking(request, visitor, typed.one("pack"), typed=typed)


RESUMES: Final = {r"/law/what-if": resume}


def _asking(request: Request, visitor: Visitor, pack: str, *, error: ZhuanjieError | None = None,
            typed: FormValues | None = None) -> Response:
    visitor.need("judge")
    register = register_of(request)
    today, names = register.policy(), register.law_book.names()
    chosen = register.law_book.policy(pack) if pack in names and pack != today.id else today
    said = describe_error(error, visitor.lang) if error is not None else None
    return render(
        request, visitor, "law/what_if.html", error=said, status=said["status"] if said else 200,
        packs=[(id, getattr(title, visitor.lang)) for id, title in names.items()], chosen=chosen,
        today=today, tab="what-if", tried=_tried(request, visitor),
        titles={id: getattr(title, visitor.lang) for id, title in names.items()},
        parameters=_parameters(chosen, visitor, typed),
        as_of=typed.one("as_of") if typed else register.day().isoformat())


def _tried(request: Request, visitor: Visitor) -> list[dict[str, Any]]:
    """What one has tried before, the latest first: it is found again after one has left it."""
    return [{"href": f"/law/what-if/{job.id}", "at": job.made_at, "state": job.state,
             "pack": job.arguments.get("policy"), "params": job.arguments.get("params", {}),
             "as_of": job.arguments.get("as_of") or ""}
            for job in jobs_of(request).jobs(visitor.actor) if job.kind == KIND][:_TRIED]


def _parameters(policy: Policy, visitor: Visitor, typed: FormValues | None
                ) -> list[dict[str, Any]]:
    view, lang = View.of(policy, visitor.lang), visitor.lang
    return [{"name": name, "title": getattr(p.title, lang) if p.title else name,
             "value": parameter_value(p, view), "note": getattr(p.note, lang),
             "day": p.unit == "date", "typed": typed.one(_PARAMETER + name) if typed else ""}
            for name, p in policy.parameters.items() if "@" not in name]


def _in_words(result: Mapping[str, Any], visitor: Visitor) -> dict[str, Any]:
    """What came of it, outcomes by their names."""
    def told(each: Mapping[str, Any]) -> dict[str, Any]:
        return {**each, **{side: _value(each[side], visitor) for side in ("was", "is")}}

    return {**result, "counts": [told(each) for each in result["counts"]],
            "changes": [told(each) for each in result["changes"]]}


def _value(value: Any, visitor: Visitor) -> str:
    if value in _OUTCOMES:
        return say(f"output.outcome.{value}", visitor.lang)
    return "" if value is None else str(value)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise fail(UsageError, "register.law.day", value=text) from None
