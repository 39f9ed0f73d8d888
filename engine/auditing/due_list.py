"""What is due, for people. In: batches of open acts. Out: how many there are, and the first.

Of a large ledger nobody reads every line: what there is is counted in columns, and only what is
shown is kept, and put into words in the end. Memory does not grow with the ledger.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import count as numbers
from typing import Final

import polars as pl
from msgspec import Struct, field

from zhuanjie.engine.auditing.stages.open_acts import split
from zhuanjie.engine.auditing.verdict_batch import VerdictBatch
from zhuanjie.engine.auditing.wording.findings import findings_of
from zhuanjie.engine.auditing.wording.renderer import FindingRenderer
from zhuanjie.engine.core.dates import to_day
from zhuanjie.engine.core.results import OUTCOME_CODES, Finding, Outcome

PARTS: Final = ("overdue", "waived", "coming")
"""The parts of a list of deadlines."""
_OF: Final[Mapping[Outcome, str]] = {Outcome.VIOLATION: "overdue", Outcome.WAIVED: "waived"}


def part_of(outcome: Outcome) -> str:
    """Where an open act is listed: among what is overdue, waived, or to come."""
    return _OF.get(outcome, "coming")


class DueCounts(Struct):
    """How much is due: by part and clause, by part and day number, by file and sheet."""

    clauses: dict[str, Counter[str]] = field(default_factory=dict)
    days: Counter[tuple[str, int]] = field(default_factory=Counter)
    places: Counter[tuple[str | None, str | None]] = field(default_factory=Counter)

    @classmethod
    def of(cls, findings: Iterable[Finding]) -> DueCounts:
        """The same of acts that are in words already."""
        counts = cls()
        for found in findings:
            counts.count(found)
        return counts

    def count(self, found: Finding) -> None:
        """Count an open act."""
        part = part_of(found.outcome)
        self.clauses.setdefault(found.clause, Counter())[part] += 1
        self.places[found.location.file, found.location.sheet] += 1
        if found.due is not None:
            self.days[part, to_day(found.due)] += 1

    def add(self, batch: VerdictBatch) -> None:
        """Count the open acts of a batch."""
        if not len(batch.verdicts):
            return
        for (clause, _, outcome), times in batch.verdicts.counts().items():
            self.clauses.setdefault(clause, Counter())[part_of(outcome)] += times
        table = batch.verdicts.table
        for outcome, due, times in table.group_by("outcome", "due").len().iter_rows():
            self.days[part_of(OUTCOME_CODES[outcome]), due] += times
        self.places[batch.file or None, batch.sheet] += len(table)

    def total(self, part: str) -> int:
        """How many acts a part has."""
        return sum(counts[part] for counts in self.clauses.values())


class DueList:
    """Counts open acts as they come, and keeps the first `most` of each part."""

    def __init__(self, most: int) -> None:
        self.counts = DueCounts()
        self._most, self._runs = most, 0
        self._run: int | None = None
        self._first: dict[str, pl.DataFrame] = {part: pl.DataFrame(schema=_KEYS)
                                                 for part in PARTS}
        self._batches: dict[int, tuple[VerdictBatch, pl.Series]] = {}
        """Batches by their numbers, with where their verdicts stood in what was given."""
        self._numbers = numbers()

    def add(self, batch: VerdictBatch) -> None:
        """Take the open acts of a batch in."""
        self.counts.add(batch)
        if not len(batch.verdicts):
            return
        if batch.run is None or batch.run != self._run:
            self._runs += 1
        self._run = batch.run
        table, number = batch.verdicts.table, next(self._numbers)
        keys = table.select(
            pl.col("due"), pl.lit(self._runs, dtype=pl.Int64).alias("run"),
            batch.rows.gather(table["row"]).cast(pl.Int64).alias("line"),
            pl.lit(number, dtype=pl.Int64).alias("batch"),
            pl.int_range(pl.len(), dtype=pl.Int64).alias("at"))
        for part in PARTS:
            own = [code for code, o in enumerate(OUTCOME_CODES) if part_of(o) == part]
            ours = keys.filter(table["outcome"].is_in(own))
            self._first[part] = pl.concat([self._first[part], ours]).sort(*_KEYS).head(self._most)
        self._batches[number] = batch, pl.int_range(len(table), dtype=pl.Int64, eager=True)
        self._reduce(number)
        held = sum(len(kept.verdicts) for kept, _ in self._batches.values())
        if held > 2 * self._most * len(PARTS) or len(self._batches) > _BATCHES:
            for each in [*self._batches]:
                self._reduce(each)

    def _reduce(self, number: int) -> None:
        """Let go of what is not among the first in a batch."""
        batch, stood = self._batches[number]
        wanted = pl.concat([keys.filter(pl.col("batch") == number)["at"]
                            for keys in self._first.values()]).sort()
        if not len(wanted):
            del self._batches[number]
            return
        kept = split(batch, batch.verdicts.table[stood.search_sorted(wanted)])
        self._batches[number] = kept, wanted

    def findings(self, words: FindingRenderer) -> list[Finding]:
        """The first acts of each part in words, by their day, then in the ledger's order."""
        for number in [*self._batches]:
            self._reduce(number)
        return by_day(findings_of((batch for batch, _ in self._batches.values()), words))


_BATCHES: Final = 64
"""Batches that may be held before those with nothing left among the first are let go of."""
_KEYS: Final = pl.Schema({"due": pl.Int32(), "run": pl.Int64(), "line": pl.Int64(),
                          "batch": pl.Int64(), "at": pl.Int64()})
"""What open acts are in order by: their day, then as findings come (rows, then rules)."""


def by_day(findings: Iterable[Finding]) -> list[Finding]:
    """Open acts by their day, those of one day in the order they came."""
    return sorted(findings, key=lambda found: to_day(found.due) if found.due else 0)
