"""The live register through the real command: changes, refusals, and being killed at any moment."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from support.marks import few, slow
from support.register_events import some_events, write_events

from zhuanjie.engine.watch.source import EventFile

COMMAND = str(Path(sys.executable).parent / "zhuanjie")
POLICY = ("--policy", "fujian-2007-80", "--as-of", "2007-05-01", "--lang", "en")


def run(events: Path, *args: str, **kwargs) -> subprocess.CompletedProcess:
    return subprocess.run([COMMAND, "watch", str(events), *POLICY, *args], capture_output=True,
                          check=False, timeout=60, **kwargs)


def lines(out: bytes) -> list[dict]:
    return [json.loads(line) for line in out.splitlines()]


def test_a_deadline_passes_with_the_clock(tmp_path: Path) -> None:
    events = write_events(tmp_path / "e", {"clock": "2007-07-01"},
                   {"member.id": "1", "letter.issued_on": "2007-06-30"}, {"clock": "2007-10-28"},
                   {"clock": "2007-10-29"})
    done = run(events)
    receipts = [x for x in lines(done.stdout) if x["clause"] == "1.6b"]
    assert [(x["was"], x["is"], x["since"], x["due"]) for x in receipts] == [
        ("not_applicable", "pending", "2007-07-01", "2007-10-28"),
        ("pending", "violation", "2007-10-29", "2007-10-28")]
    assert done.returncode == 0


def test_a_serial_number_used_twice_is_said_of_both(tmp_path: Path) -> None:
    letter = {"letter.issued_on": "2007-06-30", "letter.serial": "7", "letter.issuer": "x"}
    events = write_events(tmp_path / "e", {"member.id": "1", **letter}, {"member.id": "2", **letter},
                   {"member.id": "2", "letter.serial": "8"})
    said = [(x["record"], x["is"]) for x in lines(run(events).stdout) if x["clause"] == "1.3e"]
    assert said == [("1", "satisfied"), ("2", "violation"), ("1", "violation"),
                    ("2", "satisfied"), ("1", "satisfied")]


def test_malformed_events_are_refused_one_by_one(tmp_path: Path) -> None:
    events = write_events(tmp_path / "e", "{", "[1]", {"letter.serial": "1"}, {"member.id": "1", "x.y": 1},
                   {"member.id": "1", "letter.issued_on": "2007-02-30"}, {"clock": "soon"},
                   {"clock": "2007-04-01"}, {"clock": "2007-06-01", "member.id": "1"},
                   {"clock": "9999-12-31"},
                   {"member.id": "1", "letter.issued_on": "2007-06-30"})
    done = run(events)
    errors = [x for x in done.stderr.decode().splitlines() if x.startswith("error:")]
    assert [f":{n}:" in e for n, e in enumerate(errors, 1)] == [True] * 9
    assert lines(done.stdout)
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize(("seed", "count", "kills"), [
    (0, 20, 2), *(slow(seed, 120, 12) for seed in range(4))])
def test_killed_at_any_moment_it_neither_loses_nor_repeats(
        tmp_path: Path, seed: int, count: int, kills: int) -> None:
    events = write_events(tmp_path / "events", *some_events(count, seed))
    whole = run(events, "--journal", str(tmp_path / "whole")).stdout
    rng = random.Random(seed)
    out = tmp_path / "out"
    journal = tmp_path / "journal"
    for _ in range(kills):
        with out.open("ab") as sink:
            process = subprocess.Popen(
                [COMMAND, "watch", str(events), *POLICY, "--journal", str(journal)], stdout=sink,
                stderr=subprocess.DEVNULL)
            # Most of the time is the start; kill once lines come, a little later each time.
            size = out.stat().st_size
            until = time.monotonic() + 20
            while (process.poll() is None and out.stat().st_size == size
                   and time.monotonic() < until):
                time.sleep(0.001)
            time.sleep(rng.random() * 0.05)
            if process.poll() is None:
                os.kill(process.pid, signal.SIGKILL)
            if process.wait() == 0:
                break
    with out.open("ab") as sink:  # and once to the end, however far the killed ones came
        subprocess.run([COMMAND, "watch", str(events), *POLICY, "--journal", str(journal)],
                       stdout=sink, check=True, timeout=120)
    assert out.read_bytes() == whole


@pytest.mark.parametrize("cuts", few((3, 25), 3))
def test_the_journal_may_be_cut_at_any_byte(
        tmp_path: Path, cuts: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a crash leaves is a prefix of the journal, and of the output at least as far along."""
    from zhuanjie.engine import api
    from zhuanjie.engine.watch import source as sources

    monkeypatch.setattr(sources, "_CHUNK", 200)  # batches of a few events
    events = write_events(tmp_path / "events", *some_events(25, 7))
    policy = api.load_policy("fujian-2007-80")

    def watch(journal: Path, out: Path) -> bytes:
        with out.open("ab") as sink, closing(EventFile(events, lambda _: None)) as source:
            running = api.watch(policy, sink.fileno(), lambda *_: None, as_of=date(2007, 5, 1),
                                journal=journal, backend="python")
            running.follow(source, "events", lambda: False)
            running.close()
        return out.read_bytes()

    whole = watch(tmp_path / "journal", tmp_path / "out")
    entries = (tmp_path / "journal").read_bytes()
    counts = [len(json.loads(line.split(b" ", 1)[1])[1].get("lines", ()))
              for line in entries.splitlines()[:-1]]  # behind them stands a note of them all
    assert sum(map(bool, counts)) > 4
    sizes = [len(line) + 1 for line in whole.splitlines()]
    rng = random.Random(1)
    for cut in sorted(rng.sample(range(1, len(entries)), cuts)):
        journal = tmp_path / f"journal-{cut}"
        journal.write_bytes(entries[:cut])
        # The lines of all batches but the last stand in the output, and any part of that one's.
        kept = counts[:entries[:cut].count(b"\n")]
        least = sum(sizes[:sum(kept[:-1])])
        out = tmp_path / f"out-{cut}"
        out.write_bytes(whole[: rng.randint(least, sum(sizes[:sum(kept)]))])
        assert watch(journal, out) == whole, cut
    damaged = tmp_path / "damaged"
    damaged.write_bytes(entries.replace(b"2007-06-30", b"2007-06-31", 1))
    done = run(events, "--journal", str(damaged))
    assert done.returncode == 2
    assert b"damaged" in done.stderr


def test_waivers_that_change_are_taken_up(tmp_path: Path) -> None:
    """Where no events come too; a file that cannot be read changes nothing, and is said."""
    waiver = ("waivers:\n- {id: w, clause: 1.6b, record: '1', reason: x, requested_by: zhang,"
              " approved_by: li, granted_on: 2007-11-20, expires: 2007-12-20}\n")
    waivers, out, said = tmp_path / "w.yaml", tmp_path / "out", tmp_path / "said"
    waivers.write_text("waivers: []\n")
    events = write_events(tmp_path / "e", {"member.id": "1", "letter.issued_on": "2007-06-30"})
    args = ("--as-of", "2007-12-01", "--waivers", str(waivers), "--journal", str(tmp_path / "j"))
    with (out.open("wb") as sink, said.open("wb") as errors, subprocess.Popen(
            [COMMAND, "watch", str(events), *POLICY, *args, "--follow"], stdout=sink,
            stderr=errors) as process):
        def until(happened: Callable[[], bool]) -> None:
            end = time.monotonic() + 60
            while not happened() and time.monotonic() < end:
                time.sleep(0.02)
            assert happened(), said.read_text()

        def outcomes() -> list[str]:
            return [is_now for _, is_now, _ in receipts(out.read_bytes())]

        until(lambda: outcomes() == ["violation"])
        waivers.write_text(waiver)
        until(lambda: outcomes() == ["violation", "waived"])
        waivers.write_text("waivers: {")
        until(lambda: b"still holds" in said.read_bytes())
        waivers.write_text("waivers: []\n")
        until(lambda: outcomes() == ["violation", "waived", "violation"])
        # Before it has noted that a pipe has its lines they would be sent once more.
        until(lambda: b'["said",' in (tmp_path / "j").read_bytes().splitlines()[-1])
        process.terminate()
    again = run(events, *args)
    assert lines(again.stdout) == []


def receipts(out: bytes) -> list[tuple[str, str, str]]:
    return [(x["record"], x["is"], x["since"]) for x in lines(out) if x["clause"] == "1.6b"]


def test_a_later_as_of_day_moves_the_clock_of_a_journal(tmp_path: Path) -> None:
    events = write_events(tmp_path / "e", {"member.id": "1", "letter.issued_on": "2007-06-30"})
    journal = ("--journal", str(tmp_path / "j"))
    assert receipts(run(events, *journal).stdout) == [("1", "pending", "2007-05-01")]
    late = run(events, *journal, "--as-of", "2007-12-01")
    assert receipts(late.stdout) == [("1", "violation", "2007-12-01")]
    for again in ("2007-05-01", "2007-12-01"):
        assert lines(run(events, *journal, "--as-of", again).stdout) == []


def test_whoever_is_out_of_scope_clashes_with_nobody(tmp_path: Path) -> None:
    letter = {"letter.issued_on": "2007-06-30", "letter.serial": "7"}
    events = write_events(tmp_path / "e", {"member.id": "1", "member.cohort": 2008, **letter},
                   {"member.id": "2", "member.cohort": 2007, **letter},
                   {"member.id": "1", "member.cohort": 2006})
    done = run(events, "--policy", "quanzhou-normal-2007-23")
    said = [(x["record"], x["is"]) for x in lines(done.stdout) if x["clause"] == "1.3e"]
    assert said == [("2", "satisfied"), ("1", "violation"), ("2", "violation")]


@pytest.mark.parametrize("how", ["replaced", "cut"])
def test_a_followed_file_that_is_not_what_it_was_is_read_from_its_start(
    tmp_path: Path, how: str,
) -> None:
    events = write_events(tmp_path / "e", {"member.id": "1", "letter.issued_on": "2007-06-30"},
                   {"member.id": "1", "member.name": "x" * 200})
    out = tmp_path / "out"
    with out.open("wb") as sink, subprocess.Popen(
            [COMMAND, "watch", str(events), *POLICY, "--follow"], stdout=sink,
            stderr=subprocess.PIPE) as process:
        def until(count: int) -> None:
            end = time.monotonic() + 30
            while len(receipts(out.read_bytes())) < count and time.monotonic() < end:
                time.sleep(0.02)
            assert len(receipts(out.read_bytes())) == count

        until(1)
        time.sleep(0.5)
        if how == "replaced":
            events.rename(tmp_path / "e.1")
            time.sleep(0.5)
        write_events(events, {"member.id": "2", "letter.issued_on": "2007-06-30"})
        until(2)
        with events.open("a", encoding="utf-8") as file:
            file.write('{"member.id": "3", "letter.issued_on": "2007-06-30"}\n')
        until(3)
        process.kill()
        assert process.stderr is not None
        assert b"from its start" in process.stderr.read()


def test_a_journal_of_another_file_does_not_hide_events(tmp_path: Path) -> None:
    events = write_events(tmp_path / "e", *({"member.id": "1", "member.name": f"{n}"} for n in range(9)))
    journal = ("--journal", str(tmp_path / "j"))
    run(events, *journal)
    for text in ("longer " * 40, "s"):
        write_events(events, {"member.id": text, "letter.issued_on": "2007-06-30"})
        done = run(events, *journal)
        assert receipts(done.stdout) == [(text.strip(), "pending", "2007-05-01")]
        assert b"from its start" in done.stderr


@pytest.mark.parametrize(("args", "what"), [
    (["e", "--journal", "e"], b"into the events"), (["e", "--journal", "/dev/null"], b"no file"),
    (["l.csv"], b"zhuanjie audit"), (["nowhere"], b"no such file"),
])
def test_what_cannot_be_watched_is_said(tmp_path: Path, args: list[str], what: bytes) -> None:
    write_events(tmp_path / "e", {"member.id": "1"})
    write_events(tmp_path / "l.csv", "member.id")
    done = run(Path(args[0]), *args[1:], cwd=tmp_path)
    assert done.returncode == 2
    assert what in done.stderr
    assert done.stdout == b""


@pytest.mark.parametrize("held", [
    b"my notes", b"1", b"deadbeef", b"7c2f1a90 ", b'{"member.id": "1"}', b"one\ntwo", b"one\ntwo\n",
    b'00000000 ["event",{}]\n', b"PK\x03\x04 no line break", "\u515a\u5458".encode(),
    b'["open",{"format":1,"policy":"', b"\x00" * 64,
])
def test_a_file_that_is_no_journal_is_left_as_it_is(tmp_path: Path, held: bytes) -> None:
    events = write_events(tmp_path / "e", {"member.id": "1", "letter.issued_on": "2007-06-30"})
    journal = tmp_path / "j"
    journal.write_bytes(held)
    done = run(events, "--journal", str(journal))
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"no journal" in done.stderr
    assert journal.read_bytes() == held


def test_a_journal_of_another_policy_keeps_even_what_a_crash_left(tmp_path: Path) -> None:
    events = write_events(tmp_path / "e", {"member.id": "1", "letter.issued_on": "2007-06-30"})
    journal = tmp_path / "j"
    run(events, "--journal", str(journal))
    held = journal.read_bytes() + b"0123"
    journal.write_bytes(held)
    done = run(events, "--journal", str(journal), "--policy", "quanzhou-normal-2007-23")
    assert done.returncode == 2
    assert journal.read_bytes() == held
    assert run(events, "--journal", str(journal)).returncode == 0
    assert journal.stat().st_mode & 0o777 == 0o600
