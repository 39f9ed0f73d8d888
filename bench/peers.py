"""How fast do other engines judge a ledger? In: sizes. Out: records a second beside ours, one run.

The twenty-two conditions of `conditions.py` on the records of one generated ledger, blanks filled
in, since each engine has its own idea of them. Each engine gets as many records as it can do in
seconds, in the form it likes best, which is not timed, and counts how often each condition holds.
"""

from __future__ import annotations

import argparse
import atexit
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl
from by_hand_columns import expectations, polars_conditions, with_sums
from by_hand_texts import clips as clips_texts
from by_hand_texts import rego as rego_text
from conditions import CONDITIONS, RECORD
from engines import (
    Contender,
    Record,
    durable_by_hand,
    google,
    our_pack,
    ours,
    plain,
    rules,
    rust_cel,
    zen,
)
from measure import auditing, generated, process, report, table, thousands, workplace

FIELDS = [(group, name) for group, names in RECORD.items() for name in names]
Counts = list[int]


@dataclass(frozen=True)
class Peer:
    """An engine: `ready` makes of a table what it reads, `count` is timed."""

    name: str
    ready: Callable[[pl.DataFrame], Any]
    count: Callable[[Any], Counts]


def one_by_one(contender: Contender) -> Peer:
    """An engine that judges a record at a time."""
    def count(shaped: list[Any]) -> Counts:
        judge, read = contender.judge, contender.read
        held: Counter[int] = Counter()
        for record in shaped:
            held.update(read(judge(record)))
        return [held[i] for i in range(len(CONDITIONS))]

    return Peer(contender.name, lambda frame: [contender.shape(r) for r in grouped(frame)], count)


def our_audit() -> Peer:
    """The command, as a process of its own: it also reads the ledger and writes the findings."""
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder)
    pack = our_pack(folder)
    output = folder / "gate-findings.parquet"

    def ready(frame: pl.DataFrame) -> Path:
        ledger = folder / "gate-ledger.parquet"
        frame.select(pl.int_range(pl.len()).cast(pl.String).alias("member.id"),
                     *(pl.col(f"{g}_{n}").cast(pl.Date if n.endswith("_on") else frame[
                         f"{g}_{n}"].dtype).alias(f"{g}.{n}") for g, n in FIELDS)
                     ).write_parquet(ledger)
        return ledger

    def count(ledger: Path) -> Counts:
        process(auditing(ledger, output, str(pack)))
        found = pl.scan_parquet(output).group_by("rule").len().collect()
        held = dict(found.rows())
        return [held.get(f"rule-{i}", 0) for i in range(len(CONDITIONS))]

    return Peer("**zhuanjie audit**, reading and writing included", ready, count)


def by_pandera() -> Peer:
    import pandera.polars as pa
    from pandera.errors import SchemaErrors

    def check(number: int, condition: pl.Expr) -> Any:
        return pa.Check(lambda data: data.lazyframe.select(~condition), name=f"{number}")

    schema = pa.DataFrameSchema(checks=[check(*c) for c in enumerate(polars_conditions())])

    def count(frame: pl.DataFrame) -> Counts:
        try:
            schema.validate(frame, lazy=True)
        except SchemaErrors as errors:
            found = dict(errors.failure_cases.group_by("check").len().rows())
            return [found.get(f"{i}", 0) for i in range(len(CONDITIONS))]
        return [0] * len(CONDITIONS)

    return Peer("pandera, on Polars", lambda frame: frame, count)


def by_expectations() -> Peer:
    os.environ["GX_ANALYTICS_ENABLED"] = "false"  # it would report its use
    import great_expectations as gx
    import great_expectations.expectations as gxe

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    whole = context.data_sources.add_pandas("here").add_dataframe_asset(
        "records").add_batch_definition_whole_dataframe("all")
    suite = gx.ExpectationSuite("gate", expectations=expectations(gxe))

    def count(frame: Any) -> Counts:
        batch = whole.get_batch({"dataframe": with_sums(frame)})
        results = batch.validate(suite, result_format="BASIC").results
        found = {r.expectation_config.meta["number"]: r.result["unexpected_count"]
                 for r in results}
        return [found[i] for i in range(len(CONDITIONS))]

    def as_pandas(frame: pl.DataFrame) -> Any:
        import pandas

        return pandas.DataFrame(frame.to_dict(as_series=False))

    return Peer("Great Expectations, on pandas", as_pandas, count)


def by_rego(size: int = 100) -> Peer:
    from regopy import Interpreter

    engine = Interpreter()
    engine.add_module("gate.rego", rego_text())

    def count(batches: list[Any]) -> Counts:
        held: Counter[int] = Counter()
        for batch in batches:
            engine.set_input(batch)
            found = json.loads(str(engine.query("data.gate.broken")))["expressions"][0]
            held.update(condition for _, condition in found)
        return [held[i] for i in range(len(CONDITIONS))]

    def ready(frame: pl.DataFrame) -> list[Any]:
        every = grouped(frame)
        return [every[i:i + size] for i in range(0, len(every), size)]

    return Peer("regopy (Rego)", ready, count)


def by_clips(size: int = 1000) -> Peer:
    import clips

    engine = clips.Environment()
    slots = " ".join(f"(slot {g}_{n})" for g, n in FIELDS)
    for text in (f"(deftemplate record (slot id) {slots})", *clips_texts()):
        engine.build(text)
    record = engine.find_template("record")

    def count(shaped: list[dict[str, Any]]) -> Counts:
        for i in range(len(CONDITIONS)):
            engine.eval(f"(bind ?*n{i}* 0)")
        for start in range(0, len(shaped), size):
            facts = [record.assert_fact(**one) for one in shaped[start:start + size]]
            engine.run()
            for fact in facts:
                fact.retract()
        return [engine.eval(f"?*n{i}*") for i in range(len(CONDITIONS))]

    def ready(frame: pl.DataFrame) -> list[dict[str, Any]]:
        truth = {True: clips.Symbol("TRUE"), False: clips.Symbol("FALSE")}
        return [{"id": i, **{n: truth[v] if isinstance(v, bool) else v for n, v in row.items()}}
                for i, row in enumerate(frame.iter_rows(named=True))]

    return Peer("CLIPS (clipspy)", ready, count)


def complete(ledger: Path, records: int) -> pl.DataFrame:
    """The first records of a ledger, without blanks, days as numbers, `_` for the dot in names."""
    columns = []
    for group, name in FIELDS:
        column = pl.col(f"{group}.{name}")
        if name.endswith("_on"):
            column = column.to_physical().cast(pl.Int64)
        columns.append(column.fill_null(pl.lit(RECORD[group][name])).alias(f"{group}_{name}"))
    return pl.scan_parquet(ledger).head(records).select(columns).collect()


def grouped(frame: pl.DataFrame) -> list[Record]:
    out = []
    for row in frame.iter_rows(named=True):
        record: Record = {group: {} for group in RECORD}
        for group, name in FIELDS:
            record[group][name] = row[f"{group}_{name}"]
        out.append(record)
    return out


PEERS: dict[str, tuple[int, Callable[[], Peer]]] = {
    "audit": (1_000_000, our_audit),
    "python": (200_000, lambda: one_by_one(ours("python"))),
    "ifs": (200_000, lambda: one_by_one(plain())),
    "pandera": (100_000, by_pandera),
    "expectations": (200_000, by_expectations),
    "zen": (100_000, lambda: one_by_one(zen())),
    "google": (100_000, lambda: one_by_one(google())),
    "clips": (20_000, by_clips),
    "rust": (20_000, lambda: one_by_one(rust_cel())),
    "rule-engine": (10_000, lambda: one_by_one(rules())),
    "durable": (10_000, lambda: one_by_one(durable_by_hand())),
    "rego": (2_000, by_rego),
}
"""How many records each does in seconds, and how it is made."""


@dataclass(frozen=True)
class Result:
    """What a peer came to: its name, records, median seconds, counts."""

    name: str
    records: int
    seconds: float
    counts: Counts


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--scale", type=float, default=1.0, help="of the usual numbers of records")
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--data", type=Path, help="a folder to keep ledgers in")
    options.add_argument("--only", nargs="+", choices=PEERS, default=list(PEERS))
    options.add_argument("--one", nargs=2, metavar=("LEDGER", "RECORDS"), help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.one:
        judge_alone(given.only[0], Path(given.one[0]), int(given.one[1]), given.runs)
        return
    sizes = {key: max(100, int(PEERS[key][0] * given.scale)) for key in given.only}
    with workplace(given.data) as folder:
        ledger = folder / "complete.parquet"
        complete(generated(folder, max(sizes.values())), max(sizes.values())).write_parquet(ledger)
        results = [apart(key, ledger, sizes[key], given.runs) for key in given.only]
        ifs = one_by_one(plain())
        for result in results:
            known = ifs.count(ifs.ready(pl.scan_parquet(ledger).head(result.records).collect()))
            assert result.counts == known, (result, known)
    write(results, given.runs)


def apart(key: str, ledger: Path, records: int, runs: int) -> Result:
    """A peer in a process of its own: some of their libraries cannot live in one."""
    call = [sys.executable, __file__, "--only", key, "--runs", str(runs),
            "--one", str(ledger), str(records)]
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{key}: exit code {done.returncode}\n{done.stderr[-2000:]}")
    return Result(**json.loads(done.stdout.splitlines()[-1]))


def judge_alone(key: str, ledger: Path, records: int, runs: int) -> None:
    peer = PEERS[key][1]()
    data = peer.ready(pl.scan_parquet(ledger).head(records).collect())
    times, counts = [], []
    for _ in range(runs):
        start = time.perf_counter()
        counts = peer.count(data)
        times.append(time.perf_counter() - start)
    print(json.dumps(asdict(Result(peer.name, records, statistics.median(times), counts))),
          flush=True)


def write(results: list[Result], runs: int) -> None:
    rates = {r.name: r.records / r.seconds for r in results}
    ours_ = rates[results[0].name]
    rows = [[r.name, f"{r.records:,}", f"{sum(r.counts):,}", r.seconds, thousands(rates[r.name]),
             ours_ / rates[r.name]] for r in sorted(results, key=lambda r: -rates[r.name])]
    shown = table(rows, ["", "records", "conditions found", "seconds", "records a second",
                         "audit is times as fast"], ["", "", "", ".2f", "", ",.1f"])
    body = f"""\
Twenty-two conditions on the records of one generated ledger, the first so many of them for each
engine. Blanks are filled in, since engines differ in what they make of them. Every engine counts
for each condition the records of which it holds, and all counts are equal to those of plain ifs.
Compiling rules and shaping records are not counted; for `zhuanjie audit` everything is, from its
start to the findings in a Parquet file. {runs} runs each.

{shown}

Expectations know no arithmetic and no `or` between columns: a user makes columns for that first,
and making them is counted. Rego gets a hundred records at a time, CLIPS a thousand."""
    report("peers", "Other engines on a ledger", body, [
        "pandera", "great-expectations", "zen-engine", "cel-expr-python", "clipspy",
        "common-expression-language", "rule-engine", "durable-rules", "regopy"])


if __name__ == "__main__":
    main()
