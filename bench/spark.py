"""What does an audit cost on Spark? In: sizes. Out: medians beside the native engine and PySpark.

The whole pack and the 22 conditions of `conditions.py`, by `zhuanjie audit` on Spark and by hand in
PySpark; then the audit alone on ledgers that grow, with one worker and with two. Spark runs on this
machine, each time anew, and as from the third call on, with what is kept of Java's classes. All of
it is gone through once, and again as long as that ends in time. What each found is compared.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
from bulk import counted
from conditions import CONDITIONS, RECORD
from engines import our_pack
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
from peers import FIELDS, complete

HEAP = "2g"
_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class SparkRun:
    """One audit: seconds until Spark was there, until the first findings stood in a file, until the
    end, all from the start of the process; processor seconds of all processes; megabytes of the
    largest Python worker and of the JVM."""

    started: float
    first: float
    seconds: float
    work: float
    worker: float
    jvm: float


@dataclass
class Watch:
    """Looks at the processes below this one while something runs."""

    output: Path
    first = work = worker = jvm = 0.0
    _ended = False

    def look(self, start: float) -> None:
        """Look until told that it has ended."""
        seen: dict[int, float] = {}
        while not self._ended:
            for pid, name, spent, size in descendants(os.getpid()):
                seen[pid] = spent
                if name == "java":
                    self.jvm = max(self.jvm, size)
                else:
                    self.worker = max(self.worker, size)
            if not self.first and any(self.output.parent.rglob(f"*{self.output.name}*/**/*part-*")):
                self.first = time.time() - start
            time.sleep(0.1)
        self.work = sum(seen.values()) + time.process_time()

    def end(self) -> None:
        """Have it end."""
        self._ended = True


def descendants(parent: int) -> Iterable[tuple[int, str, float, float]]:
    """The processes below one: name, processor seconds of its own, megabytes."""
    for task in Path("/proc", str(parent), "task").glob("*/children"):
        for pid in map(int, task.read_text().split()):
            try:
                text = Path("/proc", str(pid), "stat").read_text()
            except OSError:
                continue
            name, rest = text[text.index("(") + 1:text.rindex(")")], text[text.rindex(")") + 2:]
            numbers = rest.split()
            spent = sum(map(int, numbers[11:13])) / _TICK
            yield pid, name, spent, int(numbers[21]) * os.sysconf("SC_PAGE_SIZE") / 2**20
            yield from descendants(pid)


@contextmanager
def watching(output: Path, start: float) -> Any:
    """A watch while the block runs."""
    watch = Watch(output)
    thread = threading.Thread(target=watch.look, args=(start,), daemon=True)
    thread.start()
    try:
        yield watch
    finally:
        watch.end()
        thread.join()


def alone(kind: str, ledger: Path, output: Path, policy: str, start: float) -> None:
    """One run in this process, which was begun at `start`; what it took goes to stdout."""
    with watching(output, start) as watch:
        if kind == "ours":
            from zhuanjie.engine.api import audit_on_spark, keep_policies, load_policy
            from zhuanjie.engine.backends.spark.session import session

            keep_policies()  # as the command does
            session()
            started = time.time() - start
            audit_on_spark([str(ledger)], load_policy(policy), output,
                           as_of=date.fromisoformat(AS_OF))
        else:
            import pack_in_spark
            from pyspark.sql import SparkSession

            spark = SparkSession.builder.getOrCreate()
            started = time.time() - start
            if kind == "pack":
                pack_in_spark.main(str(ledger), str(output), spark)
            else:
                conditions_in_spark(spark, ledger, output)
        seconds = time.time() - start
    print(json.dumps(asdict(SparkRun(started, watch.first or seconds, seconds, watch.work,
                                     watch.worker, watch.jvm))), flush=True)


def conditions_in_spark(spark: Any, ledger: Path, output: Path) -> None:
    """The 22 conditions as somebody would write them: a row for each record and what it breaks."""
    from pyspark.sql import functions as F

    frame = spark.read.parquet(str(ledger))
    days = {f"{g}.{n}" for g, n in FIELDS if n.endswith("_on")}
    columns = [(F.unix_date(F.col(f"`{name}`")) if name in days else F.col(f"`{name}`")).alias(
        name.replace(".", "_")) for name in frame.columns]
    flat = frame.select(*columns)
    broken = F.array(*(F.when(F.expr(in_sql(c)), F.lit(f"rule-{i}"))
                       for i, c in enumerate(CONDITIONS)))
    flat.select("member_id", F.explode(F.filter(broken, lambda rule: rule.isNotNull())).alias(
        "rule")).write.mode("overwrite").parquet(str(output))


def in_sql(condition: str) -> str:
    """A condition as Spark's SQL has it, with `_` for the dot."""
    text = condition.replace("&&", " AND ").replace("||", " OR ").replace("!=", "<>").replace(
        "!", " NOT ")
    for group in RECORD:
        text = text.replace(f"{group}.", f"{group}_")
    return text


def run(kind: str, ledger: Path, output: Path, cores: int, policy: str = "fujian-2007-80",
        ) -> SparkRun:
    """One run in a process of its own."""
    shutil.rmtree(output, ignore_errors=True)
    start = time.time()
    done = subprocess.run(
        [sys.executable, __file__, "--one", kind, str(ledger), str(output), policy, str(start)],
        capture_output=True, text=True, check=False, env={
            **os.environ, "ZHUANJIE_CACHE": str(ledger.parent / "kept"),
            "PYSPARK_SUBMIT_ARGS": f"--master local[{cores}] --driver-memory {HEAP}"
            " --conf spark.ui.enabled=false pyspark-shell"})
    if done.returncode:
        sys.exit(f"{kind}: exit code {done.returncode}\n{done.stderr[-3000:]}")
    return SparkRun(**json.loads(done.stdout.splitlines()[-1]))


def median(runs: Sequence[SparkRun]) -> SparkRun:
    """Medians; peaks are the highest."""
    middles = [statistics.median(getattr(r, name) for r in runs)
               for name in ("started", "first", "seconds", "work")]
    return SparkRun(*middles, max(r.worker for r in runs), max(r.jvm for r in runs))


def by_rule(output: Path) -> dict[str, int]:
    return dict(pl.scan_parquet(output / "part-*.parquet").group_by("rule").len().collect().rows())


def complete_ledger(folder: Path, records: int) -> Path:
    """A ledger without blanks, for which conditions are the same to everybody."""
    ledger = folder / f"complete-{records}.parquet"
    if not ledger.exists():
        frame = complete(generated(folder, records), records)
        frame.select(pl.int_range(pl.len()).cast(pl.String).alias("member.id"), *(
            pl.col(f"{g}_{n}").cast(pl.Date if n.endswith("_on") else frame[f"{g}_{n}"].dtype)
            .alias(f"{g}.{n}") for g, n in FIELDS)).write_parquet(ledger)
    return ledger


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--records", type=int, nargs="+",
                         default=[100_000, 1_000_000, 5_000_000, 20_000_000])
    options.add_argument("--beside", type=int, default=300_000,
                         help="records that are judged by hand too")
    options.add_argument("--runs", type=int, default=3, help="runs of each at most")
    options.add_argument("--minutes", type=float, default=10,
                         help="what is to be over by then, but for the first runs")
    options.add_argument("--data", type=Path, help="a folder to keep ledgers in")
    options.add_argument("--one", nargs=5, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.one:
        kind, ledger, output, policy, start = given.one
        alone(kind, Path(ledger), Path(output), policy, float(start))
        return
    with workplace(given.data) as folder:
        begun = time.monotonic()
        for _ in range(2):  # of which the second notes down classes
            run("ours", generated(folder, min(given.records)), folder / "prepared.parquet", 2)
        beside, grown = Beside(folder, given.beside), Growing(folder, given.records)
        times = 0
        while times < given.runs:
            start = time.monotonic()
            beside.run()
            grown.run()
            times += 1
            now = time.monotonic()
            if 2 * now - start - begun > given.minutes * 60:
                break
    write(given.beside, times, beside.medians(), grown.medians())


class Beside:
    """Our audit and the same work by hand, on the whole pack and on the conditions."""

    def __init__(self, folder: Path, records: int) -> None:
        ledger, whole = generated(folder, records), complete_ledger(folder, records)
        policy = our_pack(folder)
        self._calls = {"the pack, zhuanjie audit": ("ours", ledger, "fujian-2007-80"),
                       "the pack by hand in PySpark": ("pack", ledger, ""),
                       "22 conditions, zhuanjie audit": ("ours", whole, str(policy)),
                       "22 conditions by hand in PySpark": ("conditions", whole, "")}
        self._outputs = {name: folder / f"on-spark-{i}.parquet"
                         for i, name in enumerate(self._calls)}
        self._found: dict[str, list[SparkRun]] = {name: [] for name in self._calls}

    def run(self) -> None:
        """Each once."""
        for name, (kind, path, pack) in self._calls.items():
            self._found[name].append(run(kind, path, self._outputs[name], 2, pack))
        ours, hand, ours_22, hand_22 = self._outputs.values()
        assert counted(ours / "part-*.parquet").equals(counted(hand / "part-*.parquet"))
        assert by_rule(ours_22) == by_rule(hand_22)

    def medians(self) -> dict[str, SparkRun]:
        """The medians of each."""
        return {name: median(each) for name, each in self._found.items()}


class Growing:
    """For each size the native engine, and Spark with one worker and with two."""

    def __init__(self, folder: Path, sizes: Sequence[int]) -> None:
        self._folder = folder
        self._found: dict[int, tuple[list[Run], list[SparkRun], list[SparkRun]]] = {
            size: ([], [], []) for size in sizes}

    def run(self) -> None:
        """Each once."""
        own, on_spark = (self._folder / f"findings-{n}.parquet" for n in ("native", "on-spark"))
        for size, (native, one, two) in self._found.items():
            ledger = generated(self._folder, size)
            native.append(process(auditing(ledger, own)))
            one.append(run("ours", ledger, on_spark, 1))
            two.append(run("ours", ledger, on_spark, 2))
            assert counted(own).equals(counted(on_spark / "part-*.parquet"))

    def medians(self) -> dict[int, tuple[Run, SparkRun, SparkRun]]:
        """The medians of each."""
        return {size: (middle(native), median(one), median(two))
                for size, (native, one, two) in self._found.items()}


def write(records: int, runs: int, beside: dict[str, SparkRun],
          grown: dict[int, tuple[Run, SparkRun, SparkRun]]) -> None:
    rows = [[name, r.started, r.first, r.seconds, r.work, r.worker, r.jvm]
            for name, r in beside.items()]
    heads = ["Spark was there", "first findings", "seconds", "processor seconds", "peak MB, worker",
             "peak MB, JVM"]
    forms = [".1f", ".1f", ".1f", ".1f", ".0f", ".0f"]
    hands = table(rows, ["", *heads], ["", *forms])
    sizes = table([[f"{n:,}", native.seconds, native.work, one.seconds, two.seconds, two.first,
                    two.work, two.work / native.work, two.worker]
                   for n, (native, one, two) in grown.items()],
                  ["records", "native, seconds", "processor seconds", "one worker, seconds",
                   "two workers, seconds", "first findings", "processor seconds", "times native",
                   "peak MB, worker"],
                  ["", ".2f", ".1f", ".1f", ".1f", ".1f", ".1f", ".2f", ".0f"])
    (least, (_, _, small)), (most, (_, _, large)) = min(grown.items()), max(grown.items())
    each = (large.work - small.work) / (most - least) * 1e6
    fixed = small.work - each * least / 1e6
    body = f"""\
Spark `local[2]` with {HEAP} of heap, started anew each time, with the classes that it kept before;
{f"medians of {runs} in turns" if runs > 1 else "one run each"}; {records:,} generated records. All
find the same, rule by rule, and write it to Parquet.

{hands}

The pack against records, beside the native engine in the same run; processor seconds are those of
all processes, of which Spark's own start and its compilers are about {fixed:.0f}, whatever the
ledger.

{sizes}

On paper: a record more costs {each:.2f} microseconds of processor time, so that a billion on 100
cores take about {each * 1e9 / 1e6 / 100:.0f} seconds beside Spark's start, in a thousand parts, if
the disks give each core some 50 MB/s. First to break would be the exchange of key hashes, 24 GB in
64 ranges of 375 MB; then the one task that looks at all files (a millisecond each); then ids that
come several times, of which 5,000,000 can be sent around."""
    native, _, two = grown[most]
    report("spark", "On Spark", body, ["pyspark", "pyarrow"],
           [Line(f"audit on Spark, {most:,} records", two.work, "the engine for files", native.work,
                 "CPU s")])


if __name__ == "__main__":
    sys.path.insert(0, str(HERE))
    main()
