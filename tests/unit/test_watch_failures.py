"""Events that no engine can judge: refused, and everything is as if they had not come."""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.marks import few
from support.strategies import examples

from zhuanjie.engine.api import load_policy
from zhuanjie.engine.backends.registry import record_backend_of
from zhuanjie.engine.core.errors import BackendError, fail
from zhuanjie.engine.core.results import Verdict
from zhuanjie.engine.watch.events import Event, read_event
from zhuanjie.engine.watch.journal import Journal
from zhuanjie.engine.watch.register import WatchRegister
from zhuanjie.engine.watch.run import Watch
from zhuanjie.engine.watch.sink import Sink, overlap
from zhuanjie.engine.watch.source import Line

DAY = date(2007, 12, 31)
POLICY = load_policy("fujian-2007-80")


class Failing:
    """An engine that fails at some calls."""

    name = "failing"

    def __init__(self) -> None:
        self.real = record_backend_of("python")
        self.left: int | None = None

    def judge_record(self, *asked: Any) -> list[Verdict]:
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                raise fail(BackendError, "backend.failed", name=self.name, detail="")
        return self.real.judge_record(*asked)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


def state(register: WatchRegister) -> dict[str, Any]:
    """All that later events hang on."""
    return {
        "day": register.today, "clocked": register.clocked, "closed": dict(register.closed),
        "cases": {name: (dict(c.values), dict(c.standing), dict(c.keys), c.next_evaluation)
                  for name, c in register.cases.items()},
        "written": dict(register.written),
        "sharing": {k: dict(v) for k, v in register.sharing.groups()},
    }


def events(rng: Random) -> list[dict[str, Any]]:
    """A few records that share serials, corrections of them, and the clock."""
    made: list[dict[str, Any]] = []
    day = DAY
    for _ in range(60):
        if rng.random() < 0.1:
            day = date.fromordinal(day.toordinal() + rng.choice((1, 30, 200)))
            made.append({"clock": day.isoformat()})
            continue
        made.append({"member.id": f"{rng.randrange(8):04}", **rng.choice((
            {"letter.issued_on": "2007-06-30", "letter.serial": str(rng.randrange(3))},
            {"letter.issued_on": None}, {"receipt.returned_on": "2007-07-20"},
            {"member.left_on": "2007-06-30"}, {"letter.serial": str(rng.randrange(3))}))})
    return made


def entry(kind: str, data: Mapping[str, Any]) -> bytes:
    """An entry of a journal, written by hand."""
    body = json.dumps([kind, data], separators=(",", ":")).encode()
    return b"%08x %s\n" % (zlib.crc32(body), body)


def read(event: Mapping[str, Any], register: WatchRegister) -> Event:
    return read_event(json.dumps(event), "", 1, register.mapping)


@pytest.mark.parametrize("seed", few(range(6), 0))
def test_a_failed_event_leaves_everything_as_it_was(seed: int) -> None:
    rng, engine = Random(seed), Failing()
    register = WatchRegister(POLICY, engine, DAY, "en")  # type: ignore[arg-type]
    twin = WatchRegister(POLICY, record_backend_of("python"), DAY, "en")
    failed = 0
    for event in events(rng):
        before = state(register)
        engine.left = rng.choice((0, 0, 1, 2))
        try:
            lines = register.attempt(read(event, register))
        except BackendError:
            failed += 1
            assert state(register) == before
            engine.left = None
            lines = register.attempt(read(event, register))
        engine.left = None
        assert lines == twin.apply(read(event, twin))
        assert state(register) == state(twin)
    assert failed > 5


def test_it_is_refused_and_not_journalled(tmp_path: Path) -> None:
    engine, told = Failing(), list[int]()
    out = (tmp_path / "out").open("wb")
    path = tmp_path / "journal"

    def watch() -> Watch:
        register = WatchRegister(POLICY, engine, DAY, "en")  # type: ignore[arg-type]
        made = Watch(register, Journal(path), Sink(out.fileno()), lambda _e, line: told.append(line))
        made.resume()
        return made

    running = watch()
    good = b'{"member.id": "1", "member.left_on": "2007-06-30"}'
    running.take(Line(good, 1, len(good) + 1), "events")
    engine.left = 0
    running.take(Line(good.replace(b'"1"', b'"2"'), 2, 2 * len(good) + 2), "events")
    running.close()
    assert told == [2]
    assert b'"2"' not in path.read_bytes()
    engine.left = None
    again = watch()  # and it is not in the way of the next start
    assert list(again.register.cases) == ["1"]
    assert again.position.number == 2
    again.close()


def test_an_event_that_is_journalled_and_cannot_be_judged_is_set_aside(tmp_path: Path) -> None:
    """As a program would leave it that was stopped before it could say so."""
    engine, told = Failing(), list[int]()
    out, path = (tmp_path / "out").open("wb"), tmp_path / "journal"

    def watch() -> Watch:
        register = WatchRegister(POLICY, engine, DAY, "en")  # type: ignore[arg-type]
        made = Watch(register, Journal(path), Sink(out.fileno()), lambda _e, line: told.append(line))
        made.resume()
        return made

    watch().close()
    head = {**json.loads(path.read_bytes()[9:])[1], "format": 1}
    path.write_bytes(entry("open", head) + entry("event", {
        "event": {"member.id": "7", "member.left_on": "2007-06-30"},
        "offset": 9, "line": 1, "sum": 5}))
    engine.left = 0
    second = watch()
    assert told == [1]
    second.close()
    third = watch()  # set aside for good, though the engine would judge it now
    engine.left = None
    assert (told, list(third.register.cases)) == ([1], [])
    third.close()


def test_a_journal_of_the_first_form_is_taken_up(tmp_path: Path) -> None:
    """What was said of it stands; what was not is said; it is written anew."""
    engine, path, out = record_backend_of("python"), tmp_path / "journal", tmp_path / "out"

    def watch() -> Watch:
        register = WatchRegister(POLICY, engine, DAY, "en")
        made = Watch(register, Journal(path), Sink(os.open(out, os.O_WRONLY | os.O_CREAT
                                                           | os.O_APPEND)), lambda *_: None)
        made.resume()
        return made

    watch().close()
    head = {**json.loads(path.read_bytes()[9:])[1], "format": 1, "as_of": "2007-07-01"}
    first, second = ({"member.id": who, "letter.issued_on": "2007-06-30"} for who in "12")
    path.write_bytes(
        entry("open", head) + entry("event", {"event": first, "offset": 9, "line": 1, "sum": 5})
        + entry("said", {"changes": [["1", "receipt-returned", "pending", "2007-07-01",
                                      "2007-10-28"]]})
        + entry("clock", {"day": "2007-08-01", "told": True, "waivers": ""})
        + entry("said", {"changes": []}) + entry("refused", {"offset": 11, "line": 2, "sum": 6})
        + entry("event", {"event": second, "offset": 20, "line": 3, "sum": 7}) + b"0123")
    made = watch()
    said = [json.loads(line) for line in out.read_bytes().splitlines()]
    assert {line["record"] for line in said[:1]} == {"2"}
    assert said[0]["n"] == 2
    assert [(line["was"], line["is"], line["was_since"]) for line in said if line["record"] == "1"
            and line["rule"] == "receipt-returned"] == [("pending", "violation", "2007-07-01")]
    assert made.register.today == DAY
    assert (made.position.offset, list(made.position.sums)) == (20, [5, 6, 7])
    made.close()
    assert b'"format":3' in path.read_bytes()
    before = out.read_bytes()
    watch().close()
    assert out.read_bytes() == before


@given(st.binary(max_size=40), st.lists(st.integers(0, 3), max_size=6), st.integers(0, 60))
@examples(300)
def test_the_overlap_is_the_longest(before: bytes, numbers: list[int], cut: int) -> None:
    data = b"".join(b'{"n":%d}\n' % n for n in numbers)
    tail = before + data[:cut]
    found = overlap(tail, data)
    assert tail.endswith(data[:found])
    assert found >= min(cut, len(data)) or len(set(numbers)) < len(numbers)


