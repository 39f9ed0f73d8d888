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
from zhuanjie.engine.watch.cases import plain
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


def taken_up(register: WatchRegister, position: Position, again: WatchRegister,
             where: Position) -> set[str]:
    """Have `again` be what is written of `register`; returns the kinds of entries."""
    again.begin(register.today, register.clocked)
    kinds = set()
    for kind, data in dump(register, position):
        assert load(Entry(kind, loads(dumps(data))), again, where), kind
        kinds.add(kind)
    return kinds


def folded(register: WatchRegister, again: WatchRegister, event: dict[str, Any]) -> None:
    """Have one register judge an event, and another take in what was said of it."""
    read = register.read(json.dumps(event), "", 1)
    lines = [loads(line) for line in register.attempt(read)]
    again.fold(read)
    again.settle([line["record"], line["rule"], line["is"], line["since"], line["due"]]
                 for line in lines)


@pytest.mark.parametrize("seed", few(range(6), 0))
@pytest.mark.parametrize("trusted", [True, False])
def test_what_came_after_it_is_taken_in(seed: int, trusted: bool) -> None:
    """Keys and wake-up days too, whether those of the snapshot are taken or worked out anew."""
    rng = Random(seed)
    register, again = fresh(), fresh()
    for event in events(rng, DAY):
        register.attempt(register.read(json.dumps(event), "", 1))
    taken_up(register, Position(), again, Position())
    again.derived.trusted &= trusted
    held = {name: case.values for name, case in register.cases.items()}
    for event in events(rng, register.today)[:20]:
        folded(register, again, event)
    again.index()
    assert state(again) == state(register)
    assert any(register.cases[name].values == was for name, was in held.items()
               if name in register.cases)
    for event in events(rng, register.today):
        read = register.read(json.dumps(event), "", 1)
        assert register.attempt(read) == again.attempt(read)
    assert state(again) == state(register)


def test_cases_as_they_were_written_before_blocks() -> None:
    register, again, where = fresh(), fresh(), Position()
    for event in events(Random(1), DAY):
        register.attempt(register.read(json.dumps(event), "", 1))
    again.begin(register.today, register.clocked)
    old = [[name, *plain(case, register.codec)] for name, case in register.cases.items()]
    for kind, data in dump(register, Position()):
        if kind != "block":
            load(Entry(kind, loads(dumps(data))), again, where)
    load(Entry("cases", loads(dumps({"cases": old}))), again, where)
    load(Entry("state", {"offset": 7, "line": 3, "said": 9}), again, where)
    load(Entry("sums", {"sums": [5, 6]}), again, where)
    again.index()
    assert state(again) == state(register)
    assert (where.offset, list(where.sums)) == (7, [5, 6])


def test_where_the_clock_goes_back_keys_and_days_are_worked_out_anew() -> None:
    register = WatchRegister(POLICY, record_backend_of("python"), None, "en")
    register.begin(DAY, False)
    register.index()
    for event in events(Random(2), DAY):
        if "clock" not in event:
            register.attempt(register.read(json.dumps(event), "", 1))
    again = fresh()
    taken_up(register, Position(), again, Position())
    folded(register, again, {"clock": (DAY - timedelta(90)).isoformat()})
    again.index()
    assert state(again) == state(register)


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
    assert taken_up(register, position, again, where) == {
        "state", "written", "block", "closed", "sums", "whole"}
    assert again.derived.trusted
    again.index()
    assert where == position
    assert state(again) == state(register)
    for event in events(rng, register.today):
        read = register.read(json.dumps(event), "", 1)
        assert register.attempt(read) == again.attempt(read)
    assert state(again) == state(register)
