"""A register's pages at work, over a session. In: made-up members. Out: a page's section.

Twenty people look at the board, lists, cases, receipts and clauses of a register of a hundred
thousand members in units of two levels, on the same two cores as the server. `--keep` leaves the
register for the next run; `--serve` shows the address and passwords, and serves it for a profiler.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from measure import COMMAND, HERE, Line, ready, report, table, workplace
from register import database
from sqlalchemy import select

from zhuanjie.engine.api import open_rows
from zhuanjie.synthetic import generate
from zhuanjie.web.access.passwords import PasswordHashes
from zhuanjie.web.service.importing import options_of
from zhuanjie.web.service.register import Register, open_register
from zhuanjie.web.store.event import SYSTEM
from zhuanjie.web.store.tables import MEMBERS
from zhuanjie.web.transfer.plan import ImportOptions
from zhuanjie.web.transfer.preview import preview
from zhuanjie.web.transfer.save import save
from zhuanjie.web.transfer.source import read_source

LIST_MS, BOARD_MS = 150, 300
COLLEGES = 20
PASSWORD = "looked at by locust 27"
PORT = 8742
HOST = f"http://127.0.0.1:{PORT}"
_AIMS = {"list": LIST_MS, "member": LIST_MS, "board": BOARD_MS}


def fill(register: Register, folder: Path, records: int, people: int) -> None:
    """Import so many members into units of two levels; make people who may look at them."""
    register.access.begin(title="office")
    ledger = folder / f"pages-{records}.csv"
    generate(records=records, seed=80, output=ledger, as_of=register.day())
    policy = register.policy()
    with open_rows([str(ledger)], policy, None) as rows:
        source = read_source(rows, policy.vocabulary, {"columns": {}, "clear": False})
    found = preview(register.store, source, ImportOptions(
        unit="office", unit_of=lambda _record: None), SYSTEM)
    for number in range(COLLEGES):
        register.access.set_unit(SYSTEM, f"c{number:02}", title=f"学院{number:02}", parent="office")
    for number, title in enumerate(sorted(found.strays)):
        register.access.set_unit(SYSTEM, f"b{number:03}", title=title,
                                 parent=f"c{number % COLLEGES:02}")
    save(register.store, source, options_of(register, SYSTEM, {"unit": "office"}), SYSTEM)
    made = PasswordHashes().hash(PASSWORD)
    for number in range(people):
        name = f"looker{number}"
        # Every fourth is of a college, the others of the office.
        college = number % 4 == 3
        register.access.add_user(
            SYSTEM, name, role="college" if college else "department",
            unit=f"c{number % COLLEGES:02}" if college else "office")
        with register.store.change(SYSTEM) as work:
            register.access.logins.keep(work.conn, name, made, once=False)


def prepare(folder: Path, url: str, records: int, people: int) -> None:
    """A register with so many members, and what the load has to know of it."""
    register = open_register(url)  # its keys stand where `serve` looks for them
    try:
        begun = time.perf_counter()
        fill(register, folder, records, people)
        print(f"filled in {time.perf_counter() - begun:.0f} s")
        with register.store.reading(SYSTEM) as conn:
            some = list(conn.execute(select(MEMBERS.c.id, MEMBERS.c.unit).limit(20_000)).all())
        clauses = list(register.policy().clauses)
    finally:
        register.close()
    (folder / "pages.json").write_text(json.dumps({
        "people": people, "password": PASSWORD, "clauses": clauses,
        "members": [list(each) for each in some]}))


def serving(folder: Path, url: str) -> subprocess.Popen[bytes]:
    """A server of the register."""
    return subprocess.Popen([COMMAND, "serve", "--database", url, "--port", str(PORT)],
                            cwd=folder, stderr=subprocess.DEVNULL)


def load(folder: Path, url: str, clients: int, seconds: int,
         pace: float) -> tuple[dict[str, dict[str, str]], float]:
    """What locust measured, by the name of the page; the server's processor time in seconds."""
    server = serving(folder, url)
    try:
        ready(f"{HOST}/readyz", server)
        time.sleep(5)  # what judges and templates are made at the start
        subprocess.run(
            [sys.executable, "-m", "locust", "-f", str(HERE / "pages_load.py"), "--headless",
             "--host", HOST, "-u", str(clients), "-r", "4", "--reset-stats", "-t", f"{seconds}s",
             "--csv", str(folder / "pages"), "--only-summary"], check=False,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={**os.environ, "PAGES": str(folder / "pages.json"), "PAGES_PACE": str(pace)})
    finally:
        server.send_signal(signal.SIGTERM)
        _, _, used = os.wait4(server.pid, 0)
        server.returncode = 0
    with (folder / "pages_stats.csv").open(newline="") as lines:
        return {row["Name"]: row for row in csv.DictReader(lines)}, used.ru_utime + used.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--members", type=int, default=100_000)
    parser.add_argument("--clients", type=int, default=20)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--pace", type=float, default=2.0)
    parser.add_argument("--keep", action="store_true", help="use the register that is in --data")
    parser.add_argument("--serve", action="store_true", help="serve it, and wait")
    parser.add_argument("--server", action="store_true", help="on PostgreSQL, not on SQLite")
    given = parser.parse_args()
    with workplace(given.data) as place:
        folder = (place / "pages").resolve()
        os.environ["XDG_DATA_HOME"] = str(folder / "register")
        with database(folder, server=given.server) as url:
            if given.server or not given.keep or not (folder / "pages.json").exists():
                shutil.rmtree(folder, ignore_errors=True)
                (folder / "register").mkdir(parents=True)
                prepare(folder, url, given.members, given.clients)
            if given.serve:
                print(f"{HOST}  looker0  {PASSWORD}")
                serving(folder, url).wait()
                return
            found, work = load(folder, url, given.clients, given.seconds, given.pace)
    rows: list[list[Any]] = [[
        name, row["Request Count"], row["Failure Count"], row["50%"], row["95%"], row["99%"],
        f"{float(row['Average Content Size']) / 1000:.0f}"]
        for name, row in found.items() if name not in {"Aggregated", "sign in"}]
    if failed := sum(int(row[2]) for row in rows):
        told = (folder / "pages_failures.csv").read_text()
        raise SystemExit(f"{failed} pages were none:\n{told}")
    shown = table(rows, ["", "requests", "failures", "median ms", "p95 ms", "p99 ms", "kB"],
                  [""] * 7)
    server = "PostgreSQL" if given.server else "SQLite"
    report("pages_server" if given.server else "pages", f"A register's pages, on {server}", f"""
A register of {given.members:,} members on {server}, in {COLLEGES} colleges and their branches;
{given.clients} people with sessions of their own, a quarter of them of a college, each of whom
opens a page once in {given.pace:g} s or so, for {given.seconds} s; locust and the server share two
cores. The times are those of whole pages. Nobody acts meanwhile, so the counts beside a list are
made once for each who sees something else, and not anew for every page.

{shown}

The server took {work / int(found["Aggregated"]["Request Count"]) * 1000:.0f} ms of processor time a
page, its start with it.
""", ["locust", "uvicorn", "jinja2", "sqlalchemy"],
           [Line(f"the page {name}, p95, {given.clients} people, {server}",
                 float(found[name]["95%"]), "aim", aim, "ms")
            for name, aim in _AIMS.items() if name in found])


if __name__ == "__main__":
    main()
