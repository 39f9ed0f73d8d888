"""What do text ledgers cost? In: sizes. Out: whole audits beside Polars' bare reading, one run.

The same generated ledger as CSV, JSON lines (nulls written, left out, ids in two kinds), and JSON.
Beside `zhuanjie audit` with findings in Parquet stands a process that only reads the file with
Polars; the same ledger in Parquet shows what is judging and starting up, and no reading of text.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
from measure import Line, Run, auditing, generated, middle, process, report, table, workplace

READ = {".csv": "read_csv", ".jsonl": "read_ndjson", ".json": "read_json", ".parquet":
        "read_parquet"}
JSON_RECORDS = 20_000


def lines(frame: pl.DataFrame, path: Path, *, nulls: bool = True, mixed: bool = False) -> None:
    """Write JSON lines, in every second one the id and the phone number as numbers if `mixed`."""
    if nulls and not mixed:
        frame.write_ndjson(path)
        return
    with path.open("w", encoding="utf-8") as out:
        for number, record in enumerate(frame.iter_rows(named=True)):
            kept = {k: v for k, v in record.items() if nulls or v is not None}
            if mixed and number % 2:
                kept |= {name: int(kept[name]) for name in ("member.id", "member.phone")
                         if str(kept.get(name) or "").isdecimal()}
            out.write(json.dumps(kept, ensure_ascii=False, separators=(",", ":")) + "\n")


def texts(ledger: Path, folder: Path) -> dict[str, Path]:
    """The ledger in every form, each made once."""
    frame = pl.read_parquet(ledger)
    plain = frame.with_columns(pl.col(pl.Date).cast(pl.String))
    made: dict[str, tuple[str, Callable[[Path], object]]] = {
        "CSV": ("ledger.csv", frame.write_csv),
        "JSON lines, nulls written": ("nulls.jsonl", lambda path: lines(plain, path)),
        "JSON lines, nulls left out": ("left-out.jsonl", lambda p: lines(plain, p, nulls=False)),
        "JSON lines, some columns of two kinds": (
            "mixed.jsonl", lambda p: lines(plain, p, nulls=False, mixed=True)),
        f"JSON, {JSON_RECORDS:,} records": (
            "ledger.json", lambda path: plain.head(JSON_RECORDS).write_json(path)),
    }
    out = {}
    for name, (file, write) in made.items():
        out[name] = folder / file
        if not out[name].exists():
            write(out[name])
    return out | {"Parquet": ledger}


def reading(path: Path) -> list[str]:
    """How Polars reads a file whole: kinds are told by all records, since few do not show them."""
    more = "" if path.suffix in (".csv", ".parquet") else ", infer_schema_length=None"
    if path.name == "mixed.jsonl":
        kinds = {name: str(kind) for name, kind in pl.read_ndjson(
            path.with_name("left-out.jsonl"), infer_schema_length=None).schema.items()}
        told = ", ".join(f"{name!r}: pl.{kind}" for name, kind in kinds.items())
        more = f", schema={{{told}}}"
    return [sys.executable, "-c",
            f"import polars as pl; pl.{READ[path.suffix]}({str(path)!r}{more})"]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--records", type=int, default=300_000)
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--data", type=Path, help="a folder to keep ledgers in")
    options.add_argument("--only", nargs="+", default=[], help="parts of the names of forms")
    given = options.parse_args()
    rows = []
    with workplace(given.data) as folder:
        forms = texts(generated(folder, given.records), folder)
        wanted = {name: path for name, path in forms.items()
                  if not given.only or any(part in name for part in given.only)}
        for name, path in wanted.items():
            output = folder / f"findings-{path.name}.parquet"
            calls = {"bare": reading(path), "ours": auditing(path, output)}
            runs: dict[str, list[Run]] = {who: [] for who in calls}
            for _ in range(given.runs):
                for who, call in calls.items():
                    output.unlink(missing_ok=True)
                    runs[who].append(process(call))
            bare, ours = middle(runs["bare"]), middle(runs["ours"])
            rows.append([name, path.stat().st_size / 1e6, bare.seconds, ours.seconds,
                         ours.seconds / bare.seconds, bare.work, ours.work, ours.work / bare.work,
                         bare.peak, ours.peak])
            print(rows[-1], flush=True)
    write(given.records, given.runs, rows)


def write(records: int, runs: int, rows: list[list[Any]]) -> None:
    shown = table(rows, ["", "MB", "read, s", "audit, s", "times", "read, CPU s", "audit, CPU s",
                         "times", "read, peak MB", "audit, peak MB"],
                  ["", ".0f", ".2f", ".2f", ".1f", ".2f", ".2f", ".1f", ".0f", ".0f"])
    body = f"""\
{records:,} generated records of 103 columns. `zhuanjie audit` writes all findings to a Parquet
file; beside it a process that does nothing but read the file whole with Polars. Whole processes, in
turns, {runs} runs each.

{shown}"""
    lines = [Line(f"audit of {name}" + ("" if "records" in name else f", {records:,} records"),
                  ours, "Polars reading it", bare, "CPU s")
             for name, _, _, _, _, bare, ours, *_ in rows]
    report("texts", "Text ledgers", body, ["orjson"], lines)


if __name__ == "__main__":
    main()
