"""What has not come back: by age, recorded with one click. In: requests, pictures. Out: pages."""

from __future__ import annotations

from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from zhuanjie.engine.api import RegisterActs, TypedAwaited, ZhuanjieError, fail
from zhuanjie.web.access.units import unit_tree
from zhuanjie.web.acts.perform import AskedAct
from zhuanjie.web.letters.awaited import AgeGroup, AwaitedRow, age_groups, awaited_rows
from zhuanjie.web.pages.errors import describe_error
from zhuanjie.web.pages.forms import FormValues
from zhuanjie.web.pages.frame import go, render
from zhuanjie.web.pages.letters.shown import shown_field, title_of
from zhuanjie.web.pages.visitors import Seen, Sent, Typed, Visitor, is_part, register_of
from zhuanjie.web.pages.words import words
from zhuanjie.web.service.attaching import receive_file
from zhuanjie.web.service.register import Register
from zhuanjie.web.store.errors import NotFoundError
from zhuanjie.web.store.members import Member, members

router = APIRouter(prefix="/receipts")
UPLOAD: Final = r"/receipts/[\w-]{1,64}"
_PAGE: Final = 50
Line = Annotated[str, Query(max_length=100)]
MemberId = Annotated[str, Path(pattern=r"^[\w-]{1,64}$")]


@router.get("")
def list_(request: Request, visitor: Seen, age: Line = "", what: Line = "",
          after: Line = "") -> Response:
    """What has not come, the oldest first, by age."""
    visitor.need("read")
    register = register_of(request)
    acts, today = register.letters.acts, register.day()
    if not acts.awaited:
        return render(request, visitor, "receipts/none.html")
    each = acts.awaited.get(what) or next(iter(acts.awaited.values()))
    since, _, member = after.partition("~")
    with register.store.reading(visitor.actor) as conn:
        groups = age_groups(conn, each.id, each.awaited.ages, today)
        chosen = next((group for group in groups if group.id == age), None)
        rows, last = awaited_rows(conn, each.id, today, chosen, limit=_PAGE,
                                  after=(since, member) if member else None)
        units = {unit.id: unit.title for unit in unit_tree(conn).units.values()}
    register.reads.note(visitor.actor, "list", len(rows))
    here = {"what": each.id if len(acts.awaited) > 1 else "", "age": age}
    return render(
        request, visitor, "receipts/list.html", title=each.awaited.title, age=age, what=each.id,
        kinds=[(name, other.awaited.title, _address(what=name)) for name, other in
               acts.awaited.items()] if len(acts.awaited) > 1 else [],
        tab_items=_tabs(groups, here, visitor),
        headings=[shown_field(acts, name, visitor.lang)[0] for name in each.awaited.shows],
        rows=[_row(row, acts, each, visitor, units) for row in rows],
        may=_may(visitor, acts, each.awaited.act), act=acts.acts[each.awaited.act].act.title,
        chase=_chase(visitor, acts, each), first=_address(**here) if after else None,
        next=_address(**here, after="~".join(last)) if last else None)


@router.get("/{member}")
def show(request: Request, visitor: Seen, member: MemberId, what: Line = "",
         age: Line = "") -> Response:
    """One that has not come, on a telephone: the day, a photograph."""
    register = register_of(request)
    each = _awaited(register.letters.acts, what)
    return _form(request, visitor, register, each, _member(register, visitor, member), age)


@router.post("/{member}")
def record(request: Request, visitor: Sent, typed: Typed, member: MemberId) -> Response:
    """Record that it came: today, or on the day that is given, with photographs."""
    register = register_of(request)
    acts, age = register.letters.acts, typed.one("age")
    each = _awaited(acts, typed.one("what"))
    found = _member(register, visitor, member)
    day, once = typed.one("day"), typed.one("once")[:64] or None
    field = _day_field(acts, each)
    try:
        files = [receive_file(register, visitor.actor, file.file, file.filename)
                 for file in typed.files("file")]
        register.acts.do(visitor.actor, AskedAct(
            each.awaited.act, found.id, {field: day} if field and day else {},
            typed.one("reason") or None, typed.whole("version"), files),
            key=once, lang=visitor.lang)
    except ZhuanjieError as error:
        if is_part(request):
            raise
        return _form(request, visitor, register, each, found, age, error, day)
    if is_part(request):
        return render(request, visitor, "receipts/_done.html", who=title_of(
            register.vocabulary, found), id=found.id, act=acts.acts[each.awaited.act].act.title,
            columns=5 + len(each.awaited.shows))
    return go(request, _address(what=typed.one("what"), age=age), note="receipts.recorded")


def resume(request: Request, visitor: Visitor, typed: FormValues, member: str) -> Response:
    """The form for one that has come, as it was when the session ended."""
    register = register_of(request)
    each = _awaited(register.letters.acts, typed.one("what"))
    return _form(request, visitor, register, each, _member(register, visitor, member),
                 typed.one("age"), day=typed.one("day"))


RESUMES: Final = {r"/receipts/([\w-]{1,64})": resume}


def _form(request: Request, visitor: Visitor, register: Register, each: TypedAwaited,
          case: Member, age: str, error: ZhuanjieError | None = None,
          day: str = "") -> Response:
    acts = register.letters.acts
    act = acts.acts[each.awaited.act].act
    visitor.need(act.permission)
    shown = [shown_field(acts, name, visitor.lang, case.record) for name in each.awaited.shows]
    return render(
        request, visitor, "receipts/record.html", status=422 if error else 200, case=case,
        title=act.title, who=title_of(register.vocabulary, case), what=each.id, age=age,
        values=[(heading, text) for heading, text in shown if text], today=register.day(),
        day=day, has_day=_day_field(acts, each) is not None, once=f"{case.id}-{case.version}",
        most=act.attachments.most if act.attachments else 0,
        error=describe_error(error, visitor.lang, acts.fields) if error else None,
        back=_address(what=each.id, age=age))


def _awaited(acts: RegisterActs, what: str) -> TypedAwaited:
    found = acts.awaited.get(what) or next(iter(acts.awaited.values()), None)
    if found is None:
        raise fail(NotFoundError, "register.none")
    return found


def _member(register: Register, visitor: Visitor, id: str) -> Member:
    with register.store.reading(visitor.actor) as conn:
        found = members(conn, [id]).get(id)
    if found is None:
        raise fail(NotFoundError, "register.none")
    return found


def _day_field(acts: RegisterActs, each: TypedAwaited) -> str | None:
    """The day that the act asks for, where it takes one that has come."""
    return next((name for name, setting in acts.acts[each.awaited.act].act.sets.items()
                 if setting.past), None)


def _row(row: AwaitedRow, acts: RegisterActs, each: TypedAwaited, visitor: Visitor,
         units: dict[str, str]) -> dict[str, Any]:
    case = row.member
    return {"id": case.id, "who": title_of(acts.vocabulary, case),
            "unit": units.get(case.unit, case.unit), "since": row.since, "days": row.days,
            "version": case.version, "values": [
                shown_field(acts, name, visitor.lang, case.record)[1]
                for name in each.awaited.shows]}


def _tabs(groups: list[AgeGroup], here: dict[str, str], visitor: Visitor) -> list[dict[str, Any]]:
    def tab(said: str, id: str, count: int) -> dict[str, Any]:
        return {"href": _address(**{**here, "age": id}), "words": said, "count": count,
                "current": here["age"] == id}

    out = [tab(words("receipts.every", visitor.lang), "", sum(g.count for g in groups))]
    for group in groups:
        said = words("receipts.over", visitor.lang, n=group.least - 1) if group.most is None \
            else words("receipts.upto" if group.least == 0 else "receipts.between", visitor.lang,
                       least=group.least, most=group.most)
        out.append(tab(said, group.id, group.count))
    return out


def _may(visitor: Visitor, acts: RegisterActs, act: str) -> bool:
    return visitor.may(acts.acts[act].act.permission)


def _chase(visitor: Visitor, acts: RegisterActs, each: TypedAwaited) -> Any:
    name = each.awaited.chase
    if name is None or not _may(visitor, acts, name):
        return None
    return {"id": name, "title": acts.acts[name].act.title}


def _address(**values: str) -> str:
    query = urlencode({name: value for name, value in values.items() if value})
    return f"/receipts?{query}" if query else "/receipts"
