"""What is still to be done by a day. In: verdict batches of all outcomes. Out: open acts alone.

Which acts are open is decided in columns: nothing is put into words for those that are not.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import polars as pl
from msgspec.structs import replace

from zhuanjie.engine.auditing.stages.base import Stage, StageContext
from zhuanjie.engine.auditing.verdict_batch import VerdictBatch
from zhuanjie.engine.backends.verdicts import SCHEMA, Verdicts
from zhuanjie.engine.core.dates import to_day
from zhuanjie.engine.core.results import OUTCOME_CODES, Outcome
from zhuanjie.engine.lowering.plan import Plan

TIMED = ("deadline", "recurring")
"""The shapes of rules that something is due by."""
_SATISFIED = OUTCOME_CODES.index(Outcome.SATISFIED)


def open_acts(within: int | None = None) -> Stage:
    """The stage that keeps what is due and not done; `within` so many days, what is overdue too.

    An act on record by the as-of day, in time or late, is not due any more; a duty that recurs and
    was done is due again.
    """
    def stage(batches: Iterator[VerdictBatch], context: StageContext) -> Iterator[VerdictBatch]:
        last = _last_day(context.plan.as_of, within)
        for batch in batches:
            yield _kept(batch, last)

    return stage


def _last_day(as_of: date, within: int | None) -> int:
    left = (date.max - as_of).days
    return to_day(as_of + timedelta(days=left if within is None else min(within, left)))


def _kept(batch: VerdictBatch, last: int) -> VerdictBatch:
    """A batch with its open acts, and how often a clause that sets a day was not judged."""
    timed = {rule.clause for rule in batch.plan.rules if rule.shape in TIMED}
    dark = {kind: times for kind, times in batch.not_judged.items() if kind[0] in timed}
    batch = replace(batch, not_judged=dark, lists_not_judged=False)
    if not len(batch.verdicts):
        return batch
    recurring = [i for i, rule in enumerate(batch.plan.rules) if rule.shape == "recurring"]
    table = batch.verdicts.table.filter(
        pl.col("due") <= last,
        (pl.col("outcome") != _SATISFIED) | pl.col("rule").is_in(recurring))
    table = table.filter(~_done(table, batch.frame, batch.plan))
    return replace(batch, verdicts=Verdicts(batch.plan, table=table))


def _done(table: pl.DataFrame, frame: pl.DataFrame, plan: Plan) -> pl.Series:
    """Whether the act of a verdict's rule is on record by the as-of day."""
    done = pl.repeat(False, len(table), dtype=pl.Boolean, eager=True)
    fields = {i: rule.rule.deadline.done for i, rule in enumerate(plan.rules)
              if rule.rule.deadline is not None}
    for rule in table["rule"].unique():
        if (name := fields.get(rule)) is None or name not in frame.columns:
            continue
        on_record = (frame[name] <= plan.as_of).fill_null(value=False)
        at = (table["rule"] == rule).arg_true()
        done = done.scatter(at, on_record.gather(table["row"].gather(at)))
    return done


def split(batch: VerdictBatch, verdicts: pl.DataFrame) -> VerdictBatch:
    """A batch with some of its verdicts, and of its records only those that have one."""
    places = verdicts["row"].unique().sort()
    rows = places.search_sorted(verdicts["row"]).cast(SCHEMA["row"])
    return replace(batch, frame=batch.frame[places], rows=batch.rows.gather(places),
                   verdicts=Verdicts(batch.plan, table=verdicts.with_columns(row=rows)),
                   input=(), editions={}, not_judged={}, others={}, records=0, out_of_scope=0)
