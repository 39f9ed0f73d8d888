"""The list of cases. In: filters, a page's key. Out: rows that say how each stands, tabs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from sqlalchemy import Connection
from starlette.responses import Response

from zhuanjie.engine.api import Lang
from zhuanjie.web.api.paging import Cursor, cursor_of, row_of
from zhuanjie.web.pages.frame import go, render
from zhuanjie.web.pages.members import bulk
from zhuanjie.web.pages.members.columns import choose_columns, chosen_columns
from zhuanjie.web.pages.members.filters import SIZES, SOON, STATES, TABS, ListFilter, filter_of
from zhuanjie.web.pages.values import field_label, record_words
from zhuanjie.web.pages.visitors import Seen, Sent, Typed, own_path, register_of
from zhuanjie.web.pages.words import words
from zhuanjie.web.service.listing import MemberRow, list_members
from zhuanjie.web.service.register import Register
from zhuanjie.web.service.worklist import WorkCounts, work_counts
from zhuanjie.web.store.members import members

router = APIRouter(prefix="/members")
router.include_router(bulk.router)
Filter = Annotated[ListFilter, Depends(filter_of)]


@router.get("")
def list_(request: Request, visitor: Seen, asked: Filter, cursor: Cursor = None) -> Response:
    """Cases, page by page."""
    visitor.need("read")
    register, lang = register_of(request), visitor.lang
    names = chosen_columns(request, register)
    today, order = register.day(), asked.order
    after = row_of(cursor, order, int if order == "changed" else str, str)
    acts = register.acts.desk.acts
    with register.store.reading(visitor.actor) as conn:
        rows, last = list_members(
            conn, asked.query(today, [each.field for each in acts.series.values()]),
            register.vocabulary, limit=asked.size,
            after=(after[0], after[1]) if after else None)
        values = _values(conn, rows, names, register, lang)
        counts = work_counts(conn, today + timedelta(days=SOON), asked.unit)
    units = [(unit.id, unit.title) for unit in register.access.units(visitor.actor)]
    register.reads.note(visitor.actor, "list", len(rows))
    fields, policy = register.vocabulary.fields, register.policy()
    clauses = [(id, id) for id in policy.clauses]
    template = "members/_list.html" if request.headers.get("hx-target") == "list" \
        else "members/list.html"
    return render(
        request, visitor, template, asked=asked, rows=rows, values=values, today=today,
        tabs=_tabs(asked, counts, lang), titles=dict(units), clauses=clauses, sizes=SIZES,
        units=units,
        key_label=field_label(fields[register.vocabulary.key], lang),
        columns=[(name, field_label(fields[name], lang)) for name in names],
        all_columns=[(f.name, field_label(f, lang)) for f in fields],
        acts=bulk.acts_for(visitor, register), is_filtered=asked != ListFilter(),
        first=asked.address() if cursor else None,
        next=asked.address(cursor_of(last, order)) if last else None)


@router.post("/columns")
def choose(request: Request, _visitor: Sent, typed: Typed) -> Response:
    """Choose the columns of lists."""
    answer = go(request, own_path(typed.one("next", "/members")))
    names = [] if typed.has("own") else typed.all("column")
    choose_columns(request, answer, register_of(request), names)
    return answer


def _values(conn: Connection, rows: Sequence[MemberRow], names: Sequence[str],
            register: Register, lang: Lang) -> Mapping[str, list[str]]:
    found = members(conn, [row.id for row in rows]) if names else {}
    return {id: record_words(member.record, names, register.vocabulary, lang)
            for id, member in found.items()}


def _tabs(asked: ListFilter, counts: WorkCounts, lang: Lang) -> list[dict[str, Any]]:
    known = {"all": counts.members, "soon": counts.soon, "waiting": counts.waiting,
             **{tab: counts.states[state] for tab, state in STATES.items()}}
    return [{"href": asked.address(tab=tab), "words": words(f"members.tab_{tab}", lang),
             "count": known.get(tab), "current": tab == asked.tab} for tab in TABS]

