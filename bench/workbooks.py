"""What reading .xlsx costs. In: generated ledgers. Out: docs/benchmarks.md, beside a bare read.

The bare read is calamine's, the whole sheet as Python objects, and nothing is done with it. Ours is
`zhuanjie audit` with its findings written: once as a whole, once without what starting up costs.
"""

from __future__ import annotations

import sys

from measure import AS_OF, COMMAND, Line, auditing, middle, process, report, table, workplace

ROWS = (20_000, 50_000)
RUNS = 3
_BARE = ("import sys, python_calamine as c; "
         "c.CalamineWorkbook.from_path(sys.argv[1]).get_sheet_by_index(0).to_python()")


def main() -> None:
    rows = []
    with workplace(None) as folder:
        ledgers = {}
        for count in (1, *ROWS):
            ledgers[count] = folder / f"ledger-{count}.xlsx"
            process([COMMAND, "generate", "--records", str(count), "--seed", "80", "--quiet",
                     "--as-of", AS_OF, "--output", str(ledgers[count])])
        for count in ROWS:
            runs = [(process([sys.executable, "-c", _BARE, str(ledgers[count])]),
                     process([*auditing(ledgers[count], folder / "found.parquet"), "--force"]),
                     process([*auditing(ledgers[1], folder / "found.parquet"), "--force"]))
                    for _ in range(RUNS)]
            bare, ours, start = (middle(kind) for kind in zip(*runs, strict=True))
            rows.append((f"{count:,}", bare.work, ours.work, ours.work / bare.work,
                         (ours.work - start.work) / bare.work, ours.seconds / bare.seconds,
                         ours.peak))
    report("workbooks", "Workbooks", "Processor seconds of whole processes, in turns, "
           f"{RUNS} runs each.\n\n" + table(
               rows, ["rows of .xlsx", "calamine, bare", "zhuanjie audit", "ratio",
                      "ratio without start-up", "ratio by the clock", "peak MB"],
               ["", ".2f", ".2f", ".2f", ".2f", ".2f", ".0f"]), ["python-calamine"],
           [Line(f"audit of .xlsx, {count} rows", ours, "calamine reading it", bare, "CPU s")
            for count, bare, ours, *_ in rows])


if __name__ == "__main__":
    main()
