"""What is not judged here. In: verdict batches. Out: the same, and how often each clause is so.

An outcome that only absent columns could decide says nothing of the record: it is counted apart,
and listed only where every outcome is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import polars as pl
from msgspec.structs import replace

from zhuanjie.engine.auditing.stages.base import StageContext
from zhuanjie.engine.auditing.verdict_batch import VerdictBatch
from zhuanjie.engine.backends.verdicts import SCHEMA, Verdicts
from zhuanjie.engine.core.results import OUTCOME_CODES, Outcome

_UNDETERMINED = OUTCOME_CODES.index(Outcome.UNDETERMINED)


def not_judged(batches: Iterator[VerdictBatch], context: StageContext) -> Iterator[VerdictBatch]:
    """Count what could not be judged, and leave it out unless all outcomes are listed."""
    for batch in batches:
        if batch.plan.not_kept and len(batch.verdicts):
            yield _counted(batch, keep=context.all_outcomes)
        else:
            yield batch


def _counted(batch: VerdictBatch, *, keep: bool) -> VerdictBatch:
    dark, rest = _split(batch)
    if not len(dark):
        return batch
    found = Counter(batch.not_judged)
    for (clause, rule, _), times in dark.counts().items():
        found[clause, str(batch.plan.rules[rule].severity)] += times
    return replace(batch, not_judged=found, lists_not_judged=keep,
                   verdicts=batch.verdicts if keep else rest)


def _split(batch: VerdictBatch) -> tuple[Verdicts, Verdicts]:
    """The verdicts that only absent columns could decide, and the others."""
    plan, verdicts = batch.plan, batch.verdicts
    if not verdicts.is_table:
        dark = [v for v in verdicts if v.missing and plan.not_kept.issuperset(v.missing)]
        gone = set(map(id, dark))
        return (Verdicts(plan, items=dark),
                Verdicts(plan, items=[v for v in verdicts if id(v) not in gone]))
    bits = pl.Series([sum(1 << i for i, (name, _) in enumerate(rule.missing)
                          if name in plan.not_kept) for rule in plan.lowered],
                     dtype=SCHEMA["missing"])
    table = verdicts.table
    here = bits.gather(table["rule"])
    is_dark = ((table["outcome"] == _UNDETERMINED) & (table["missing"] != 0)
               & ((table["missing"] | here) == here))
    return (Verdicts(plan, table=table.filter(is_dark)),
            Verdicts(plan, table=table.filter(~is_dark)))
