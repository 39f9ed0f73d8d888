"""Compare every engine with the reference on millions of outcomes. In: a seed, how many. Out: counts.

Trials are numbered and depend on nothing but the seed and their number; processes share them out.
Exit code 1: engines disagree (each disagreement is made small and kept as a file), or some outcome of
some shape was tried too seldom for the run to say anything.
"""

from __future__ import annotations

import argparse
import os
import time
import traceback
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, ProcessPoolExecutor, wait
from datetime import UTC, datetime
from functools import cache
from multiprocessing import get_context
from multiprocessing.util import Finalize
from pathlib import Path

import yaml
from support import engines as installed

from scale.auditing import ALWAYS, run_ledger_trial
from scale.found import FOLDER, Disagreement, write
from scale.judging import run_trial
from scale.ledgers import LedgerCase
from scale.smaller import Shrinker
from scale.tally import Tally
from zhuanjie.engine.backends.registry import NAMES

failed: list[str] = []
"""What trials ended in where the reference itself failed."""
LEDGER_EVERY = 8
"""One trial in so many is of whole audits."""
STARTED_LATE = ("spark",)
"""What takes half a minute to start is asked about only where there is much to ask."""
SMALLEST = 20
"""Disagreements that are made small; many have one cause."""


def one(seed: str, number: int, engines: Sequence[str],
        size: int) -> tuple[int, Tally, Sequence[Disagreement | LedgerCase]]:
    """A trial, whichever it is the turn of; what is found is made small."""
    if "postgresql" in engines:
        installed.server()
        stop_at_end()
    if "spark" in engines:
        os.environ.setdefault("PYSPARK_SUBMIT_ARGS", installed.SPARK)
    if number % LEDGER_EVERY == LEDGER_EVERY - 1:
        audited = [name for name in engines if name not in STARTED_LATE]
        ledger = run_ledger_trial(seed, number, audited)
        return number, ledger.tally, ledger.found
    trial = run_trial(seed, number, engines, size=size)
    return number, trial.tally, trial.found


@cache
def stop_at_end() -> None:
    """Stop what this process started before what stops it is gone."""
    Finalize(None, installed.stop, exitpriority=0)


def trials(seed: str, goal: int, engines: Sequence[str], processes: int,
           size: int) -> Iterator[tuple[int, Tally, Sequence[Disagreement | LedgerCase]]]:
    """Trials as they end, until so many outcomes are judged."""
    judged, number = 0, 0
    # As many processes as cores have a thread each; they inherit it before Polars is there.
    os.environ.setdefault("POLARS_MAX_THREADS", "1")
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        waiting: set[Future[tuple[int, Tally, Sequence[Disagreement | LedgerCase]]]] = set()
        while judged < goal or waiting:
            while judged < goal and len(waiting) < processes + 1:
                waiting.add(pool.submit(one, seed, number, engines, size))
                number += 1
            done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            for future in done:
                try:
                    trial = future.result()
                except BrokenExecutor:
                    raise
                except Exception:  # noqa: BLE001  the reference itself failed: say so and go on
                    failed.append(traceback.format_exc())
                    judged += 1
                    continue
                judged += trial[1].judged
                yield trial


def options() -> argparse.ArgumentParser:
    """What may be asked."""
    today = datetime.now(tz=UTC).date().isoformat()
    parser = argparse.ArgumentParser(prog="differential", description=__doc__)
    parser.add_argument("--seed", default=today, help="what trials depend on (default: the date)")
    parser.add_argument("--outcomes", type=int, default=10_000_000, help="how many to judge")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--records", type=int, default=2000, help="records of a trial")
    parser.add_argument("--engines", default="all", help="names, separated by commas")
    parser.add_argument("--trial", type=int, help="repeat this one alone")
    parser.add_argument("--found", type=Path, default=FOLDER, help="where disagreements are kept")
    return parser


def main() -> int:
    """Run it; see the module."""
    asked = options().parse_args()
    others = [n for n in NAMES if n != "reference"]
    names = others if asked.engines == "all" else asked.engines.split(",")
    for name in names:
        if lacking := installed.lacking(name):
            print(f"{name} is left out: there is no {lacking}")
            if installed.ALL:
                return 1
    names = [name for name in names if not installed.lacking(name)]
    print(f"seed {asked.seed}; {', '.join(names)} beside the reference", flush=True)
    whole, start, kept = Tally(), time.monotonic(), []
    runs = [one(asked.seed, asked.trial, names, asked.records)] if asked.trial is not None else (
        trials(asked.seed, asked.outcomes, names, asked.processes, asked.records))
    for number, tally, found in runs:
        whole += tally
        for case in found:
            print(f"trial {number}: {case.engine} disagrees", flush=True)
            if len(kept) < SMALLEST:
                kept.append(keep(case, asked.seed, number, asked.found))
        if whole.trials % 10 == 0:
            print(f"{whole.judged:,} outcomes, {time.monotonic() - start:,.0f} s", flush=True)
    print("\n".join(whole.lines()))
    print(f"{time.monotonic() - start:,.0f} s, seed {asked.seed}")
    for path in kept:
        print(f"kept: {path}")
    ledgers = [name for name in (*ALWAYS, *names) if name not in STARTED_LATE]
    idle = [] if asked.trial is not None else whole.idle(names, ledgers)
    print("\n".join(["too little was tried:", *idle] if idle else ["nothing was left untried"]))
    installed.stop()
    for said in failed:
        print(said)
    return 1 if kept or idle or failed else 0


def keep(case: Disagreement | LedgerCase, seed: str, number: int, folder: Path) -> Path:
    """Make a disagreement small, and write it down."""
    if case.engine == "postgresql":
        installed.server()
    path = write(Shrinker(case).smallest(), folder, f"seed {seed}, trial {number}")
    print(yaml.safe_dump(yaml.safe_load(path.read_text(encoding="utf-8")), allow_unicode=True,
                         sort_keys=False), flush=True)
    return path

