"""Figures of closing days come by themselves once the day has passed, and again where they must."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from support.moved_clock import Clock, three_days

from zhuanjie.web.judging.judging import CLOCK
from zhuanjie.web.service.board import work_out
from zhuanjie.web.service.closing import keep_closing_days, missing_days
from zhuanjie.web.store.event import SYSTEM
from zhuanjie.web.store.history import events
from zhuanjie.web.store.tables import EVENTS

ENDS = [date(2026, 6, 30), date(2026, 7, 31), date(2026, 8, 31), date(2026, 9, 30),
        date(2026, 10, 31)]


@pytest.fixture(scope="module")
def clock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clock]:
    with three_days(tmp_path_factory.mktemp("closing")) as made:
        yield made


@pytest.mark.slow
def test_the_latest_that_is_missing_is_worked_out_by_a_process_of_its_own(clock: Clock) -> None:
    register = clock.register
    assert missing_days(register) == ENDS[::-1]
    assert keep_closing_days(register) == ENDS[-1]
    assert missing_days(register) == ENDS[-2::-1]
    with register.store.reading(SYSTEM) as conn:
        made = list(events(conn, EVENTS.c.kind == "decision.made"))[-1]
    assert (made.data["why"], made.via, made.data["as_of"]) == (
        ["board"], CLOCK.via, ENDS[-1].isoformat())
    # Nothing more is done once the server is asked to stop, and nothing is said to have failed.
    assert keep_closing_days(register, stopping=lambda: True) == ENDS[-2]
    assert missing_days(register) == ENDS[-2::-1]


def test_the_office_names_its_days_and_the_duty_keeps_them(clock: Clock) -> None:
    register = clock.register
    own = date(2026, 11, 19)
    register.settings.put(SYSTEM, "closing-days", {"days": [own.isoformat()]})
    assert missing_days(register) == [own]
    done: list[date] = []

    def here(_stopping: object) -> None:
        for day in missing_days(register)[:1]:
            work_out(register, CLOCK, day)
            done.append(day)

    register.upkeep.close_days = here
    assert "figures" in register.upkeep.runner.run_due()
    assert done == [own] and missing_days(register) == []
    register.settings.put(SYSTEM, "closing-days", {"days": [
        own.isoformat(), (own + timedelta(1)).isoformat()]})
    assert missing_days(register) == []  # today is kept up with every change
