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
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

from measure import (
    COMMAND,
    Line,
    Run,
    median,
    middle,
    process,
    report,
    table,
    thousands,
    workplace,
)

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


def events(cases: int, more: int, updates: int) -> Iterator[str]:
    """The openings of cases, those of some more, and updates of the first: a line each."""
    rng = Random(80)
    for number in range(cases + more):
        yield json.dumps(opening(number, rng)) + "\n"
    for _ in range(updates):
        yield json.dumps(update(rng.randrange(cases), rng)) + "\n"


class Register:
    """A register in a folder: its events, its journal, its lines."""

    def __init__(self, folder: Path, cases: int) -> None:
        self.cases = cases
        self.events, self.journal = folder / "events", folder / "journal"
        self.out, self.kept = folder / "out", folder / "kept"

    def follow(self, engine: str = "python") -> Run:
        """One run of the command to the end of the events."""
        return process(["sh", "-c", f'exec "$0" "$@" >>{self.out}', COMMAND, "watch",
                        str(self.events), "--policy", "fujian-2007-80", "--as-of", AS_OF,
                        "--lang", "en", "--backend", engine, "--journal", str(self.journal)])

    def write(self, more: int, updates: int) -> None:
        """The openings, so many more, and so many updates."""
        with self.events.open("w", encoding="utf-8") as file:
            file.writelines(events(self.cases, more, updates))

    def keep(self) -> None:
        """Remember the journal as it is."""
        shutil.copy(self.journal, self.kept)

    def again(self) -> None:
        """Go back to the journal as it was kept."""
        shutil.copy(self.kept, self.journal)


@dataclass(frozen=True, slots=True)
class Speed:
    """So many events by a run that took in more than a start does."""

    count: int
    run: Run
    start: Run

    def row(self, name: str) -> list[str]:
        """What a row of the table says."""
        seconds, work = self.run.seconds - self.start.seconds, self.run.work - self.start.work
        return [name, thousands(self.count), thousands(self.count / seconds),
                f"{work / seconds:.0%}", thousands(self.count / work), thousands(self.run.peak)]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--durable", type=int, default=50_000, help="updates by this engine")
    parser.add_argument("--opened", type=int, default=5_000, help="openings by it")
    parser.add_argument("--events", type=int, default=1_000_000, help="by python, and the openings")
    parser.add_argument("--runs", type=int, default=3, help="starts of each kind")
    given = parser.parse_args()
    load = os.getloadavg()[2]
    with workplace(given.data) as folder:
        register = Register(folder, given.cases)
        for path in (register.journal, register.out):
            path.unlink(missing_ok=True)
        nothing = Run(0, 0, 0)
        register.write(0, 0)
        opened = register.follow()
        register.keep()
        first = middle([register.follow() for _ in range(given.runs)])
        rows = [Speed(given.cases, opened, nothing).row("records opened, python")]
        for name, more, updates in (("opened", given.opened, 0), ("updated", 0, given.durable)):
            register.write(more, updates)
            register.again()
            rows.append(Speed(more or updates, register.follow("durable"), first).row(
                f"records {name}, durable"))
        later = given.events - given.cases
        register.write(0, later)
        register.again()
        updated = Speed(later, register.follow(), first)
        rows.append(updated.row("records updated, python"))
        size = register.journal.stat().st_size / 2**20
        last = middle([register.follow() for _ in range(given.runs)])
        latency = syncing(folder)
    shown = table(rows, ["", "events", "a second", "of a processor", "a second of processor time",
                         "peak MB"], [""] * 6)
    starts = table([[name, f"{run.seconds:.1f} s", f"{run.work:.1f} s", thousands(run.peak)]
                    for name, run in ((f"after {given.cases:,} openings", first),
                                      (f"after {given.events:,} events", last))],
                   ["a start", "by the clock", "processor time", "peak MB"], [""] * 4)
    report("watch", "A live register", f"""
A register of {given.cases:,} open cases, each with 15 fields, by the provincial pack; the journal
and the lines go to the disk, batch by batch. Updates are of one or two fields, a sixth of them of
the letter's day; an opening says 14 lines. What a start takes is taken off, but for the first row.
The third figure says how much of a processor there was, the fourth what one alone would do; over a
quarter of an hour the machine had a load of {load:.0f} before, {os.getloadavg()[2]:.0f} afterwards.

{shown}

{starts}

The journal holds {size:.0f} MB after {given.events:,} events; a start reads the open cases and the
batches since it was shortened last. Bringing a small write to this disk takes {latency:.1f} ms: an
event that comes alone is answered so much later, or twice that where the lines go to a file.

What limits it: an opening, the rules, and the 4 KB that it brings to the disk twice, in the journal
and as lines; an update by python, reading the event and finding the rules that read it; by durable
the engine itself, some 16 µs for each rule that is asked; a start, making the cases' values.

{AIMS}
""", ["durable-rules"],
           [Line(f"events into {given.cases:,} open cases, python", later / (
               updated.run.work - first.work), "aim", 5_000, "a second of a processor"),
            Line(f"a start after {given.events:,} events", last.work, "aim", 10, "CPU s")])


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
