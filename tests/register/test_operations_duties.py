"""What comes by itself is done by one process, again where it failed, at the office's hour."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert, select

from zhuanjie.web.access.tables import SESSIONS, USED_TICKETS
from zhuanjie.web.operations.duties import Duty, DutyRunner, daily, every
from zhuanjie.web.operations.tables import DUTIES
from zhuanjie.web.operations.tidying import tidy
from zhuanjie.web.reminders import outbox
from zhuanjie.web.store.database import RegisterDatabase

NOW = datetime(2026, 11, 30, 1, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def test_a_duty_is_done_when_it_is_due(database: RegisterDatabase) -> None:
    clock, done = Clock(), list[datetime]()
    runner = DutyRunner(database, [Duty("a", every(timedelta(hours=1)), done.append)], now=clock)
    assert runner.run_due() == ["a"]
    assert runner.run_due() == []
    clock.now += timedelta(minutes=61)
    assert runner.run_due() == ["a"]
    assert done == [NOW, NOW + timedelta(minutes=61)]


def test_of_many_processes_one_does_it(database: RegisterDatabase) -> None:
    done: list[datetime] = []
    runners = [DutyRunner(database, [Duty("a", every(timedelta(hours=1)), done.append)],
                          now=lambda: NOW) for _ in range(6)]
    threads = [threading.Thread(target=runner.run_due) for runner in runners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == 1


def test_one_that_fails_is_tried_again_and_holds_up_no_other(database: RegisterDatabase) -> None:
    clock, told, failing = Clock(), list[tuple[str, bool]](), [True]

    def act(_now: datetime) -> None:
        if failing[0]:
            raise RuntimeError

    runner = DutyRunner(database, [Duty("a", every(timedelta(days=1)), act),
                                   Duty("b", every(timedelta(days=1)), lambda _now: None)],
                        now=clock, told=lambda *said: told.append(said))
    assert runner.run_due() == ["b"]
    clock.now += timedelta(seconds=59)
    assert runner.run_due() == []
    for minutes in (1, 5):  # less and less often
        clock.now += timedelta(minutes=minutes)
        runner.run_due()
    with database.reading() as conn:
        assert dict(map(tuple, conn.execute(select(DUTIES.c.name, DUTIES.c.failures)).all())) == {"a": 3, "b": 0}
    failing[0] = False
    clock.now += timedelta(minutes=16)
    assert runner.run_due() == ["a"]
    assert told == [("a", False), ("b", True), ("a", False), ("a", False), ("a", True)]


def test_one_whose_process_died_is_begun_again_when_its_lease_ends(
        database: RegisterDatabase) -> None:
    clock, done = Clock(), list[str]()

    def dies(_now: datetime) -> None:
        raise KeyboardInterrupt  # no failure that is written down: the process ends

    with pytest.raises(KeyboardInterrupt):
        DutyRunner(database, [Duty("a", every(timedelta(hours=9)), dies)], now=clock).run_due()
    other = DutyRunner(database, [Duty("a", every(timedelta(hours=9)), lambda _: done.append("a"))],
                       now=clock)
    assert other.run_due() == []
    clock.now += timedelta(minutes=31)
    assert other.run_due() == ["a"]
    assert done == ["a"]


def test_the_thread_works_and_stops(database: RegisterDatabase) -> None:
    done = threading.Event()
    runner = DutyRunner(database, [Duty("a", every(timedelta(hours=1)), lambda _: done.set())])
    runner.start()
    assert done.wait(20)
    runner.stop()
    assert runner.stopping
    assert not [t for t in threading.enumerate() if t.name == "duties"]


@pytest.mark.parametrize(("zone", "at", "now", "due"), [
    (SHANGHAI, time(8), "2026-11-30T00:00:00Z", "2026-12-01T00:00:00Z"),
    (SHANGHAI, time(8), "2026-11-29T23:59:59Z", "2026-11-30T00:00:00Z"),
    (SHANGHAI, time(0, 10), "2026-12-31T16:30:00Z", "2027-01-01T16:10:00Z"),
    (UTC, time(0), "2028-02-28T12:00:00Z", "2028-02-29T00:00:00Z"),
    # An hour that there is not, and one that there is twice.
    (ZoneInfo("Europe/Berlin"), time(2, 30), "2026-03-28T12:00:00Z", "2026-03-29T01:30:00Z"),
    (ZoneInfo("Europe/Berlin"), time(2, 30), "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z")])
def test_each_day_at_the_hour_of_the_office(zone: ZoneInfo, at: time, now: str, due: str) -> None:
    assert daily(at, zone)(datetime.fromisoformat(now)) == datetime.fromisoformat(due)


def test_what_has_ended_is_taken_away(database: RegisterDatabase, tmp_path: Path) -> None:
    seconds = NOW.timestamp()
    with database.writing() as conn:
        for name, ends in ((b"a", seconds - 1), (b"b", seconds + 1)):
            conn.execute(insert(SESSIONS).values(
                hash=name, user="li", made=0, seen=0, ends=ends, second_factor=False,
                provider="local"))
            conn.execute(insert(USED_TICKETS).values(hash=name, ends=ends))
        outbox.put(conn, outbox.Message("1", "mail", "a@b.cn", "u", "s", "b"), NOW)
    with database.writing() as conn:
        tidy(conn, NOW, timedelta(days=7))
        tidy(conn, NOW, timedelta(days=7))
    with database.reading() as conn:
        assert [bytes(h) for h in conn.execute(select(SESSIONS.c.hash)).scalars()] == [b"b"]
        assert [bytes(h) for h in conn.execute(select(USED_TICKETS.c.hash)).scalars()] == [b"b"]
        assert outbox.counts(conn)["waiting"] == 1
