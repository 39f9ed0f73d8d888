"""A register that is written into the journal's beginning comes back as it was."""

from __future__ import annotations

import json
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest
from support.marks import few

from zhuanjie.engine.api import load_policy
from zhuanjie.engine.backends.registry import record_backend_of
from zhuanjie.engine.watch.codec import dumps, loads
from zhuanjie.engine.watch.journal import Entry
from zhuanjie.engine.watch.register import WatchRegister
from zhuanjie.engine.watch.snapshot import Position, dump, load

DAY = date(2007, 6, 1)
POLICY = load_policy("quanzhou-normal-2007-23")


def fresh() -> WatchRegister:
    return WatchRegister(POLICY, record_backend_of("python"), DAY, "en")


def events(rng: Random, day: date) -> list[dict[str, Any]]:
    """Records that share serials, some beyond the scope, ids in two writings, the clock."""
    made: list[dict[str, Any]] = []
    for _ in range(60):
        if rng.random() < 0.1:
            day += timedelta(rng.choice((1, 30, 120)))
            made.append({"clock": day.isoformat()})
            continue
        who = f"{rng.randrange(14):03}"
        made.append({"member.id": rng.choice((who, who.translate({48: "０"}))), **rng.choice((
            {"member.cohort": 2008}, {"member.cohort": rng.choice((2007, 2008))},
            {"letter.issued_on": "2007-06-30", "letter.serial": str(rng.randrange(3))},
            {"receipt.returned_on": "2007-07-20"}, {"letter.serial": str(rng.randrange(3))}))})
    return made


def state(register: WatchRegister) -> dict[str, Any]:
    """All that later events hang on."""
    return {
        "day": register.today, "clocked": register.clocked, "closed": register.closed,
        "cases": {name: (c.values, c.standing, c.keys, c.next_evaluation)
                  for name, c in register.cases.items()},
        "written": register.written,
        "sharing": {key: dict(records) for key, records in register.sharing.groups()},
    }


@pytest.mark.parametrize("seed", few(range(6), 0))
def test_it_comes_back_as_it_was(seed: int) -> None:
    rng = Random(seed)
    register, position = fresh(), Position(7, 3, 9)
    position.sums.extend(rng.randrange(2**32) for _ in range(200))
    for event in events(rng, DAY):
        register.attempt(register.read(json.dumps(event), "", 1))
    assert register.closed
    assert register.written
    again, where = fresh(), Position()
    again.begin(register.today, register.clocked)
    kinds = set()
    for kind, data in dump(register, position):
        done = load(Entry(kind, loads(dumps(data))), again, where)
        assert done, kind
        kinds.add(kind)
    assert kinds == {"state", "written", "cases", "closed", "sums", "whole"}
    again.index()
    assert where == position
    assert state(again) == state(register)
    for event in events(rng, register.today):
        read = register.read(json.dumps(event), "", 1)
        assert register.attempt(read) == again.attempt(read)
    assert state(again) == state(register)
