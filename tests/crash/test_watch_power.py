"""The power goes while `watch` runs: what was not brought to the disk may be gone, or torn."""

from __future__ import annotations

import os
from contextlib import closing
from datetime import date
from pathlib import Path
from random import Random

import pytest
from support.disk import Disk, PowerCuts, crashes, steps
from support.marks import few
from support.register_events import some_events, write_events

from zhuanjie.engine import api
from zhuanjie.engine.watch.source import EventFile

PACK = "fujian-2007-80"


def to_the_end(events: Path, journal: Path, out: Path) -> None:
    """Take the journal up and follow the events to their end; lines are added to `out`."""
    fd = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        with (closing(EventFile(events, lambda _: None)) as source,
              closing(api.watch(api.load_policy(PACK), fd, lambda *_: None, backend="python",
                                as_of=date(2007, 5, 1), journal=journal)) as running):
            running.follow(source, "events", lambda: False)
    finally:
        os.close(fd)


@pytest.mark.parametrize(("count", "cuts", "seed"), few([(25, 4, 0), (60, 60, 1)], (25, 4, 0)))
def test_the_power_goes(disk: Disk, tmp_path: Path, count: int, cuts: int, seed: int) -> None:
    """Whoever reads the lines has each once, and what they were told stands."""
    here = tmp_path / "here"
    here.mkdir()
    events = write_events(tmp_path / "events", *some_events(count, seed))
    journal, out, log = here / "journal", here / "out", tmp_path / "log"
    for path in (journal, out):
        path.touch()
    names = {path.stat().st_ino: path for path in (journal, out)}
    ended = disk("watch", str(events), "--policy", PACK, "--as-of", "2007-05-01", "--backend",
                 "python", "--journal", "journal", "--lang", "en", below=here, stdout=out,
                 log=str(log), chunk=300, tail=4000)
    assert ended.code == 0, ended.said
    whole = out.read_bytes()
    done = list(steps(log))
    assert sum(step[0] == "name" for step in done) > 2, "the journal was not shortened"
    rng = Random(seed)
    tries = crashes(cuts)
    chosen = sorted(rng.choices(range(len(done)), k=tries))
    power = PowerCuts(here, names)
    torn = 0
    for at, step in enumerate(done):
        power.do(step)
        for _ in range(chosen.count(at)):
            seen = power.written(out)
            held = power.cut(rng)
            torn += held[out] != seen or held[journal] != power.written(journal)
            # The lines went to a file of the same disk: it is the file that it was.
            journal.unlink(missing_ok=True)
            journal.write_bytes(held[journal])
            os.truncate(out, 0)
            with out.open("r+b") as file:
                file.write(held[out])
            to_the_end(events, journal, out)
            assert out.read_bytes() == whole, at
            # They went to another machine, which has all that was put out.
            journal.unlink()
            journal.write_bytes(held[journal])
            rest = tmp_path / "rest"
            rest.unlink(missing_ok=True)
            to_the_end(events, journal, rest)
            lines = [*seen.splitlines(), *rest.read_bytes().splitlines()]
            assert list(dict.fromkeys(lines)) == whole.splitlines(), at
    assert torn >= min(tries // 5, 1)
    assert power.written(out) == whole
