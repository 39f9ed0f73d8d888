"""Records ready to judge. In: a ledger, a plan. Out: its records in scope, batch by batch.

Where a rule looks across records the ledger is read twice, once to count, once to hand out; a
ledger of one batch is kept and read once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain

import polars as pl
from msgspec import Struct, field

from zhuanjie.engine.auditing.uniqueness import DTYPES, DuplicateCounter
from zhuanjie.engine.backends.base import Backend
from zhuanjie.engine.core.results import InputFinding
from zhuanjie.engine.ledger.batch import Batch
from zhuanjie.engine.ledger.ledger import Ledger
from zhuanjie.engine.lowering.plan import Plan


class RecordFrame(Struct, frozen=True):
    """Some records in scope, with the fields and counts that judging reads, and their row numbers.

    `records` and `out_of_scope` count those that they are taken from, `input` is what could not be
    read there. `source` has these as they were read, in scope or not. `others` counts the rows that
    are no records, by what they are; `header_row` tells the tables of a sheet apart. `plan` judges
    them: it knows the columns that their table lacks.
    """

    plan: Plan
    frame: pl.DataFrame
    rows: pl.Series
    file: str
    sheet: str | None = None
    records: int = 0
    out_of_scope: int = 0
    input: Sequence[InputFinding] = ()
    source: pl.DataFrame | None = None
    header_row: int | None = None
    others: Mapping[str, int] = field(default_factory=dict)
    key: str = ""
    """The field that names them; empty for the plan's own."""
    run: int | None = None
    """Frames of the same run have records that stand among one another."""


class LedgerFrames:
    """The records of one ledger; every time they are asked for, the same."""

    def __init__(self, ledger: Ledger, plan: Plan, backend: Backend,
                 plan_for: Callable[[frozenset[str] | None, frozenset[str]], Plan]) -> None:
        """`plan_for` gives the plan for records of a table that keeps some fields, and of which
        some are in doubt."""
        self.ledger, self.plan, self.backend = ledger, plan, backend
        self._plan_for = plan_for

    def __iter__(self) -> Iterator[RecordFrame]:
        counters = [DuplicateCounter(r, self.plan, self.backend) for r in self.plan.unique]
        batches = self._counted(counters)
        shared = [counter.shared() for counter in counters]
        for batch in batches:
            plan = self._plan_for(batch.kept, batch.doubted)
            frame, kept = in_scope(batch.frame, plan, self.backend)
            beyond = len(batch.frame) - len(frame)
            for counter, keys in zip(counters, shared, strict=True):
                frame = counter.attach(frame, keys)
            yield RecordFrame(plan, frame, batch.rows.gather(kept), batch.file, batch.sheet,
                              len(batch.frame), beyond, batch.input, batch.frame,
                              batch.header_row, Counter(map(str, batch.others.values())),
                              batch.key, batch.run)

    def _counted(self, counters: Sequence[DuplicateCounter]) -> Iterator[Batch]:
        """The batches, once every rule that counts over the ledger has seen all of them."""
        batches = iter(self.ledger.batches())
        first = [b for b in (next(batches, None), next(batches, None)) if b is not None]
        everything = chain(first, batches)
        if counters:
            for batch in everything:
                plan = self._plan_for(batch.kept, batch.doubted)
                frame, _ = in_scope(batch.frame, plan, self.backend)
                for counter in counters:
                    counter.add(frame, plan)
            everything = chain(first) if len(first) < 2 else chain(self.ledger.batches())
        return everything


def in_scope(frame: pl.DataFrame, plan: Plan, backend: Backend) -> tuple[pl.DataFrame, pl.Series]:
    """The records the policy speaks of, with all its columns, and their places in `frame`."""
    absent = [n for n in plan.needs if n not in frame.columns]
    frame = frame.with_columns(
        pl.lit(None, dtype=DTYPES[plan.fields[n].type]).alias(n) for n in absent
    ).select(plan.needs)
    frame = frame.with_columns(pl.col(n).fill_null(plan.as_of) for n in plan.assumed
                               if n in frame.columns)
    kept = pl.Series("row", range(len(frame)), dtype=pl.Int64)
    scope = plan.policy.scope
    if scope is not None:
        # A record is out of scope only where that is certain.
        truth = backend.truth(plan, scope, frame)
        kept = kept.filter(pl.Series(truth, dtype=pl.Boolean).ne_missing(False))
        frame = frame[kept]
    return frame, kept
