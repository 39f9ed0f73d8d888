"""The fuzzer: it can object, makes the same inputs of the same seed, and finds nothing today."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fuzz.client import ForkServer, RunResult
from fuzz.inputs import FuzzInput
from fuzz.kinds import KINDS
from fuzz.minimise import minimise
from fuzz.nasty import CANARY, ID_NUMBERS
from fuzz.oracle import faults, signature
from fuzz.run import FuzzRun

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are watched in /proc")
SEED, COUNT = 2007, 400
FINE = RunResult(0, "", 1 << 20, 0.1, 0.1, b"{}", "", {}, {}, ())
CASE = FuzzInput("csv", ("audit", "l.csv"), form="json")


@pytest.fixture(scope="module")
def server() -> Iterator[ForkServer]:
    with ForkServer() as started:
        yield started


def ran(server: ForkServer, count: int, keep: Path) -> FuzzRun:
    run = FuzzRun(SEED, sorted(KINDS))
    run.go(server, count=count, keep=keep)
    assert sum(run.ran.values()) == count
    assert not run.found, "\n".join(
        [f"{f.given.kind} {f.number}: {f.fault}" for f in run.found] + [f"kept in {keep}", run.summary()])
    return run


def test_a_few_inputs(server: ForkServer, tmp_path: Path) -> None:
    run = ran(server, sum(kind.weight for kind in KINDS.values()), tmp_path)
    assert set(run.ran) == set(KINDS)
    assert {"exit 2", "exit 1"} < set(run.codes)


@pytest.mark.slow
def test_minutes_of_inputs(server: ForkServer, tmp_path: Path) -> None:
    print(ran(server, COUNT, tmp_path).summary())  # noqa: T201 - how many ran, and how fast


@pytest.mark.parametrize(("result", "word"), [
    (replace(FINE, code=3, stderr="error: internal error at x\n"), "exit"),
    (replace(FINE, code=-6), "abort"), (replace(FINE, why="time"), "time"),
    (replace(FINE, code=2, stdout=b"", stderr="reading\n"), "silent"),
    (replace(FINE, code=2, stderr="error: a\nerror: b\n"), "many"),
    (replace(FINE, stderr="Traceback (most recent call last)"), "words"),
    (replace(FINE, stdout=b'{"a": NaN}'), "output"), (replace(FINE, stdout=b'{"a": 1, "a": 2}'), "output"),
    (replace(FINE, stderr=f"notice: `{ID_NUMBERS[0]}`"), "identity"),
    (replace(FINE, stderr=f"notice: {CANARY}"), "secret"), (replace(FINE, after={"x": b""}), "touched"),
    (replace(FINE, before={"l.csv": b"1"}, after={"l.csv": b"2"}), "touched"),
    (replace(FINE, before={"l.csv": b"1"}), "touched"), (replace(FINE, left=("zhuanjie-1",)), "left"),
    (replace(FINE, stderr="notice: \u202ex"), "control"),
    (replace(FINE, stdout=b'{"ledger": {"records": 2, "files": [{"rows": {"sum": 1}}]}}'), "rows"),
])
def test_the_oracle_can_object(result: RunResult, word: str) -> None:
    given = replace(CASE, rows=4)
    assert [f.split()[0] for f in faults(given, result)][:1] == [word]
    assert not faults(replace(given, form=""), FINE)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_seed_makes_the_same_inputs(kind: str, tmp_path: Path) -> None:
    first = FuzzRun(1, [kind])
    made = [first.make(kind, n) for n in range(8)]
    assert made == [FuzzRun(1, [kind]).make(kind, n) for n in range(8)] or kind in ("xlsx", "ods", "parquet", "old")
    assert len({(i.args, *i.files.values(), i.stdin) for i in made}) > 4
    made[0].save(tmp_path / "case", fault="x")
    assert FuzzInput.load(tmp_path / "case") == replace(made[0], files=dict(sorted(made[0].files.items())))


def test_limits_hold(server: ForkServer) -> None:
    """What never ends is ended, and what takes all memory."""
    busy = FuzzInput("library", ("all(True for _ in iter(int, 1))",), call="load_policy")
    assert [f.split()[0] for f in faults(busy, server.run(busy, seconds=0.5))] == ["time"]
    large = FuzzInput("library", ("bytearray(5 * 10 ** 9) * 2",), call="load_policy")
    assert [f.split()[0] for f in faults(large, server.run(large))] in (["memory"], ["exit"])


def test_a_found_input_is_made_small() -> None:
    """Only what the fault needs stays, in text and in packages."""
    text = FuzzInput("csv", ("audit", "l.csv", "--all"), {"l.csv": b"a,b\n" * 50 + b"a,BAD\n" + b"c" * 900, "x": b"y"})
    small = minimise(text, lambda i: b"BAD" in i.files.get("l.csv", b"") and "audit" in i.args)
    assert small == replace(text, args=("audit",), files={"l.csv": b"BAD"})
    book = KINDS["ods"].fresh
    from random import Random

    from fuzz.kinds.workbooks import unpacked

    given = book(Random(3))
    parts = unpacked(given.files["l.ods"])
    assert parts
    small = minimise(given, lambda i: b"office" in unpacked(i.files.get("l.ods", b"")).get("content.xml", b""))
    assert unpacked(small.files["l.ods"]) == {"content.xml": b"office"}


def test_like_faults_are_one() -> None:
    assert signature("exit 3: error: internal error at a/b.py:17") == signature(
        "exit 3: error: internal error at a/b.py:9")
