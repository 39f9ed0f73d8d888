"""The live register against the reading by hand: after every event, all that changed and no more."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Any

import pytest
from support.edge_records import PACK, record
from support.marks import few
from support.oracle import judge_ledger

from zhuanjie.engine.api import load_policy
from zhuanjie.engine.backends.registry import record_backend_of
from zhuanjie.engine.watch.codec import loads
from zhuanjie.engine.watch.events import Clock, Event, Update
from zhuanjie.engine.watch.register import WatchRegister

START = date(2007, 6, 30)
STRIDES = (0, 1, 1, 2, 15, 29, 30, 31, 90, 180, 366)


def events(random: Random, count: int) -> list[Event]:
    """Values entered, changed and taken back for a few records, and days going by."""
    out: list[Event] = []
    day = START
    for _ in range(count):
        if random.random() < 0.15:
            day += timedelta(random.choice(STRIDES))
            out.append(Clock(day))
            continue
        values: dict[str, Any] = record(random.randrange(10**6), day)
        del values["member.id"]
        names = random.sample(sorted(values), min(len(values), random.choice((1, 1, 2, 5, 30))))
        changed = {n: None if random.random() < 0.1 else values[n] for n in names}
        if random.random() < 0.15:  # an act that is announced, while the one before it runs out
            changed = {"arrival.certificate_on": day - timedelta(random.choice((300, 364, 365))),
                       "arrival.last_verified_on": day + timedelta(random.choice((1, 20, 40)))}
        out.append(Update(f"{random.randrange(6)}", changed))
    return out


@pytest.mark.parametrize("seed", few(range(6), 0))
def test_every_change_is_said_when_it_happens(seed: int) -> None:
    random = Random(seed)
    policy = load_policy(PACK)
    register = WatchRegister(policy, record_backend_of("python"), START, "en")
    clauses = {r.id: r.clause for r in policy.rules}
    records: dict[str, dict[str, Any]] = {}
    standing: dict[tuple[str, str], str] = {}
    today = START
    for event in events(random, 150):
        if isinstance(event, Clock):
            today = event.day
        else:
            mine = records.setdefault(event.record, {"member.id": event.record})
            mine.update(event.values)
        given = [{n: v for n, v in r.items() if v is not None} for r in records.values()]
        expected = {}
        for who, judged in zip(records, judge_ledger(given, today), strict=True):
            for clause, came in judged.items():
                was = standing.get((who, clause), "not_applicable")
                if came.outcome != was:
                    expected[who, clause] = (was, came.outcome, came.due, came.missing)
                    standing[who, clause] = came.outcome
        said = {}
        for line in map(loads, register.apply(event)):
            place = line["record"], clauses[line["rule"]]
            assert place not in said, "said twice"
            due = date.fromisoformat(line["due"]) if line["due"] else None
            said[place] = (line["was"], line["is"], due, frozenset(line["missing"]))
            assert line["since"] == today.isoformat()
        assert said == expected, event
