"""How fast is a whole ledger audited? In: a number of records. Out: medians beside peers, one run.

The whole provincial pack on a generated ledger, findings written to Parquet: by `zhuanjie audit`,
by the same pack written by hand in Polars and in DuckDB's SQL; beside them the bare scan of the
same columns. All are processes of their own, in turns, start-up included. What each found is
compared.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import polars as pl
from measure import HERE, Line, Run, auditing, generated, middle, process, report, table, workplace
from pack_in_polars import FIELDS, RULES


def counted(path: Path) -> pl.DataFrame:
    """What findings come to: how many of each kind, how late in all, naming how many fields."""
    found = pl.scan_parquet(path).cast({"severity": pl.String, "clause": pl.String})
    names = pl.col("missing").list.join(" ").hash(1)
    return found.group_by("rule", "clause", "outcome", "severity").agg(
        findings=pl.len(), late=pl.col("days_late").cast(pl.Int64).sum(), missing=names.sum(),
        due=pl.col("due").to_physical().cast(pl.Int64).sum(),
        rows=pl.col("row").cast(pl.Int64).sum(), ids=pl.col("record").hash().sum(),
    ).sort("rule", "clause", "outcome").collect(engine="streaming")


def planted(path: Path) -> pl.DataFrame:
    return pl.scan_parquet(path).group_by("clause", "outcome").agg(findings=pl.len()).sort(
        "clause", "outcome").collect(engine="streaming")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--records", type=int, default=20_000_000)
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--data", type=Path, help="a folder to keep ledgers in")
    given = options.parse_args()
    with workplace(given.data) as folder:
        truth = folder / f"planted-{given.records}.parquet"
        ledger = generated(folder, given.records, "--planted", str(truth))
        outputs = {name: folder / f"findings-{name}.parquet"
                   for name in ("ours", "polars", "duckdb")}
        calls = {
            "scan": [sys.executable, str(HERE / "scan.py"), str(ledger)],
            "ours": auditing(ledger, outputs["ours"]),
            **{name: [sys.executable, str(HERE / f"pack_in_{name}.py"), str(ledger),
                      str(outputs[name])] for name in ("polars", "duckdb")},
        }
        runs: dict[str, list[Run]] = {name: [] for name in calls}
        for _ in range(given.runs):
            for name, call in calls.items():
                runs[name].append(process(call))
        found = {name: counted(path) for name, path in outputs.items()}
        known = planted(truth)
        columns = len(pl.read_parquet_schema(ledger))
    for name, counts in found.items():
        assert counts.equals(found["polars"]), (name, counts, found["polars"])
    of_clauses = found["ours"].group_by("clause", "outcome").agg(pl.col("findings").sum())
    assert of_clauses.sort("clause", "outcome").equals(
        known.cast({"findings": of_clauses.schema["findings"]})), "not what was planted"
    medians = {name: middle(each) for name, each in runs.items()}
    write(given.records, columns, given.runs, medians, int(known["findings"].sum()))


def write(records: int, columns: int, runs: int, medians: dict[str, Run], found: int) -> None:
    said = {"scan": "bare scan of the same columns, in Polars", "ours": "**zhuanjie audit**",
            "polars": "the pack by hand in Polars", "duckdb": "the pack by hand in DuckDB's SQL"}
    ours = medians["ours"]
    rows = [[said[name], run.seconds, records / run.seconds / 1e6, ours.seconds / run.seconds,
             run.work, run.peak] for name, run in medians.items()]
    shown = table(rows, ["", "seconds", "million records a second", "our time to it",
                         "processor seconds", "peak MB"], ["", ".2f", ".2f", ".2f", ".1f", ".0f"])
    body = f"""\
The provincial pack ({len(RULES)} rules that judge records) on {records:,} generated
records of {columns} columns, of which it reads {len(FIELDS)}. Each writes all {found:,}
violations, undetermined and pending outcomes to a Parquet file: record, rule, clause, outcome,
severity, due day, days late, missing fields, place. All three files agree, rule by rule, in the
number of findings and in the sums of row numbers, due days, days late and prints of ids and missing
fields; and with the list the generator planted. Whole processes, in turns, {runs} runs each; DuckDB
may write its rows in any order.

{shown}

Aims: at most 2.5 times the bare scan, no slower than Polars by hand, faster than DuckDB by hand.

What limits it is what an audit does and a pack by hand does not: it looks in every cell for what
may be no value (blanks, quotes, numbers in scientific form, days out of range), an eighth of its
processor time; in a first pass for rows that are no records, ids that come twice and keys in the
form in which an office compares them, a sixth; and it counts the people concerned. Judging one
slice, what becomes of the one before it, and reading the next go on side by side."""
    lines = [Line(f"audit of Parquet, {records:,} records", ours.seconds, said[name],
                  medians[name].seconds) for name in ("scan", "polars", "duckdb")]
    report("bulk", "A whole ledger", body, ["duckdb"], lines)


if __name__ == "__main__":
    main()
