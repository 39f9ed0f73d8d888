"""A live register: events a second, memory, restart. In: made-up events. Out: a page's section.

The register is filled first, each record by one event; then come updates of records drawn at
random. What a start costs is measured by itself and taken off. The journal is on the disk of
`--data`, and so is the file the lines go to: every batch of events waits for both.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

from measure import COMMAND, Line, Run, median, process, report, table, thousands, workplace

FIRST = date(2007, 6, 1)
AS_OF = "2007-08-01"
AIMS = "Aims: 5,000 events a second with 100,000 open cases in under 1 GB; a start in under 10 s."


def day(rng: Random, after: int) -> str:
    """A day of that summer."""
    return (FIRST + timedelta(after + rng.randrange(60))).isoformat()


def opening(number: int, rng: Random) -> dict[str, Any]:
    """The first event of a record: what is known of somebody who leaves."""
    left = day(rng, 0)
    serial = str(number)
    return {"member.id": f"{number:06}", "member.name": f"Zhang {number % 977}",
            "member.sex": rng.choice(("male", "female")), "member.category": "full",
            "member.cohort": 2007, "member.left_on": left, "education.briefed_on": left,
            "destination.kind": rng.choice(("employer_org", "retained")),
            "letter.issued_on": left, "letter.form": "three_part", "letter.serial": serial,
            "letter.stub_serial": serial, "letter.receipt_serial": serial,
            "letter.issuer": f"office {number % 40}", "letter.valid_days": 90}


def update(number: int, rng: Random) -> dict[str, Any]:
    """What a later event brings: a receipt, a correction, a letter written anew."""
    return {"member.id": f"{number:06}", **rng.choice((
        {"receipt.returned_on": day(rng, 20)}, {"receipt.returned_on": None},
        {"letter.serial": str(rng.randrange(10**7))}, {"receipt.tracker": f"Li {number % 50}"},
        {"education.notice_on": day(rng, 0), "education.notice_form": "written"},
        {"letter.issued_on": day(rng, 0), "letter.phone": "13800000000"}))}


def events(cases: int, updates: int) -> Iterator[str]:
    """Events, a line each."""
    rng = Random(80)
    for number in range(cases):
        yield json.dumps(opening(number, rng)) + "\n"
    for _ in range(updates):
        yield json.dumps(update(rng.randrange(cases), rng)) + "\n"


class Register:
    """A register in a folder: its events, its journal, its lines."""

    def __init__(self, folder: Path, cases: int) -> None:
        self.cases = cases
        self.events, self.journal = folder / "events", folder / "journal"
        self.out, self.kept = folder / "out", folder / "kept"

    def follow(self, engine: str) -> Run:
        """One run of the command to the end of the events."""
        return process(["sh", "-c", f'exec "$0" "$@" >>{self.out}', COMMAND, "watch",
                        str(self.events), "--policy", "fujian-2007-80", "--as-of", AS_OF,
                        "--lang", "en", "--backend", engine, "--journal", str(self.journal)])

    def write(self, updates: int) -> None:
        """The openings and so many updates."""
        with self.events.open("w", encoding="utf-8") as file:
            file.writelines(events(self.cases, updates))

    def keep(self) -> None:
        """Remember the journal as it is."""
        shutil.copy(self.journal, self.kept)

    def again(self) -> None:
        """Go back to the journal as it was kept."""
        shutil.copy(self.kept, self.journal)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--updates", type=int, default=50_000)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    with workplace(given.data) as folder:
        register = Register(folder, given.cases)
        for path in (register.journal, register.out):
            path.unlink(missing_ok=True)
        register.write(0)
        rows: list[list[Any]] = []
        opened = register.follow("python")
        rows.append(["records opened, python", given.cases / opened.seconds,
                     given.cases / opened.work, opened.peak])
        register.keep()
        starts: list[Run] = []
        for engine in ("durable", "python"):
            speeds, works, peaks = [], [], []
            for _ in range(given.runs):
                register.write(0)
                register.again()
                start = register.follow(engine)
                register.write(given.updates)
                register.again()
                run = register.follow(engine)
                starts.append(start)
                speeds.append(given.updates / (run.seconds - start.seconds))
                works.append(given.updates / (run.work - start.work))
                peaks.append(run.peak)
            rows.append([f"records updated, {engine}", statistics.median(speeds),
                         statistics.median(works), max(peaks)])
        register.write(given.events - given.cases)
        register.again()
        register.follow("python")
        size = register.journal.stat().st_size
        late = [register.follow("python") for _ in range(given.runs)]
        latency = syncing(folder)
    shown = table([[name, *map(thousands, figures)] for name, *figures in rows],
                  ["", "events a second", "a second of processor time", "peak MB"], [""] * 4)
    start, later, work = (statistics.median(taken) for taken in (
        [s.seconds for s in starts], [s.seconds for s in late], [s.work for s in late]))
    report("watch", "A live register", f"""
A register of {given.cases:,} open cases, each with 15 fields, by the provincial pack; the journal
and the lines go to the disk, batch by batch. Updates are of one or two fields, a sixth of them of
the letter's day. Medians of runs ({given.runs}); what a start takes is taken off. The opening
had {opened.work / opened.seconds:.0%} of a processor: with nothing beside, the first column comes
near the second.

{shown}

A start with the {given.cases:,} openings in the journal takes {start:.1f} s; after
{given.events:,} events {later:.1f} s ({work:.1f} s of processor time, at most
{max(s.peak for s in late):.0f} MB), from a journal of {size / 2**20:.0f} MB. Bringing a small write
to this disk takes {latency:.1f} ms: an event that comes alone is answered so much later, or twice
that where the lines go to a file.

What limits it: with `durable` the engine itself, some 16 µs for each rule that is asked; with
`python` reading the event and writing the lines. An opening asks most rules and says 15 lines.

{AIMS}
""", ["durable-rules"],
           [Line(f"events into {given.cases:,} open cases, {name.rpartition(' ')[2]}", speed, "aim",
                 5_000, "a second") for name, speed, *_ in rows[1:]])


def syncing(folder: Path) -> float:
    """Milliseconds that it takes to bring a small write to the disk."""
    path = folder / "sync"
    fd = os.open(path, os.O_WRONLY | os.O_CREAT)

    def write() -> None:
        os.write(fd, b"x" * 300)
        os.fdatasync(fd)

    try:
        return median(write, 0.5) / 1000
    finally:
        os.close(fd)
        path.unlink()


if __name__ == "__main__":
    main()
