"""What a table's missing columns leave unjudged. In: a plan, a column engine. Out: counts.

Where nothing is reported of what is not judged, its records never leave the stream; how many there
are is counted while the ledger is read the first time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import polars as pl

from zhuanjie.engine.auditing.uniqueness import DTYPES
from zhuanjie.engine.backends.base import ColumnBackend
from zhuanjie.engine.lowering.assume import negated
from zhuanjie.engine.lowering.conditions import FALSE, Cond, all_of
from zhuanjie.engine.lowering.plan import Plan
from zhuanjie.engine.lowering.rules import LoweredRule
from zhuanjie.engine.lowering.trimming import fields_read

Gap = tuple[str, str]
"""A clause and a severity."""

_GAP = "#gap-{}-{}"


def gaps_of(plan: Plan) -> list[tuple[Gap, Cond]]:
    """When a record is not judged by what clause, of what is left out of a plan's verdicts."""
    if plan.lists_all:
        return []
    return [((clause, str(typed.severity)), cond)
            for typed, lowered in zip(plan.rules, plan.lowered, strict=True)
            for clause, cond in _by_clause(typed.clause, lowered)
            if cond != FALSE and (plan.asked is None or clause in plan.asked)]


def gap_counts(plan: Plan, times: Sequence[int]) -> Counter[Gap]:
    """How often each clause is not judged, of how many records each of `gaps_of` holds."""
    found: Counter[Gap] = Counter()
    for (gap, _), held in zip(gaps_of(plan), times, strict=True):
        found[gap] += held
    return found


def _by_clause(own: str, lowered: LoweredRule) -> list[tuple[str, Cond]]:
    """The rule's own clause where none of its rows' holds; these exclude one another."""
    dark = lowered.not_judged
    rows = [(clause, all_of((dark, cond))) for clause, cond in lowered.clause]
    return [(own, all_of((dark, *(negated(cond) for _, cond in lowered.clause)))), *rows]


class ColumnGaps:
    """Counts for one table how often a clause is not judged, `size` being about its records.

    `number` tells it from others over the same records.
    """

    def __init__(self, plan: Plan, engine: ColumnBackend, size: int, number: int = 0) -> None:
        self._number = number
        self._gaps = gaps_of(plan)
        self.conditions = [cond for _, cond in self._gaps]
        self.reads = fields_read(self.conditions)
        """The fields to be read for it."""
        self._plan, self._engine, self._size = plan, engine, size
        self._times = [0] * len(self._gaps)

    def exprs(self, among: pl.Expr) -> list[pl.Expr]:
        """Columns for `add`, true only where `among` is."""
        return [(self._engine.holds(cond, self._size) & among).alias(_GAP.format(self._number, at))
                for at, cond in enumerate(self.conditions)]

    def add(self, frame: pl.DataFrame) -> None:
        """Take in some records with the columns of `exprs`."""
        for at in range(len(self._times)):
            self._times[at] += int(frame[_GAP.format(self._number, at)].sum())

    def counts(self, blanks: int = 0) -> Counter[Gap]:
        """How often each clause is not judged, were there so many blank records more."""
        found = self.of_blanks(blanks)
        for (gap, _), times in zip(self._gaps, self._times, strict=True):
            found[gap] += times
        return found

    def of_blanks(self, records: int) -> Counter[Gap]:
        """How often each clause is not judged, of so many blank records."""
        found: Counter[Gap] = Counter()
        if not records or not self._gaps:
            return found
        names = sorted(self.reads)
        blank = pl.DataFrame([None], schema={"#": pl.Null}).with_columns(
            pl.lit(None, dtype=DTYPES[self._plan.fields[name].type]).alias(name) for name in names)
        held = blank.with_columns(self.exprs(pl.lit(True)))
        for at, (gap, _) in enumerate(self._gaps):
            if held[_GAP.format(self._number, at)][0]:
                found[gap] += records
        return found
