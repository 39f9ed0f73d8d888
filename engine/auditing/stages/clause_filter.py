"""Only what was asked about. In: verdict batches. Out: the same, without other clauses.

Rules that speak of no clause asked about are not in the plan. One rule may speak of several: what
it says of the others is taken out here.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl
from msgspec.structs import replace

from zhuanjie.engine.auditing.stages.base import StageContext
from zhuanjie.engine.auditing.verdict_batch import VerdictBatch
from zhuanjie.engine.backends.verdicts import Verdicts
from zhuanjie.engine.lowering.plan import Plan


def clause_filter(batches: Iterator[VerdictBatch],
                  context: StageContext) -> Iterator[VerdictBatch]:
    """Leave out verdicts under clauses that were not asked about."""
    asked = context.plan.asked
    if asked is None or all(asked.issuperset(r.clauses) for r in context.plan.rules):
        yield from batches
        return
    for batch in batches:
        yield replace(batch, verdicts=_asked(batch, asked)) if len(batch.verdicts) else batch


def _asked(batch: VerdictBatch, asked: frozenset[str]) -> Verdicts:
    plan = batch.plan
    if not batch.verdicts.is_table:
        return Verdicts(plan, items=[
            v for v in batch.verdicts if (v.clause or plan.rules[v.rule].clause) in asked])
    table = batch.verdicts.table
    return Verdicts(plan, table=table.join(_kept(plan, asked), on=["rule", "clause"], how="semi",
                                           nulls_equal=True, maintain_order="left"))


def _kept(plan: Plan, asked: frozenset[str]) -> pl.DataFrame:
    """The clauses asked about, as a table of verdicts numbers them within their rules."""
    kept = [(at, number) for at, (rule, lowered) in enumerate(
                zip(plan.rules, plan.lowered, strict=True))
            for number, clause in [(None, rule.clause),
                                   *enumerate(clause for clause, _ in lowered.clause)]
            if clause in asked]
    return pl.DataFrame(kept, schema={"rule": pl.Int16, "clause": pl.Int8}, orient="row")
