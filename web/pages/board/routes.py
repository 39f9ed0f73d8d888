"""The board's pages: figures, the lists behind them, past days. In: requests. Out: pages."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from zhuanjie.engine.api import UsageError, fail
from zhuanjie.web.access.units import unit_tree
from zhuanjie.web.figures.counted import AGES, STATES
from zhuanjie.web.pages.board.addresses import ROOM, Addresses
from zhuanjie.web.pages.board.charts import lines_of
from zhuanjie.web.pages.board.listed import listed
from zhuanjie.web.pages.frame import go, render
from zhuanjie.web.pages.visitors import Seen, Sent, Typed, register_of
from zhuanjie.web.pages.work.routes import jobs_of
from zhuanjie.web.service.board import ask_past_day, clause_words, closing, course, look
from zhuanjie.web.service.figure import AskedFigure
from zhuanjie.web.service.waivers_on import STATES as WAIVER_STATES
from zhuanjie.web.service.waivers_on import WaiverOnDay, waivers_on

router = APIRouter(prefix=ROOM)
Text = Annotated[str, Query(max_length=200)]
_WAIVERS = 20
_SOON = "soon"


def day_of(text: str) -> date | None:
    """The day that somebody typed; None for none. Raises UsageError for what is no day."""
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise fail(UsageError, "register.board.day") from None


@router.get("")
def show(request: Request, visitor: Seen, unit: Text = "", day: Text = "",
         against: Text = "") -> Response:
    """How a unit stands on a day, perhaps beside another."""
    visitor.need("read")
    register = register_of(request)
    beside = day_of(against)
    with register.store.reading(visitor.actor) as conn:
        seen = look(register, conn, visitor.actor, unit, day_of(day), beside)
        to = Addresses(seen.day, register.day(), beside)
        if seen.of is None:
            return render(request, visitor, "board/missing.html", seen=seen, to=to,
                          against=beside)
        of = seen.of
        points = course(conn, of, closing(conn, seen.day))
        waivers = waivers_on(conn, seen.day, of.units, of.at.past.upto if of.at.past else None)
        current = seen.day != register.day() or register.judging.is_current(register.store)
    acts = register.acts.desk.acts
    steps = {name: each.words for name, each in acts.steps.items()}
    return render(
        request, visitor, "board/board.html", of=of, to=to, against=beside, steps=steps,
        last=next(reversed(steps), None), states=STATES, ages=AGES,
        titles=clause_words(register.policy(seen.day), visitor.lang), points=points,
        lines=lines_of(points, next(reversed(steps), None)), current=current,
        waivers=waivers[:_WAIVERS], more=len(waivers) > _WAIVERS, counts=_counts(waivers),
        waiver_states=WAIVER_STATES,
        policy=register.policy(seen.day), today=register.day())


@router.post("/days")
def work_out(request: Request, visitor: Sent, typed: Typed) -> Response:
    """Have a past day worked out, which takes as long as an audit."""
    visitor.need("judge")
    register = register_of(request)
    day = day_of(typed.one("day"))
    if day is None:
        raise fail(UsageError, "register.board.not-past", day="")
    job = ask_past_day(register, jobs_of(request), visitor.actor, day, visitor.lang)
    return go(request, f"/jobs/{job.id}")


@router.get("/list")
def list_(request: Request, visitor: Seen, unit: Text, day: Text = "", alone: bool = False,
          state: Text = "", outcome: Text = "", clause: Text = "", step: Text = "",
          lacks: Text = "", age: Text = "", dark: Text = "", after: Text = "") -> Response:
    """The members behind a figure of a past day, as they stood; those of today are cases."""
    visitor.need("read")
    register = register_of(request)
    asked = AskedFigure(state, outcome, clause, step, lacks, age, dark)
    asked.check()
    with register.store.reading(visitor.actor) as conn:
        seen = look(register, conn, visitor.actor, unit, day_of(day))
        to = Addresses(seen.day, register.day())
        if seen.day == register.day():
            return go(request, to.list(seen.unit, alone, **asked.query))
        if seen.of is None:
            return render(request, visitor, "board/missing.html", seen=seen, to=to, against=None)
        units = (seen.unit,) if alone else seen.of.units
        rows, last, whole = listed(register, conn, seen.of, units, asked, after)
        names = {id: each.title for id, each in unit_tree(conn).units.items()}
    register.reads.note(visitor.actor, "board", len(rows))
    acts = register.acts.desk.acts
    said: dict[str, Any] = {"step": None, "lacks": None}
    for name, at in (("step", step), ("lacks", lacks)):
        with suppress(KeyError):
            said[name] = acts.steps[at].words
    return render(
        request, visitor, "board/list.html", of=seen.of, to=to, rows=rows, asked=asked,
        whole=whole, names=names, said=said, alone=alone,
        titles=clause_words(register.policy(seen.day), visitor.lang),
        first=to.listed(seen.unit, asked, alone=alone) if after else None,
        next=to.listed(seen.unit, asked, last, alone=alone) if last else None)


@router.get("/waivers")
def waivers_(request: Request, visitor: Seen, unit: Text = "", day: Text = "",
             state: Text = "") -> Response:
    """The waivers of a unit that stand so: of a state, expiring soon, or all."""
    visitor.need("read")
    register = register_of(request)
    if state and state not in (*WAIVER_STATES, _SOON):
        raise fail(UsageError, "register.board.filter")
    with register.store.reading(visitor.actor) as conn:
        seen = look(register, conn, visitor.actor, unit, day_of(day))
        to = Addresses(seen.day, register.day())
        if seen.of is None:
            return render(request, visitor, "board/missing.html", seen=seen, to=to, against=None)
        past = seen.of.at.past
        found = waivers_on(conn, seen.day, seen.of.units, past.upto if past else None)
    return render(request, visitor, "board/waivers.html", of=seen.of, to=to, state=state, waivers=[
        each for each in found
        if not state or each.state == state or (state == _SOON and each.is_soon)])


def _counts(waivers: list[WaiverOnDay]) -> dict[str, int]:
    """How many waivers stand how, and how many of those in force expire soon."""
    counts = dict.fromkeys(WAIVER_STATES, 0)
    for each in waivers:
        counts[each.state] += 1
    return counts | {_SOON: sum(each.is_soon for each in waivers)}
