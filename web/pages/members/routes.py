"""The list of cases. In: filters, a page's key. Out: rows that say how each stands, tabs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from sqlalchemy import Connection
from starlette.responses import Response

from zhuanjie.engine.api import Lang
from zhuanjie.web.access.units import unit_tree
from zhuanjie.web.api.paging import Cursor, cursor_of, row_of
from zhuanjie.web.pages.frame import go, render
from zhuanjie.web.pages.members import bulk
from zhuanjie.web.pages.members.columns import choose_columns, chosen_columns
from zhuanjie.web.pages.members.filters import SIZES, SOON, ListFilter, filter_of
from zhuanjie.web.pages.members.query import query_of
from zhuanjie.web.pages.members.shown import chips, tabs, waits_tabs
from zhuanjie.web.pages.values import record_words
from zhuanjie.web.pages.visitors import Seen, Sent, Typed, own_path, register_of
from zhuanjie.web.service.board import clause_words
from zhuanjie.web.service.listing import MemberRow, list_members
from zhuanjie.web.service.register import Register
from zhuanjie.web.service.saying import field_label
from zhuanjie.web.service.waiting import waiting_kinds
from zhuanjie.web.service.worklist import work_counts
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
    waits, sums = waiting_kinds(acts), asked.figure.sums if asked.is_figure else None
    with register.store.reading(visitor.actor) as conn:
        tree, query = unit_tree(conn), query_of(register, conn, visitor.actor, asked)
        rows, last = list_members(conn, query, register.vocabulary, limit=asked.size,
                                  after=(after[0], after[1]) if after else None)
        values = _values(conn, rows, names, register, lang)
        soon, each = (today, today + timedelta(days=SOON)), asked.tab == "waiting"
        seen = register.guard.scope(conn, visitor.actor)
        counts = request.app.state.counts.of(
            conn, (*map(tuple, (seen, soon, waits, query.units, sums or ())), each),
            lambda: work_counts(conn, soon, waits, query.units, sums or (), each_wait=each))
    register.reads.note(visitor.actor, "list", len(rows))
    fields, policy = register.vocabulary.fields, register.policy()
    known = [(unit.id, unit.title) for unit in register.access.units(visitor.actor)]
    template = "members/_list.html" if request.headers.get("hx-target") == "list" \
        else "members/list.html"
    return render(
        request, visitor, template, asked=asked, rows=rows, values=values, today=today,
        tabs=tabs(asked, counts, lang), waits=waits_tabs(asked, counts, acts, lang),
        chips=chips(asked, clause_words(policy, lang), acts, lang),
        whole=asked.figure.count(counts.tally, today) if asked.is_figure else None,
        titles={id: unit.title for id, unit in tree.units.items()},
        clauses=[(id, f"{id} {getattr(each.text, lang)}") for id, each in policy.clauses.items()],
        steps=[(id, getattr(each.title, lang)) for id, each in acts.file.steps.items()],
        sizes=SIZES, units=known,
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
