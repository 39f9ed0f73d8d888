"""The board's figures: what they count, what lists behind them hold, what was on past days."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from support.judged_registers import of_finding
from support.moved_clock import ANSWERS, ASKS, FIRST, ISSUED, Clock, three_days

from zhuanjie.engine.api import audit
from zhuanjie.web.acts.waivers import WaiverRequest
from zhuanjie.web.figures.counted import AGES, STATES
from zhuanjie.web.figures.keep import summed
from zhuanjie.web.figures.tables import FIGURE_DAYS
from zhuanjie.web.service.board import (
    PastQuery,
    board,
    course,
    day_figures,
    month_ends,
    past_members,
    tops_of,
    work_out,
)
from zhuanjie.web.service.listing import MemberQuery, StandingQuery, list_members
from zhuanjie.web.service.register import Register
from zhuanjie.web.service.waivers_on import waivers_on
from zhuanjie.web.store.errors import NotFoundError
from zhuanjie.web.store.event import SYSTEM, Actor, EventDraft


@pytest.fixture(scope="module")
def clock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clock]:
    """An office on three days."""
    with three_days(tmp_path_factory.mktemp("board")) as made:
        yield made


def whole(register: Register, day: date, unit: str = "office", beside: date | None = None) -> Any:
    with register.store.reading(SYSTEM) as conn:
        at = day_figures(register, conn, day)
        other = None if beside is None else day_figures(register, conn, beside)
        assert at is not None
        return board(conn, at, unit, tops_of(register, conn, SYSTEM), other)


def test_a_row_for_each_unit_below_and_their_sum(clock: Clock) -> None:
    made = whole(clock.register, clock.today)
    assert [(row.unit, row.tally.members) for row in made.rows] == [("maths", 2), ("physics", 3)]
    assert made.whole.members == 5 == sum(made.whole.states.values())
    below = whole(clock.register, clock.today, "maths")
    assert [(row.unit, row.alone, row.tally.members) for row in below.rows] == [
        ("maths", True, 1), ("algebra", False, 1)]
    assert below.path == (("office", "组织部"),)
    assert [made.whole.came_to(step) for step in ("settled", "sent", "arrived")] == [4, 2, 1]
    assert sum(made.whole.ages(clock.today).values()) == made.whole.states["overdue"] > 0


def test_whoever_sees_a_unit_sees_no_other(clock: Clock) -> None:
    with clock.register.store.reading(ASKS) as conn:
        at = day_figures(clock.register, conn, clock.today)
        assert at is not None and set(at.tallies) == {"maths", "algebra"}
        made = board(conn, at, "maths", tops_of(clock.register, conn, ASKS))
        assert made.whole.members == 2 and made.path == ()
        with pytest.raises(NotFoundError):
            board(conn, at, "office", ["maths"])


def sums(register: Register, units: tuple[str, ...]) -> Any:
    with register.store.reading(SYSTEM) as conn:
        return summed(conn, units)


def listed(register: Register, units: tuple[str, ...], **asked: Any) -> set[str]:
    with register.store.reading(SYSTEM) as conn:
        found, _ = list_members(conn, MemberQuery(units, **asked), register.vocabulary, limit=200)
    return {row.id for row in found}


def test_each_figure_of_today_is_as_long_as_its_list(clock: Clock) -> None:
    register, made = clock.register, whole(clock.register, clock.today)
    seen = 0
    for row in (*made.rows, made):
        tally = sums(clock.register, row.units)
        for state in STATES:
            found = listed(register, row.units, stands=StandingQuery(states=[state]))
            assert len(found) == tally.states[state]
            seen += len(found)
        for step in register.acts.desk.acts.steps:
            assert len(listed(register, row.units, stands=StandingQuery(
                came_to=step))) == tally.came_to(step)
            assert len(listed(register, row.units, stands=StandingQuery(
                not_to=step))) == tally.members - tally.came_to(step)
        for clause, by_outcome in tally.clauses().items():
            for outcome, (members, _) in by_outcome.items():
                assert len(listed(register, row.units, outcomes=[outcome],
                                  clauses=[clause])) == members
        ages = tally.ages(clock.today)
        for age in AGES:
            assert len(listed(register, row.units, stands=StandingQuery(
                overdue=age.due(clock.today)))) == ages[age.id]
        for clause, (members, _) in tally.dark().items():
            assert len(listed(register, row.units, stands=StandingQuery(dark=clause))) == members
            seen += members
    assert seen > 20


@pytest.mark.slow
@pytest.mark.parametrize("day", [FIRST, date(2026, 7, 31), date(2026, 8, 31)])
def test_a_past_day_is_what_an_audit_of_the_register_as_of_then_says(clock: Clock, day: date,
                                                                     ) -> None:
    register = clock.register
    work_out(register, ANSWERS, day)
    made = whole(register, day)
    report = audit([f"register:{register.place.url}?as_of={day}"], register.policy(day), as_of=day)
    said = [of_finding(f) for f in report.findings if f.share is None]
    by_clause: dict[str, dict[str, int]] = {}
    for clause, outcome, *_ in said:
        by_clause.setdefault(clause, {}).setdefault(outcome, 0)
        by_clause[clause][outcome] += 1
    assert {clause: {outcome: findings for outcome, (_, findings) in each.items()}
            for clause, each in made.whole.clauses().items()} == by_clause
    assert made.whole.members == report.ledger.records
    assert {c: n for c, (_, n) in made.whole.dark().items()} == dict(report.summary.not_judged)


def test_lists_of_a_past_day_are_as_long_as_its_figures(clock: Clock) -> None:
    register, day = clock.register, date(2026, 7, 31)
    work_out(register, ANSWERS, day)
    made = whole(register, day)

    def count(**asked: Any) -> int:
        with register.store.reading(SYSTEM) as conn:
            rows, _ = past_members(conn, PastQuery(day, made.units, **asked))
        return len(rows)

    assert {s: count(stands=StandingQuery([s])) for s in STATES} == made.whole.states
    for clause, by_outcome in made.whole.clauses().items():
        for outcome, (members, _) in by_outcome.items():
            assert count(clause=clause, outcome=outcome) == members
    for age in AGES:
        assert count(stands=StandingQuery(overdue=age.due(day))) == made.whole.ages(day)[age.id]
    for step in register.acts.desk.acts.steps:
        assert count(stands=StandingQuery(came_to=step)) == made.whole.came_to(step)
    dark = made.whole.dark()
    assert dark and dark == {clause: (count(stands=StandingQuery(dark=clause)), rules)
                             for clause, (_, rules) in dark.items()}
    with register.store.reading(SYSTEM) as conn:
        first, after = past_members(conn, PastQuery(day, made.units), limit=2)
        rest, end = past_members(conn, PastQuery(day, made.units), after=after, limit=9)
    assert len(first) == 2 and len(rest) == 3 and end is None
    assert {row.member for row in (*first, *rest)} == {"m1", "m2", "p1", "p2", "p3"}
    with register.store.reading(ASKS) as conn:  # another unit's figures and members are not there
        assert {row.unit for row in past_members(conn, PastQuery(day, made.units))[0]} == {
            "maths", "algebra"}


def test_two_days_beside_each_other(clock: Clock) -> None:
    work_out(clock.register, ANSWERS, FIRST)
    made = whole(clock.register, clock.today, beside=FIRST)
    assert made.before is not None and (made.before.members, made.whole.members) == (4, 5)
    assert [row.before.members for row in made.rows] == [2, 2]


def test_a_trend_says_which_days_were_not_worked_out(clock: Clock) -> None:
    work_out(clock.register, ANSWERS, date(2026, 7, 31))
    days = month_ends(date(2026, 9, 15), 3)
    assert days == [date(2026, 6, 30), date(2026, 7, 31), date(2026, 8, 31)]
    with clock.register.store.reading(SYSTEM) as conn:
        at = day_figures(clock.register, conn, clock.today)
        assert at is not None
        made = board(conn, at, "office", ["office"])
        points = dict(course(conn, made, days))
        other = course(conn, made, [date(2026, 5, 31)])
    assert points[clock.today] is made.whole and other[0][1] is None
    july = points[date(2026, 7, 31)]
    assert july is not None and july.members == 5 and sum(july.states.values()) == 5


@pytest.mark.slow
def test_erasing_has_a_past_day_worked_out_again(clock: Clock, tmp_path: Path) -> None:
    made = Clock(tmp_path)
    made.add("m1", "maths", **ISSUED | {"letter.issued_on": "2026-06-05"})
    made.pass_to(date(2026, 7, 1))
    first = work_out(made.register, ANSWERS, FIRST)
    assert work_out(made.register, ANSWERS, FIRST) == first
    with made.register.store.reading(SYSTEM) as conn:
        assert day_figures(made.register, conn, FIRST) is not None
    with made.register.store.change(SYSTEM) as work:
        work.record(EventDraft("values.redacted", "m1", "maths", data={
            "events": [], "lost": ["letter.issued_on"]}))
    with made.register.store.reading(SYSTEM) as conn:
        assert day_figures(made.register, conn, FIRST) is None
        assert conn.execute(select(FIGURE_DAYS.c.day)).scalars().all() == [FIRST.isoformat()]
    made.register.close()


@pytest.mark.slow
def test_waivers_as_they_stood(clock: Clock, tmp_path: Path) -> None:
    made = Clock(tmp_path)
    register = made.register
    made.add("m1", "maths")
    clause = next(c for c, each in register.policy().clauses.items() if each.waivable)
    with register.store.change(ASKS) as work:
        id = register.waivers.request(work, WaiverRequest(
            FIRST + timedelta(days=20), "理由", clause=clause, member="m1"))
    made.pass_to(FIRST + timedelta(days=1))
    with register.store.change(Actor("li", "department", "office", "session", True)) as work:
        register.waivers.approve(work, id)
    with register.store.reading(SYSTEM) as conn:
        upto = work_out(register, ANSWERS, FIRST).upto
        then = waivers_on(conn, FIRST, ["maths"], upto)
        now = waivers_on(conn, made.today, ["maths"])
        late = waivers_on(conn, FIRST + timedelta(days=21), ["maths"])
        assert waivers_on(conn, made.today, ["physics"]) == []
    assert [(w.state, w.answered_by) for w in then] == [("requested", None)]
    assert [(w.state, w.is_soon, w.answered_by) for w in now] == [("approved", True, "li")]
    assert [w.state for w in late] == ["expired"]
    register.close()
