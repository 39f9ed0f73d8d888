"""What stands under a waiver. In: verdict batches. Out: the same, covered violations as waived.

A violation that a waiver in force covers is waived; one whose waiver expired stays what it is, and
names it. Nothing is dropped.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

import polars as pl
from msgspec.structs import replace

from zhuanjie.engine.auditing.stages.base import StageContext
from zhuanjie.engine.auditing.verdict_batch import VerdictBatch
from zhuanjie.engine.auditing.waiver_cover import WaiverCover
from zhuanjie.engine.backends.verdicts import SCHEMA, WAIVER, Verdicts
from zhuanjie.engine.core.results import OUTCOME_CODES, Outcome
from zhuanjie.engine.waivers.waiver_set import WaiverSet

_WAIVED = OUTCOME_CODES.index(Outcome.WAIVED)


def waivers(batches: Iterator[VerdictBatch], context: StageContext) -> Iterator[VerdictBatch]:
    """Mark the violations that a waiver speaks of."""
    given = context.plan.waivers
    if not given:
        yield from batches
        return
    covered = CoveredBatches(given, context.beyond)
    yield from map(covered.marked, batches)


class CoveredBatches:
    """Batches, with what waivers cover of them; waivers of the ids `beyond` cover nothing."""

    def __init__(self, given: WaiverSet, beyond: Collection[str] = ()) -> None:
        self._given, self._cover = given, WaiverCover(given)
        self._beyond = given.numbers_of(beyond)

    def marked(self, batch: VerdictBatch) -> VerdictBatch:
        """The batch with the waiver of each violation that one speaks of."""
        found = self._cover.matches(batch).filter(~pl.col("waiver").is_in(self._beyond))
        return marked(batch, found, self._given) if len(found) else batch


def marked(batch: VerdictBatch, found: pl.DataFrame, given: WaiverSet) -> VerdictBatch:
    """The batch with the waiver of each violation, the first of those that speak of it."""
    first = found.group_by("at").agg(pl.col("waiver").min())
    table = batch.verdicts.table.with_row_index("at").join(
        first, on="at", how="left", maintain_order="left").drop("at")
    in_force = pl.col("waiver") < given.in_force
    table = table.with_columns(
        outcome=pl.when(in_force).then(pl.lit(_WAIVED, dtype=SCHEMA["outcome"])).otherwise(
            pl.col("outcome"))).select(*SCHEMA, *WAIVER)
    return replace(batch, verdicts=Verdicts(batch.plan, table=table), waivers=given.said)
