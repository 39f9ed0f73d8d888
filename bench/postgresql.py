"""A table in a PostgreSQL server. In: sizes. Out: our time beside the server's own COPY.

A server of the moment, on this machine. All that is compared runs in turns: the COPY of the columns
that the policy reads, the audit of the same records in a Parquet file, of the table with its rows
fetched, and of the table where it lies. Then a partitioned table, for the memory that it takes.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import psycopg
from measure import (
    AS_OF,
    HERE,
    Line,
    Run,
    auditing,
    generated,
    middle,
    process,
    report,
    table,
    workplace,
)

sys.path.insert(0, str(HERE.parent / "tests"))
from support.cluster import Cluster, cluster

TYPES = {pl.Boolean: "boolean", pl.Int64: "bigint", pl.Date: "date"}
Timed = Callable[[], Run]


def load(name: str, ledger: Path, parts: int = 0) -> None:
    """The ledger as a table, in so many partitions."""
    scan = pl.scan_parquet(ledger)
    columns = ", ".join(f'"{n}" {TYPES.get(type(kind), "text")}'
                        for n, kind in scan.collect_schema().items())
    height = scan.select(pl.len()).collect().item()
    with psycopg.connect("", autocommit=True) as connection:
        connection.execute(f'CREATE TABLE {name} ({columns})' + (
            ' PARTITION BY HASH ("member.id")' if parts else ""))
        for number in range(parts):
            connection.execute(f"CREATE TABLE {name}_{number} PARTITION OF {name} "
                               f"FOR VALUES WITH (MODULUS {parts}, REMAINDER {number})")
        with connection.cursor() as cursor, cursor.copy(
                f"COPY {name} FROM STDIN (FORMAT csv)") as copy:
            for at in range(0, height, 50_000):
                part = scan.slice(at, 50_000).collect()
                copy.write(part.write_csv(include_header=False).encode())
        connection.execute(f"VACUUM ANALYZE {name}")


def needed(ledger: Path) -> list[str]:
    """The columns that the policy reads."""
    from zhuanjie.engine import load_policy
    from zhuanjie.engine.lowering.plan import make_plan

    plan = make_plan(load_policy("fujian-2007-80"), date.fromisoformat(AS_OF))
    there = pl.scan_parquet(ledger).collect_schema().names()
    return [name for name in plan.needs if name in there]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--records", type=int, default=300_000)
    parser.add_argument("--large", type=int, default=5_000_000)
    parser.add_argument("--runs", type=int, default=5)
    given = parser.parse_args()
    with workplace(given.data) as folder, cluster() as server:
        os.environ.update(server.environ)
        ledger = generated(folder, given.records)
        load("ledger", ledger)
        columns = needed(ledger)
        ways = _ways(server, ledger, columns, folder)
        runs: dict[str, list[Run]] = {name: [] for name in ways}
        for _ in range(given.runs):
            for name, way in ways.items():
                runs[name].append(way())
        found = {name: middle(each) for name, each in runs.items()}
        _check(folder)
        large = _large(server, folder, given.large) if given.large else None
        _write(given.records, len(columns), given.runs, found, (given.large, large))


def _ways(server: Cluster, ledger: Path, columns: Sequence[str],
          folder: Path) -> dict[str, Timed]:
    names = ", ".join(f'"{name}"' for name in columns)

    def copy(form: str) -> Timed:
        call = ["psql", "-qXo", os.devnull, "-c",
                f"COPY (SELECT {names} FROM ledger) TO STDOUT (FORMAT {form})"]
        return lambda: _with_server(server, call)

    def audit(source: str, name: str, *more: str) -> Timed:
        call = [*auditing(Path("x"), folder / name), "--force", *more]
        call[2] = source
        return lambda: _with_server(server, call)

    url = server.url("ledger")
    return {
        "COPY of the columns needed, binary": copy("binary"),
        "the same as CSV": copy("csv"),
        "zhuanjie audit of a Parquet file": audit(str(ledger), "file.parquet"),
        "**zhuanjie audit, rows fetched**": audit(url, "fetched.parquet"),
        "zhuanjie audit, in place": audit(url, "place.parquet", "--backend", "postgresql"),
    }


def _with_server(server: Cluster, call: Sequence[str]) -> Run:
    """A process, with the processor time of the server's own."""
    before = _spent(server)
    run = process(call)
    time.sleep(0.2)  # until what served it has ended, and is counted
    return replace(run, work=run.work + _spent(server) - before)


def _spent(server: Cluster) -> float:
    """Processor seconds of the server's processes that have ended."""
    assert server.process is not None
    fields = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")


def _check(folder: Path) -> None:
    """Fetched or in place, the findings are the same ones."""
    there, here = (pl.read_parquet(folder / f"{name}.parquet") for name in ("place", "fetched"))
    if not there.equals(here):
        sys.exit("the findings differ")


def _large(server: Cluster, folder: Path, records: int) -> Run:
    """A table of many rows in eight partitions, of the columns that a few rules read."""
    wide = generated(folder, records)
    narrow = folder / "narrow.parquet"
    pl.scan_parquet(wide).select(
        "member.id", "member.name", "member.left_on", "education.notice_on",
        "education.notice_form").sink_parquet(narrow)
    load("large", narrow, 8)
    call = [*auditing(Path("x"), folder / "large.parquet"), "--force"]
    call[2] = server.url("large")
    return _with_server(server, call)


def _write(records: int, columns: int, runs: int, found: dict[str, Run],
           large: tuple[int, Run | None]) -> None:
    least = next(iter(found.values()))
    rows = [[name, r.seconds, r.seconds / least.seconds, r.work, r.work / least.work, r.peak]
            for name, r in found.items()]
    body = table(rows, ["", "seconds", "times COPY", "processor seconds, with the server's",
                        "times COPY", "peak MB here"], ["", ".2f", ".1f", ".2f", ".1f", ".0f"])
    number, run = large
    more = "" if run is None else f"""
A table of {number:,} rows in eight partitions, five columns: {run.seconds:.0f} seconds,
{run.peak:.0f} MB here."""
    report("postgresql", "A table in PostgreSQL", f"""\
{records:,} generated records, of which the policy reads {columns} columns, in a server on the same
machine, without an index; {runs} runs in turns. The audits write the same findings to Parquet.

{body}

What is fetched is limited by the sort of the rows by their ids and by the engine, with starting up;
without the sort the COPY would be most of it. What is judged in place is limited by functions of
texts, a call for each cell, and by words of 64 bits put together condition by condition, where an
engine for columns does thousands of cells at once
([ledgers.md](ledgers.md#in-place-what-takes-time)).
{more}""", ["psycopg"],
           [Line(f"audit of a table in PostgreSQL, {records:,} rows, {way}", found[name].work,
                 "COPY of its columns", least.work, "CPU s")
            for way, name in (("fetched", "**zhuanjie audit, rows fetched**"),
                              ("in place", "zhuanjie audit, in place"))])


if __name__ == "__main__":
    main()
