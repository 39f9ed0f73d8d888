"""What does twice as much cost? In: sizes. Out: time and memory against records and against rules.

The provincial pack on generated ledgers of growing size; then packs of growing size on one ledger,
made by repeating the provincial pack with other numbers. Whole processes, findings written to
Parquet. A table, and a plot beside the page.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
import yaml
from measure import PAGE, Run, auditing, generated, middle, process, report, table, workplace

PACK = Path(__file__).resolve().parents[1] / "rules" / "fujian-2007-80"
PLOT = PAGE.with_name("benchmarks-scaling.svg")


def pack(folder: Path, rules: int) -> Path:
    """A pack of so many rules: the provincial ones over and over, each time with other numbers."""
    out = folder / f"pack-{rules}"
    out.mkdir(exist_ok=True)
    head = yaml.safe_load((PACK / "pack.yaml").read_text("utf-8"))
    topics = [yaml.safe_load(p.read_text("utf-8")) for p in sorted(PACK.glob("[0-9]*.yaml"))]
    # Nobody gives a roster here, so `reconcile` would do nothing.
    own = [r for t in topics for r in t["rules"] if "reconcile" not in r]
    parameters = head["parameters"]
    made, numbers = [], {}
    for i in range(-(-rules // len(own))):
        made += [_renumbered({**rule, "id": f"{rule['id']}-{i}"}, i) for rule in own]
        numbers |= {f"{name}_{i}": {**p, "value": p["value"] + i} for name, p in parameters.items()}
    used = str(made[:rules])
    head |= {"id": out.name, "parameters": {n: p for n, p in numbers.items()
                                            if re.search(rf"params\.{n}\b", used)}}
    clauses = {r["clause"] for r in made[:rules]}
    rows = {row["clause"] for r in made[:rules] for row in r.get("table", {}).get("rows", ())}
    head["clauses"] = {c: text for c, text in head["clauses"].items() if c in clauses | rows}
    text = {"topic": topics[0]["topic"], "rules": made[:rules]}
    for name, content in (("pack.yaml", head), ("10-rules.yaml", text)):
        (out / name).write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False),
                                encoding="utf-8")
    return out


def _renumbered(part: Any, copy: int) -> Any:
    """A part of a rule that reads its copy's own parameters."""
    match part:
        case str():
            return re.sub(r"\bparams\.(\w+)", rf"params.\1_{copy}", part)
        case dict():
            return {key: _renumbered(value, copy) for key, value in part.items()}
        case list():
            return [_renumbered(value, copy) for value in part]
    return part


def measured(ledger: Path, policy: str, output: Path, runs: int) -> tuple[Run, int]:
    run = middle([process(auditing(ledger, output, policy)) for _ in range(runs)])
    return run, pl.scan_parquet(output).select(pl.len()).collect().item()


def growth(sizes: Sequence[int], runs: Sequence[Run], fixed: float) -> list[float | None]:
    """By how much more than the size the time grows from each size to the next; 1 is linear."""
    spent = [max(r.seconds - fixed, 1e-9) for r in runs]
    return [None, *(
        (b / a) / (n / m) for a, b, m, n in zip(spent, spent[1:], sizes, sizes[1:], strict=False))]


def plot(records: Sequence[int], by_records: Sequence[Run], rules: Sequence[int],
         by_rules: Sequence[Run], among: int) -> None:
    import matplotlib as mpl
    from matplotlib import pyplot

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "zhuanjie"
    figure, panels = pyplot.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    for panel, sizes, runs, label in (
        (panels[0], records, by_records, "records"),
        (panels[1], rules, by_rules, f"rules, on {among:,} records"),
    ):
        seconds = [r.seconds for r in runs]
        panel.loglog(sizes, seconds, "o-", label="zhuanjie audit")
        panel.loglog(sizes, [seconds[-1] * n / sizes[-1] for n in sizes], "--", color="grey",
                     label="linear")
        panel.set_xlabel(label)
        panel.set_ylabel("seconds")
        panel.legend()
    figure.savefig(PLOT, metadata={"Date": None})


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--records", type=int, nargs="+",
                         default=[10_000, 100_000, 1_000_000, 5_000_000, 20_000_000])
    options.add_argument("--rules", type=int, nargs="+", default=[10, 40, 160, 640])
    options.add_argument("--among", type=int, default=1_000_000,
                         help="records that the growing packs judge")
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--data", type=Path, help="a folder to keep ledgers in")
    given = options.parse_args()
    with workplace(given.data) as folder:
        output = folder / "findings.parquet"
        by_records = [measured(generated(folder, n), "fujian-2007-80", output, given.runs)
                      for n in given.records]
        packs = [str(pack(folder, n)) for n in given.rules]
        least = generated(folder, 1)
        ledger = generated(folder, given.among)
        start = [measured(least, p, output, given.runs)[0]
                 for p in ("fujian-2007-80", *packs)]
        by_rules = [measured(ledger, p, output, given.runs) for p in packs]
    write(given, by_records, by_rules, start)


def write(given: argparse.Namespace, by_records: list[tuple[Run, int]],
          by_rules: list[tuple[Run, int]], start: list[Run]) -> None:
    records, rules = [r for r, _ in by_records], [r for r, _ in by_rules]
    grown = growth(given.records, records, start[0].seconds)
    of_records = table(
        [[f"{n:,}", f"{count:,}", run.seconds, n / run.seconds, more, run.peak]
         for n, (run, count), more in zip(given.records, by_records, grown, strict=True)],
        ["records", "findings", "seconds", "records a second", "growth", "peak MB"],
        ["", "", ".2f", ",.0f", ".2f", ".0f"])
    spent = [Run(r.seconds - s.seconds, r.work - s.work, r.peak)
             for r, s in zip(rules, start[1:], strict=True)]
    grown = growth(given.rules, spent, 0)
    of_rules = table(
        [[n, f"{count:,}", s.seconds, run.seconds, more, run.peak]
         for n, (run, count), s, more in zip(given.rules, by_rules, start[1:], grown, strict=True)],
        ["rules", "findings", "seconds for 1 record", f"seconds for {given.among:,}", "growth",
         "peak MB"],
        ["", "", ".2f", ".2f", ".2f", ".0f"])
    plot(given.records, records, given.rules, rules, given.among)
    body = f"""\
`zhuanjie audit` with findings written to Parquet, whole processes, {given.runs} runs each. Growth
says how much faster than the size the time has grown since the line above, starting up (the same
call on a ledger of one record) taken off: 1 is linear, less is better.

Against records, the provincial pack:

{of_records}

Against rules, packs that repeat the provincial one with other numbers in each copy, which find
more or less than its own; loading and proving a pack is the time for one record:

{of_rules}

![Seconds against records and against rules, both axes logarithmic](benchmarks-scaling.svg)"""
    report("scaling", "Twice as much", body, ["matplotlib"])


if __name__ == "__main__":
    main()
