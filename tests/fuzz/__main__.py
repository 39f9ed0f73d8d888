"""`python -m fuzz`. In: options. Out: a run that says what it found; 1 where it found anything."""

from __future__ import annotations

import argparse
import sys
from contextlib import suppress
from pathlib import Path

from fuzz.client import ForkServer
from fuzz.inputs import FuzzInput
from fuzz.kinds import KINDS
from fuzz.oracle import faults
from fuzz.run import FOUND, FuzzRun


def _main() -> int:
    options = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    options.add_argument("--seconds", type=float, default=3600)
    options.add_argument("--count", type=int)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--kind", action="append", choices=sorted(KINDS), dest="kinds")
    options.add_argument("--keep", type=Path, default=FOUND, help="where found cases are put")
    options.add_argument("--again", type=Path, help="run a case that was kept, and show what it says")
    given = options.parse_args()
    with ForkServer() as server:
        if given.again:
            case = FuzzInput.load(given.again)
            result = server.run(case)
            print(*case.args, f"\nexit {result.code}, {result.cpu:.1f} s, {result.peak >> 20} MB",  # noqa: T201
                  result.stdout[:2000].decode(errors="replace"), result.stderr[:3000],
                  *faults(case, result), sep="\n")
            return 0
        run = FuzzRun(given.seed, given.kinds or sorted(KINDS))
        with suppress(KeyboardInterrupt):
            run.go(server, seconds=None if given.count else given.seconds, count=given.count,
                   keep=given.keep, say=True)
        print(run.summary())  # noqa: T201
        for found in run.found:
            print(f"  {found.given.kind} {found.number}: {found.fault}")  # noqa: T201
    return 1 if run.found else 0


if __name__ == "__main__":
    sys.exit(_main())
