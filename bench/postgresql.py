"""A table in a PostgreSQL server. In: sizes. Out: our time beside the server's own COPY.

A server of the moment, on this machine. All that is compared runs in turns: the COPY of the columns
that the policy reads, the audit of the same records in a Parquet file, of the table with its rows
fetched, and of a smaller table where it lies. What a record takes is the difference to the same
call on few. Then a large table in partitions, once, for the memory that it takes.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
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
COPY = "COPY of the columns needed, binary"
FILE = "zhuanjie audit of a Parquet file"
FETCHED = "**zhuanjie audit, rows fetched**"
IN_PLACE = "zhuanjie audit, in place"
PARTED, BOUNDS = "member.left_on", ("2006-07-01", "2007-01-01", "2007-07-01", "2008-01-01")
"""The column by whose ranges a large table is parted, and where each but the first begins."""


@dataclass(frozen=True, slots=True)
class Spent:
    """A call: its process, and the processor seconds of the server meanwhile."""

    run: Run
    server: float

    @property
    def work(self) -> float:
        """Processor seconds of both."""
        return self.run.work + self.server


def load(name: str, ledger: Path, *, parted: bool = False) -> None:
    """The ledger as a table, in partitions or not."""
    scan = pl.scan_parquet(ledger)
    columns = ", ".join(f'"{n}" {TYPES.get(type(kind), "text")}'
                        for n, kind in scan.collect_schema().items())
    height = scan.select(pl.len()).collect().item()
    with psycopg.connect("", autocommit=True) as connection:
        connection.execute(f'CREATE TABLE {name} ({columns})' + (
            f' PARTITION BY RANGE ("{PARTED}")' if parted else ""))
        ends = ("MINVALUE", *(f"'{bound}'" for bound in BOUNDS), "MAXVALUE") if parted else ()
        for number, (low, high) in enumerate(pairwise(ends)):
            connection.execute(f"CREATE TABLE {name}_{number} PARTITION OF {name} "
                               f"FOR VALUES FROM ({low}) TO ({high})")
        with connection.cursor() as cursor, cursor.copy(
                f"COPY {name} FROM STDIN (FORMAT csv)") as copy:
            for at in range(0, height, 50_000):
                part = scan.slice(at, 50_000).collect()
                copy.write(part.write_csv(include_header=False).encode())
        connection.execute(f"VACUUM ANALYZE {name}")
    time.sleep(1)  # until what served it has ended, and is counted with nothing else


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
    parser.add_argument("--in-place", type=int, default=100_000)
    parser.add_argument("--few", type=int, default=20_000)
    parser.add_argument("--large", type=int, default=5_000_000)
    parser.add_argument("--runs", type=int, default=5)
    given = parser.parse_args()
    with workplace(given.data) as folder, cluster() as server:
        os.environ.update(server.environ)
        counts = sorted({given.few, given.in_place, given.records})
        for count in counts:
            load(_name(count), generated(folder, count))
        columns = needed(generated(folder, given.records))
        ways = [(name, count, call) for count in counts
                for name, call in _ways(server, folder, columns, count).items()
                if count <= given.in_place or name != IN_PLACE]
        runs: dict[tuple[str, int], list[Spent]] = {}
        for _ in range(given.runs):
            for name, count, call in ways:
                runs.setdefault((name, count), []).append(_with_server(server, call))
        found = {what: _middle(each) for what, each in runs.items()}
        _check(folder, given.in_place, "place")
        if given.large:
            load(_name(given.large), generated(folder, given.large), parted=True)
            for name, call in _ways(server, folder, columns, given.large).items():
                if name != IN_PLACE:
                    found[name, given.large] = _with_server(server, call)
            _check(folder, given.large, "file")
        _write(given, len(columns), found)


def _name(count: int) -> str:
    return f"ledger_{count}"


def _ways(server: Cluster, folder: Path, columns: Sequence[str],
          count: int) -> dict[str, list[str]]:
    names = ", ".join(f'"{name}"' for name in columns)
    url = server.url(_name(count))

    def audit(source: str, name: str, *more: str) -> list[str]:
        call = [*auditing(Path("x"), folder / f"{name}-{count}.parquet"), "--force", *more]
        call[2] = source
        return call

    return {
        COPY: ["psql", "-qXo", os.devnull, "-c",
               f"COPY (SELECT {names} FROM {_name(count)}) TO STDOUT (FORMAT binary)"],
        FILE: audit(str(generated(folder, count)), "file"),
        FETCHED: audit(url, "fetched"),
        IN_PLACE: audit(url, "place", "--backend", "postgresql"),
    }


def _with_server(server: Cluster, call: Sequence[str]) -> Spent:
    """A process, and the processor time of the server for it."""
    before = _spent(server)
    run = process(call)
    time.sleep(0.2)  # until what served it has ended, and is counted
    return Spent(run, _spent(server) - before)


def _middle(runs: Sequence[Spent]) -> Spent:
    return Spent(middle([r.run for r in runs]), statistics.median(r.server for r in runs))


def _spent(server: Cluster) -> float:
    """Processor seconds of the server's processes that have ended."""
    assert server.process is not None
    fields = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")


def _check(folder: Path, count: int, other: str) -> None:
    """Fetched or not, the findings are the same ones, wherever their rows stand."""
    frames = [pl.read_parquet(folder / f"{name}-{count}.parquet").drop("file", "sheet", "row")
              for name in (other, "fetched")]
    here, there = (frame.sort("record", "rule", maintain_order=True) for frame in frames)
    if not here.equals(there):
        sys.exit(f"the findings of {count:,} rows differ")


def _write(given: argparse.Namespace, columns: int, found: dict[tuple[str, int], Spent]) -> None:
    def beyond(name: str, count: int, of: Callable[[Spent], float]) -> float:
        """What so many records take, without what few of them take to start."""
        if name == COPY:
            return of(found[name, count])
        each = (of(found[name, count]) - of(found[name, given.few])) / (count - given.few)
        return each * count

    def lines(count: int, names: Sequence[str]) -> list[list[object]]:
        copy, out = found[COPY, count], list[list[object]]()
        for name in names:
            spent = found[name, count]
            work = beyond(name, count, lambda spent: spent.work)
            clock = beyond(name, count, lambda spent: spent.run.seconds)
            out.append([name, f"{count:,}", spent.run.work, spent.server, work, work / copy.work,
                        spent.run.seconds, clock / copy.run.seconds, spent.run.peak])
        return out

    heads = ["", "records", "client, CPU s", "server, CPU s", "without start-up", "times COPY",
             "seconds on the clock", "times COPY", "peak MB here"]
    formats = ["", "", ".2f", ".2f", ".2f", ".1f", ".1f", ".1f", ".0f"]
    brought = (COPY, FILE, FETCHED)
    body = table([*lines(given.records, brought),
                  *lines(given.in_place, (COPY, FETCHED, IN_PLACE))], heads, formats)
    more = "" if not given.large else f"""
The same in a table of {given.large:,} rows, in {len(BOUNDS) + 1} partitions by ranges of
{PARTED}, one run each. The findings are those of the Parquet file.

{table(lines(given.large, brought), heads, formats)}"""
    report("postgresql", "A table in PostgreSQL", f"""\
Generated records, of which the policy reads {columns} columns, in a server on the same machine,
without an index. Processor seconds of whole processes, and of the server for them; medians of
{given.runs} runs in turns. What it takes without start-up is the difference to the same call on
{given.few:,} records, for all of them, and this is held against the COPY. The audits write the same
findings to Parquet.

{body}
{more}""", ["psycopg"],
           [Line(f"audit of a table in PostgreSQL, {count:,} rows, {way}",
                 beyond(name, count, lambda spent: spent.work), "COPY of its columns",
                 found[COPY, count].work, "CPU s")
            for way, name, count in (("fetched", FETCHED, given.records),
                                     ("in place", IN_PLACE, given.in_place))])


if __name__ == "__main__":
    main()
