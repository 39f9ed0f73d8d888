"""One act for many cases. In: a selection. Out: what would become of each, then what did.

Nothing is done before it was shown: the preview says for each case what would be changed, or why it
is refused, with the clause and what mends it.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from sqlalchemy import Connection
from starlette.responses import Response

from zhuanjie.engine.api import TypedAct, ZhuanjieError
from zhuanjie.web.acts.desk import BulkResult
from zhuanjie.web.acts.perform import AskedAct
from zhuanjie.web.acts.values import input_fields, unknown_act
from zhuanjie.web.pages.errors import describe_error
from zhuanjie.web.pages.forms import FormValues, whole_number
from zhuanjie.web.pages.frame import go, render
from zhuanjie.web.pages.members.selection import LONGEST, packed, unpacked
from zhuanjie.web.pages.values import field_label, value_input, value_words
from zhuanjie.web.pages.visitors import Seen, Sent, Typed, Visitor, own_path, register_of
from zhuanjie.web.service.register import Register
from zhuanjie.web.store.members import members

router = APIRouter(prefix="/bulk")
MOST = 200
_HERE = "/members/bulk"
_INPUT = "input."


@dataclass(frozen=True, slots=True)
class BulkRow:
    """What becomes of one case: `error` is why it is refused, `changes` what would be set."""

    id: str
    name: str
    key: str
    version: int
    error: dict[str, Any] | None
    changes: Sequence[tuple[str, str]]
    findings: Sequence[Any]
    number: str | None


def acts_for(visitor: Visitor, register: Register) -> list[tuple[str, Any]]:
    """The acts that a visitor may do to several cases at once, by id and title."""
    acts = register.acts.desk.acts.acts.values()
    return [(act.id, act.act.title) for act in acts
            if visitor.may(act.act.permission) and not (
                act.act.attachments and act.act.attachments.least) and not act.act.sets_any]


@router.post("")
def ask(request: Request, visitor: Sent, typed: Typed) -> Response:
    """Lead to the page that shows what an act would come to for each of a selection."""
    if not _chosen(typed) or not typed.one("act"):
        return go(request, own_path(typed.one("next", "/members")), "members.choose_first")
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


def _preview(request: Request, visitor: Visitor, typed: FormValues) -> Response:
    register, chosen = register_of(request), _chosen(typed)
    act = _act(register, typed.one("act"))
    lacking = [name for name, need in input_fields(act, register.acts.desk.acts).items()
               if need and not typed.one(_INPUT + name)]
    first = not typed.has("again")
    results = [] if first and (lacking or act.act.reason == "required") else \
        register.acts.preview_all(visitor.actor, _asked(act, typed), chosen,
                                  lang=visitor.lang)
    return _page(request, visitor, typed, act, chosen, results, done=False)


@router.post("/do")
def do(request: Request, visitor: Sent, typed: Typed) -> Response:
    """Do what was shown: to each by itself, and once however often it is sent."""
    register = register_of(request)
    chosen, act = _chosen(typed), _act(register, typed.one("act"))
    key = typed.one("once")[:100] or None
    results = register.acts.do_all(visitor.actor, _asked(act, typed), chosen, key=key,
                                   lang=visitor.lang)
    return _page(request, visitor, typed, act, chosen, results, done=True)


def resume(request: Request, visitor: Visitor, typed: FormValues) -> Response:
    """What was asked of a selection when the session ended, looked at once more."""
    return _preview(request, visitor, typed)


RESUMES: Final = {r"/members/bulk(?:/do)?": resume}


def _page(request: Request, visitor: Visitor, typed: FormValues, act: TypedAct,
          chosen: dict[str, int | None], results: Sequence[BulkResult], *,
          done: bool) -> Response:
    register, lang = register_of(request), visitor.lang
    with register.store.reading(visitor.actor) as conn:
        rows = _rows(conn, register, visitor, chosen, results,
                     frozenset() if done else _numbered(act))
    titles = {id: getattr(each.text, lang) for id, each in register.policy().clauses.items()}
    fields = register.vocabulary.fields
    inputs = [(value_input(fields[name], lang, required=need), typed.one(_INPUT + name))
              for name, need in input_fields(act, register.acts.desk.acts).items()]
    refused = [row for row in rows if row.error]
    asked_about = dict.fromkeys(
        found["clause"] for row in refused if row.error for found in row.error["findings"]
        if found.get("outcome") == "undetermined")
    return render(
        request, visitor, "members/done.html" if done else "members/bulk.html", act=act,
        rows=rows, inputs=inputs, reason=typed.one("reason"), looked=bool(results),
        refused=refused, allowed=[row for row in rows if not row.error],
        clauses=[(clause, f"{clause} {titles.get(clause, '')}".strip()) for clause in asked_about]
        if act.act.undetermined == "confirm" else [],
        acknowledged=typed.all("acknowledged"), back=own_path(typed.one("next", "/members")),
        once=typed.one("once") or uuid.uuid4().hex,
        key_label=field_label(fields[register.vocabulary.key], lang))


def _rows(conn: Connection, register: Register, visitor: Visitor,
          chosen: dict[str, int | None], results: Sequence[BulkResult],
          numbered: frozenset[str]) -> list[BulkRow]:
    vocabulary, lang = register.vocabulary, visitor.lang
    found = members(conn, chosen)
    said = {result.member: result for result in results}
    rows = []
    for id in chosen:
        member = found.get(id)
        record = member.record if member else {}
        key = vocabulary.key_of(record)
        result = said.get(id)
        answer = (result.answer if result else None) or {}
        changes = answer.get("changes", {})
        rows.append(BulkRow(
            id, str(record.get(vocabulary.name or "", "")),
            value_words(vocabulary.fields[key], record.get(key), lang),
            member.version if member else 0,
            _described(result.error, visitor) if result and result.error else None,
            [(field_label(vocabulary.fields[name], lang),
              value_words(vocabulary.fields[name], value, lang))
             for name, value in changes.items() if name not in numbered],
            answer.get("findings", ()), answer.get("number") or next(
                (str(value) for name, value in changes.items() if name in numbered), None)))
    return rows


def _numbered(act: TypedAct) -> frozenset[str]:
    """The fields that take a number of a series: looked at by itself, each would have the next."""
    sets = act.act.sets
    own = {name for name, setting in sets.items() if setting.series is not None}
    return frozenset(own | {name for name, setting in sets.items() if setting.field in own})


def _described(error: ZhuanjieError, visitor: Visitor) -> dict[str, Any]:
    return describe_error(error, visitor.lang)


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
    for said in typed.all("member")[:MOST]:
        id, _, version = said.partition(":")
        if id:
            out[id] = whole_number(version)
    return out
