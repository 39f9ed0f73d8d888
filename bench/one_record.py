"""How long does a call take that judges little? In: nothing. Out: medians beside bare Python.

The same calls in turns with Python that does nothing and Python that imports Polars, with what
commands keep between calls and without. Processor time holds better than time on the clock where
other work goes on beside.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from conditions import RECORD
from engines import DAY, dated, durable_by_hand, ours
from measure import AS_OF, COMMAND, HERE, Line, Run, median, middle, process, report, table

from zhuanjie.engine import api

RUNS = 7
FIXTURES = HERE.parent / "fixtures"
JUDGING = ("--as-of", AS_OF, "--fail-on", "never")


def calls(folder: Path) -> dict[str, list[str]]:
    """Processes by name."""
    json_record, yaml_record = folder / "record.json", folder / "record.yaml"
    json_record.write_text('{"member.id": "1", "letter.issued_on": "2007-06-30"}', "utf-8")
    yaml_record.write_text("member.id: '1'\nletter.issued_on: 2007-06-30\n", "utf-8")
    ledgers = FIXTURES / "ledgers"
    return {
        "python -c pass": [sys.executable, "-c", "pass"],
        "python -c 'import polars'": [sys.executable, "-c", "import polars"],
        "zhuanjie --help": [COMMAND, "--help"],
        "zhuanjie check record.json": [COMMAND, "check", str(json_record), *JUDGING],
        "zhuanjie check record.yaml": [COMMAND, "check", str(yaml_record), *JUDGING],
        "zhuanjie audit, 200 rows of .xlsx": [
            COMMAND, "audit", str(ledgers / "office-2007.xlsx"), *JUDGING],
        "zhuanjie audit, 60 rows of .csv": [
            COMMAND, "audit", str(ledgers / "school-b.csv"), *JUDGING],
    }


def processes() -> list[list[Any]]:
    """Each call with what is kept, and without; in turns."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        named = calls(folder)
        runs: dict[tuple[str, str], list[Run]] = {}
        for number in range(RUNS + 1):
            for kept in (str(folder / "kept"), "off"):
                os.environ["ZHUANJIE_CACHE"] = kept
                for name, args in named.items():
                    if kept == "off" and args[0] != COMMAND:
                        continue
                    found = process(args)
                    if number:  # the first time keeps
                        runs.setdefault((name, kept), []).append(found)
        medians = {key: middle(found) for key, found in runs.items()}
    bare = medians[next(iter(medians))].work
    polars = next(run.work for (name, _), run in medians.items() if "polars" in name)
    return [[name + (", nothing kept" if kept == "off" else ""), run.seconds, run.work,
             run.work / bare, run.work / polars] for (name, kept), run in medians.items()]


def by_hand() -> list[list[Any]]:
    """The 22 conditions by durable-rules, by hand and by ours, in turns."""
    found: dict[str, list[float]] = {}
    contenders = [durable_by_hand(), ours("durable")]
    for _ in range(5):
        for each in contenders:
            record = each.shape(RECORD)
            found.setdefault(each.name, []).append(
                median(lambda c=each, r=record: c.judge(r), seconds=0.5))
    times = {name: sorted(each)[len(each) // 2] for name, each in found.items()}
    least = times[contenders[0].name]
    return [[name, time, time / least] for name, time in times.items()]


def whole_pack() -> list[Sequence[object]]:
    """The provincial pack in a process that goes on."""
    policy = api.load_policy("fujian-2007-80")
    record = dated({group: fields for group, fields in RECORD.items() if group != "floating"})
    return [[name, median(lambda n=name: api.check(record, policy, as_of=DAY, backend=n))]
            for name in ("python", "durable", "reference")]


def main() -> None:
    called, by = processes(), by_hand()
    bare = called[0][2]
    rows = table(called, ["process", "seconds", "processor seconds", "times bare Python",
                               "times importing Polars"], ["", ".3f", ".3f", ".1f", ".2f"])
    hand = table(by, ["22 conditions on one record", "median µs", "times by hand"],
                 ["", ".0f", ".2f"])
    pack = table(whole_pack(), ["whole provincial pack, findings in words", "median µs"],
                 ["", ".0f"])
    report("one_record", "A call that judges little", f"""\
Whole processes, in turns, {RUNS} runs each.

{rows}

{hand}

{pack}

What is left of `check`: importing click, tabulate and the program, and making a table;
the rest of `audit` is importing Polars, two fifths of it, and reading cells. `durable` asserts a
few facts for a record where durable-rules by hand asserts one; it asks for outcomes that leave no
rule out, where by hand there is a pattern for a violation alone, and takes firings from the engine
itself, where by hand they go through the library's host.""", ["durable-rules"],
           [*(Line(f"`{name}`, a process", work, "Python alone", bare, "CPU s")
              for name, _, work, *_ in called if "check record.json" in name or "200 rows" in name),
            Line("22 conditions on a record, durable", by[1][1], "durable-rules by hand", by[0][1],
                 "µs")])


if __name__ == "__main__":
    main()
