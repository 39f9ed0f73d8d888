"""A register at work: changes judged and saved. In: made-up members. Out: a page's section.

The register is filled by an import of a generated ledger; then clients of locust act on it over
HTTP, on the same two cores.
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
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from measure import COMMAND, HERE, Line, generated, ready, report, table, thousands, workplace
from sqlalchemy import select

from zhuanjie.engine.api import open_rows
from zhuanjie.web.service.register import Register, open_register
from zhuanjie.web.store.event import SYSTEM
from zhuanjie.web.store.tables import MEMBERS
from zhuanjie.web.transfer.plan import ImportOptions
from zhuanjie.web.transfer.save import save
from zhuanjie.web.transfer.source import read_source

sys.path.insert(0, str(HERE.parent / "tests"))
from support.cluster import cluster

AIM_MS = 30
SAFE = "fsync=on\nsynchronous_commit=on\nfull_page_writes=on\n"
"""What the server of an office has, and that of tests has not."""
SOME_ROWS, AIM_S = 20_000, 20
ACT, INPUTS = "correct", {"receipt.tracker": "李四"}


def fill(register: Register, ledger: Path) -> float:
    """Import a ledger; returns the seconds that it took."""
    register.access.begin(title="office")
    begun = time.perf_counter()
    policy = register.policy()
    with open_rows([str(ledger)], policy, None) as rows:
        source = read_source(rows, policy.vocabulary, {"columns": {}, "clear": False})
    save(register.store, source, ImportOptions(unit="office"), SYSTEM)
    return time.perf_counter() - begun


def prepare(folder: Path, url: str, records: int) -> tuple[str, float]:
    """A register with so many members; returns a key, and how long its import took."""
    register = open_register(url)
    try:
        seconds = fill(register, generated(folder, records))
        _, key = register.access.make_key(
            SYSTEM, title="bench", role="department", unit="office",
            expires=datetime.now(UTC) + timedelta(days=1))
        with register.store.reading(SYSTEM) as conn:
            some = list(conn.execute(select(MEMBERS.c.id).limit(20_000)).scalars())
    finally:
        register.close()
    (folder / "members.json").write_text(json.dumps(some))
    return key, seconds


def only_import(folder: Path, records: int) -> float:
    """How long a new register takes to import so many rows, in seconds."""
    register = open_register(f"sqlite:///{folder / 'import' / 'register.db'}")
    try:
        return fill(register, generated(folder, records))
    finally:
        register.close()


def load(folder: Path, url: str, key: str, clients: int, seconds: int,
         pace: float) -> tuple[dict[str, dict[str, str]], float]:
    """What locust measured, by the name of the request; the server's processor time in seconds."""
    serving = subprocess.Popen([COMMAND, "serve", "--database", url, "--port", "8741"],
                               cwd=folder, stderr=subprocess.DEVNULL)
    try:
        ready("http://127.0.0.1:8741/readyz", serving)
        subprocess.run(
            [sys.executable, "-m", "locust", "-f", str(HERE / "register_load.py"), "--headless",
             "--host", "http://127.0.0.1:8741", "-u", str(clients), "-r", "4", "--reset-stats",
             "-t", f"{seconds}s", "--csv", str(folder / "load"), "--only-summary"],
            check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={**os.environ, "REGISTER_KEY": key, "REGISTER_ACT": ACT,
                 "REGISTER_INPUTS": json.dumps(INPUTS), "REGISTER_PACE": str(pace),
                 "REGISTER_MEMBERS": str(folder / "members.json")})
    finally:
        serving.send_signal(signal.SIGTERM)
        _, _, used = os.wait4(serving.pid, 0)
        serving.returncode = 0
    with (folder / "load_stats.csv").open(newline="") as lines:
        found = {row["Name"]: row for row in csv.DictReader(lines)}
    if int(found["Aggregated"]["Failure Count"]):
        raise SystemExit((folder / "load_failures.csv").read_text())
    return found, used.ru_utime + used.ru_stime


@contextmanager
def database(folder: Path, *, server: bool) -> Iterator[str]:
    """The URL of an empty database: a file, or one of a server that runs meanwhile, owned by a
    login that row-level security holds for."""
    if not server:
        yield f"sqlite:///{folder / 'register' / 'register.db'}"
        return
    with cluster(SAFE) as running:
        for statement in ("CREATE ROLE office LOGIN", "CREATE DATABASE register OWNER office"):
            running.run("psql", "-q", "-h", str(running.folder), "-p", str(running.port), "-U",
                        "owner", "-d", "postgres", "-c", statement)
        yield f"postgresql://office@/register?host={running.folder}&port={running.port}"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path)
    parser.add_argument("--members", type=int, default=100_000)
    parser.add_argument("--clients", type=int, default=20)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--pace", type=float, default=1.0)
    parser.add_argument("--server", action="store_true", help="on PostgreSQL, not on SQLite")
    given = parser.parse_args()
    with workplace(given.data) as folder:
        for name in ("register", "import"):
            shutil.rmtree(folder / name, ignore_errors=True)
            (folder / name).mkdir()
        os.environ["XDG_DATA_HOME"] = str(folder.resolve() / "register")
        with database(folder.resolve(), server=given.server) as url:
            few = 0.0 if given.server else only_import(folder.resolve(), SOME_ROWS)
            key, importing = prepare(folder.resolve(), url, given.members)
            found, work = load(folder.resolve(), url, key, given.clients, given.seconds,
                               given.pace)
    rows: list[list[Any]] = [[
        name, row["Request Count"], row["Failure Count"], row["50%"], row["95%"], row["99%"]]
        for name, row in found.items() if name != "Aggregated"]
    shown = table(rows, ["", "requests", "failures", "median ms", "p95 ms", "p99 ms"], [""] * 6)
    server = "PostgreSQL" if given.server else "SQLite"
    lines = [Line(f"an act judged and saved, p95, {given.clients} clients, {server}",
                  float(found["act"]["95%"]), "aim", AIM_MS, "ms")]
    some = ""
    if not given.server:
        some = f"; {SOME_ROWS:,} into a new register took {few:.1f} s"
        lines.append(Line(f"an import of {SOME_ROWS:,} rows, judged and saved", few, "aim", AIM_S))
    report("register_server" if given.server else "register",
           f"A register over HTTP, on {server}", f"""
A register of {given.members:,} members on {server}; {given.clients} clients of locust, each of
which asks once in {given.pace:g} s or so, for {given.seconds} s, beside the server on the same two
cores. Every act is judged, kept with its event, and its event's hash in the trail, before it is
answered.

{shown}

The server took {work / int(found["Aggregated"]["Request Count"]) * 1000:.0f} ms of processor time a
request, its start with it.

Importing the {given.members:,} rows, judged, took {importing:.0f} s
({thousands(given.members / importing)} a second){some}.
""", ["locust", "uvicorn", "sqlalchemy"], lines)


if __name__ == "__main__":
    main()
