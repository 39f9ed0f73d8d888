"""A register after years of work. In: made-up members, a number of events. Out: a page's section.

Events are recorded through the register's store, many a transaction and not judged, so that years
of them are there within minutes; what is measured then is what an office meets with so many.
"""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from measure import COMMAND, Line, Run, generated, process, ready, report, table
from register import load
from sqlalchemy import select

from zhuanjie.web.service.register import Register, open_register
from zhuanjie.web.store.event import SYSTEM, EventDraft
from zhuanjie.web.store.tables import MEMBERS

FIELD = "receipt.tracker"
AT_ONCE, A_CHANGE = 500, 10_000
ADDRESS = "http://127.0.0.1:8742/readyz"
AIM_MS = 30


@contextmanager
def opened(url: str) -> Iterator[Register]:
    """A register, closed at the end."""
    register = open_register(url)
    try:
        yield register
    finally:
        register.close()


def grow(url: str, events: int) -> None:
    """Record corrections of members in turn until the register has so many events."""
    with opened(url) as register:
        with register.store.reading(SYSTEM) as conn:
            members = list(conn.execute(select(MEMBERS.c.id, MEMBERS.c.unit)))
        size, turn = 0, 0
        while size < events:
            with register.store.change(SYSTEM) as work:
                for _ in range(min(A_CHANGE, events - work.size) // AT_ONCE or 1):
                    part = [members[(turn + n) % len(members)]
                            for n in range(min(AT_ONCE, events - work.size))]
                    now = f"年{turn // len(members)}"
                    work.record_all([
                        EventDraft("member.corrected", id, unit, {FIELD: (None, now)},
                                   reason="bench") for id, unit in part])
                    turn += len(part)
                size = work.size


def rebuild(url: str) -> None:
    """Make every table anew from the events."""
    with opened(url) as register:
        register.store.rebuild()


def key_of(url: str, folder: Path) -> str:
    """A key for the load, and the members that it acts on, in a file."""
    with opened(url) as register:
        with register.store.reading(SYSTEM) as conn:
            some = list(conn.execute(select(MEMBERS.c.id).limit(20_000)).scalars())
            unit = conn.execute(select(MEMBERS.c.unit).limit(1)).scalar_one()
        (folder / "members.json").write_text(json.dumps(some))
        _, key = register.access.make_key(
            SYSTEM, title="bench", role="department", unit=unit,
            expires=datetime.now(UTC) + timedelta(days=1))
    return key


def starting(url: str, folder: Path) -> tuple[float, int]:
    """Seconds until a server is ready, and megabytes of it at its peak then."""
    begun = time.perf_counter()
    serving = subprocess.Popen([COMMAND, "serve", "--database", url, "--port", "8742"],
                               cwd=folder, stderr=subprocess.DEVNULL)
    try:
        ready(ADDRESS, serving)
        seconds = time.perf_counter() - begun
        status = Path(f"/proc/{serving.pid}/status").read_text("utf-8")
    finally:
        serving.send_signal(signal.SIGTERM)
        serving.wait()
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return seconds, int(peak.split()[1]) // 1024


def again(*args: object) -> Run:
    """A part of this script in a process of its own, measured."""
    return process([sys.executable, __file__, *map(str, args)])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--members", type=int, default=100_000)
    parser.add_argument("--events", type=int, default=2_000_000)
    parser.add_argument("--clients", type=int, default=20)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--only", choices=["grow", "rebuild"], help="do this to --data's register")
    given = parser.parse_args()
    folder: Path = given.data.resolve()
    database = folder / "years" / "register.db"
    url, copy = f"sqlite:///{database}", folder / "restored"
    if given.only:
        grow(url, given.events) if given.only == "grow" else rebuild(url)
        return
    for name in ("years", "restored"):
        shutil.rmtree(folder / name, ignore_errors=True)
        (folder / name).mkdir(parents=True)
    ledger, saved = generated(folder, given.members), folder / "years.zip"
    saved.unlink(missing_ok=True)
    asked = ["--data", folder, "--events", given.events, "--only"]
    process([COMMAND, "register", "init", "--database", url, "--quiet"])

    def command(*args: object) -> Run:
        return process([COMMAND, "register", *map(str, args), "--database", url])

    runs = {
        f"`register import`, {given.members:,} rows": command(
            "import", ledger, "--save", "--quiet"),
        f"recording events up to {given.events:,}": again(*asked, "grow"),
        "`register trail verify`": command("trail", "verify"),
        "`register backup`": command("backup", saved),
        "`register restore`, trail verified": process(
            [COMMAND, "register", "restore", str(saved), "--database",
             f"sqlite:///{copy / 'register.db'}"]),
        "every table made anew from the events": again(*asked, "rebuild"),
    }
    seconds, peak = starting(url, folder)
    found, _ = load(folder, url, key_of(url, folder), given.clients, given.seconds, 1.0)
    rows: list[list[Any]] = [[name, f"{r.seconds:.0f}", f"{r.work:.0f}", f"{r.peak:.0f}"]
                             for name, r in runs.items()]
    rows.append(["`serve`, until it is ready", f"{seconds:.1f}", "", f"{peak}"])
    shown = table(rows, ["", "seconds", "of a processor", "memory at most, MB"], [""] * 4)
    report("years", "A register after years", f"""
{given.members:,} members and {given.events:,} events on SQLite: a database of
{database.stat().st_size / 1e6:,.0f} MB, a backup of {saved.stat().st_size / 1e6:,.0f} MB. The
events after the import were recorded through the store, {A_CHANGE:,} a transaction, not judged.

{shown}

Then {given.clients} clients of locust, as above: an act judged and saved took
{found["act"]["50%"]} ms in the middle, {found["act"]["95%"]} ms at p95, of
{found["act"]["Request Count"]}.
""", ["locust", "uvicorn", "sqlalchemy"],
           [Line(f"an act, p95, {given.events / 1e6:.1g} million events",
                 float(found["act"]["95%"]), "aim", AIM_MS, "ms")])


if __name__ == "__main__":
    main()
