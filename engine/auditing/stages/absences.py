"""Who stands in the roster and not in the ledger. In: verdict batches. Out: the same, and absences.

An absence is a verdict like any other: a record of the roster violates a `reconcile` rule.
"""

from __future__ import annotations

from collections.abc import Iterator

from zhuanjie.engine.auditing.stages.base import StageContext
from zhuanjie.engine.auditing.verdict_batch import VerdictBatch


def absences(batches: Iterator[VerdictBatch], context: StageContext) -> Iterator[VerdictBatch]:
    """Once the ledger is judged, say what it lacks of the roster."""
    yield from batches
    if context.roster is not None:
        yield from context.roster.absences(
            context.strategy.values,
            None if context.absent_is_blank else context.strategy.ledger.kept)
