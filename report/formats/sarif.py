"""A report as SARIF 2.1.0 (OASIS). In: findings as they come, then the report. Out: one run.

GitHub takes 25,000 results of a run and 10 MB of a compressed file: what weighs most comes first,
and what there is no room for is counted in the file and said. So memory is bounded too.
"""

from __future__ import annotations

import json
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final, TextIO

from zhuanjie.engine.core.diagnostics import Diagnostic
from zhuanjie.engine.core.results import Finding, InputFinding, Report
from zhuanjie.engine.core.unaudited import Unaudited, unaudited
from zhuanjie.report.formats import sarif_parts as parts
from zhuanjie.report.machine import words
from zhuanjie.report.machine.places import Lines
from zhuanjie.report.machine.worst import Worst
from zhuanjie.report.view import View

RESULTS: Final = 25_000
"""Results that GitHub takes in one run; of them it shows `SHOWN`."""
SHOWN: Final = 5_000
BYTES: Final = 9_500_000
"""Compressed bytes up to which results are written: GitHub takes 10 MB, other zips differ a little.
"""
_SCHEMA: Final = ("https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/"
                  "sarif-schema-2.1.0.json")

Item = Finding | InputFinding | Unaudited


class SarifKeeper:
    """The findings that weigh most, kept until the whole report is known."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.worst: Worst[Item] = Worst(RESULTS)

    def keep(self, findings: Iterable[Finding]) -> None:
        """Take findings in, in their order."""
        for finding in findings:
            self.worst.add(words.weight(finding), finding)

    def render(self, report: Report, out: TextIO, view: View) -> list[Diagnostic]:
        """Write the report; returns what is to be said of findings that it has no room for."""
        for found in report.input:
            self.worst.add(0 if found.severity else 2, found)
        for part in unaudited(report):
            if part.code != parts.NOT_ASKED:
                self.worst.add(-1, part)  # nothing weighs more than what nobody looked at
        return _write(self.worst, report, out, view)


@contextmanager
def spooled(view: View) -> Iterator[SarifKeeper]:
    """Where findings are kept."""
    yield SarifKeeper(view)


def render(report: Report, out: TextIO, view: View) -> list[Diagnostic]:
    """Write a report that is whole."""
    keeper = SarifKeeper(view)
    keeper.keep(report.findings)
    return keeper.render(report, out, view)


class _Measured:
    """A stream that knows how large what was written is when it is compressed."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._zip = zlib.compressobj(6)
        self.size = 0

    def write(self, text: str) -> None:
        self._out.write(text)
        self.size += len(self._zip.compress(text.encode(errors="replace")))

    def settle(self) -> int:
        """The size with what the compressor still held back."""
        self.size += len(self._zip.flush(zlib.Z_SYNC_FLUSH))
        return self.size


def _write(worst: Worst[Item], report: Report, out: TextIO, view: View) -> list[Diagnostic]:
    """Tool and results; then, since only now it is known what found room, all else."""
    rules = parts.SarifRules(view)
    for _, item in worst:
        rules.index(item)
    measured = _Measured(out)
    driver = json.dumps(rules.driver(), ensure_ascii=False)
    measured.write(f'{{\n  "$schema": "{_SCHEMA}",\n  "version": "2.1.0",\n  "runs": [{{\n'
                   f'    "tool": {{"driver": {driver}}},\n    "results": [')
    results = parts.SarifResults(rules, report, Lines(), view)
    written: Counter[int] = Counter()
    gap, end = "\n      ", "],\n"
    for number, (weight, item) in enumerate(worst):
        measured.write(gap + json.dumps(results.of(item), ensure_ascii=False))
        written[weight] += 1
        gap, end = ",\n      ", "\n    ],\n"
        if (number % 500 == 499 or measured.size > BYTES - 100_000) and measured.settle() > BYTES:
            break
    measured.write(end)
    left = {w: n for w, count in worst.seen.items() if (n := count - written[w])}
    said = _limits(written, left, view)
    rest = json.dumps(parts.rest(report, view, said, written.total(), left), ensure_ascii=False,
                      indent=2)
    measured.write("  " + rest.removeprefix("{\n").removesuffix("\n}").replace("\n", "\n  ")
                   + "\n  }]\n}\n")
    return said


def _limits(written: Counter[int], left: dict[int, int], view: View) -> list[Diagnostic]:
    """What GitHub's limits leave out, of the file or of what it shows."""
    total, said = written.total(), []
    if left:
        kinds = view.join(f"{view.say(f'machine.weight.{w}')} {n}" for w, n in sorted(left.items()))
        said.append(Diagnostic("output.machine.sarif-left-out", {
            "count": sum(left.values()), "written": total, "kinds": kinds},
            hint="output.machine.whole.hint"))
    elif total > SHOWN:
        said.append(Diagnostic("output.machine.sarif-shown", {"count": total, "shown": SHOWN}))
    return said
