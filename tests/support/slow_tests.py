"""Tests that are slow, by measurement. In: how long each took. Out: a list; what is slow of some items.

`slow_tests.txt` names functions of tests whose cases are slow, and the one case that `make test` keeps
of each. `pytest --update-slow` runs what was asked for and writes the list anew of it; a mark by hand
stays what it is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

LIST = Path(__file__).with_name("slow_tests.txt")
LONG, SOME = 0.8, 0.06
"""Seconds from which a test is slow; seconds a case from which one case of a function is enough."""
_BUT = " but "


def function_of(nodeid: str) -> str:
    """A test's id without its case."""
    return nodeid.partition("[")[0]


def read(path: Path = LIST) -> dict[str, str]:
    """By function, the case that is quick; empty where none is."""
    pairs = (line.partition(_BUT) for line in path.read_text(encoding="utf-8").splitlines())
    return {function: kept for function, _, kept in pairs if function}


def mark(items: Iterable[pytest.Item]) -> None:
    """Mark what the list names."""
    slow = read()
    for item in items:
        kept = slow.get(function := function_of(item.nodeid))
        # Nothing is kept of a function that has no quick case; then its name alone is a case of it.
        if kept is not None and (not kept or item.nodeid != function + kept):
            item.add_marker(pytest.mark.slow)


def chosen(seconds: Mapping[str, float]) -> dict[str, str]:
    """What is slow of tests that took so long: all of a function, but for its quickest case."""
    by: defaultdict[str, dict[str, float]] = defaultdict(dict)
    for nodeid, took in seconds.items():
        by[function_of(nodeid)][nodeid] = took
    out = {}
    for function, cases in sorted(by.items()):
        mean = sum(cases.values()) / len(cases)
        quickest = min(cases, key=lambda case: (cases[case], case))
        if cases[quickest] > LONG:
            out[function] = ""
        elif len(cases) > 1 and mean > SOME:
            out[function] = quickest.removeprefix(function)
    return out


def write(slow: Mapping[str, str], path: Path = LIST) -> None:
    """Write the list."""
    lines = [function + (_BUT + kept if kept else "") for function, kept in sorted(slow.items())]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


class Stopwatch:
    """Measures tests as their reports come, whichever process ran them."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add up what its parts took."""
        if report.when != "teardown":
            self.seconds[report.nodeid] += report.duration

    def pytest_sessionfinish(self) -> None:
        """Write the list: what was not run now stays as it was."""
        ran = {function_of(nodeid) for nodeid in self.seconds}
        before = {function: kept for function, kept in read().items() if function not in ran}
        write({**before, **chosen(self.seconds)})
