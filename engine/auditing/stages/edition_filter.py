"""One edition speaks for a rule. In: verdict batches. Out: the same, without what others say.

Where several packs judge, a rule whose edition does not judge a record comes out as not applicable.
Only the edition that judges the record may say so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import polars as pl
from msgspec.structs import replace

from zhuanjie.engine.auditing.editions import EditionIndex
from zhuanjie.engine.auditing.stages.base import StageContext
from zhuanjie.engine.auditing.verdict_batch import VerdictBatch
from zhuanjie.engine.backends.verdicts import Verdicts
from zhuanjie.engine.core.results import OUTCOME_CODES, Outcome

_ELSEWHERE = OUTCOME_CODES.index(Outcome.NOT_APPLICABLE)


def edition_filter(batches: Iterator[VerdictBatch],
                   context: StageContext) -> Iterator[VerdictBatch]:
    """Leave out what editions say of records that they do not judge."""
    governed = EditionIndex(context.plan).governed()
    for batch in batches:
        if governed and batch.verdicts.has(Outcome.NOT_APPLICABLE):
            yield replace(batch, verdicts=_governed(batch, governed))
        else:
            yield batch


def _governed(batch: VerdictBatch, governed: Mapping[int, pl.Expr]) -> Verdicts:
    judging = {rule: batch.frame.select(expr).to_series() for rule, expr in governed.items()}
    if not batch.verdicts.is_table:
        judges = {rule: column.to_list() for rule, column in judging.items()}
        return Verdicts(batch.plan, items=[
            v for v in batch.verdicts if v.outcome is not Outcome.NOT_APPLICABLE
            or v.rule not in judges or judges[v.rule][v.row]])
    table = batch.verdicts.table
    for rule, column in judging.items():
        other = (pl.col("rule") == rule) & (pl.col("outcome") == _ELSEWHERE)
        table = table.filter(~other | pl.lit(column).gather(pl.col("row")))
    return Verdicts(batch.plan, table=table)
