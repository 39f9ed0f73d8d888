"""What was known before. In: verdict batches. Out: the same, with the day each was first seen.

A finding that a baseline knows stays what it is and is counted; only the exit code passes it over.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl
from msgspec.structs import replace

from zhuanjie.engine.auditing.stages.base import StageContext
from zhuanjie.engine.auditing.verdict_batch import VerdictBatch, trim
from zhuanjie.engine.auditing.wording.renderer import group_identity, identity
from zhuanjie.engine.backends.verdicts import KNOWN, Verdicts
from zhuanjie.engine.core.dates import from_day, to_day
from zhuanjie.engine.core.results import OUTCOME_CODES, Outcome, fingerprint
from zhuanjie.engine.waivers.baseline import Baseline

_LOOKED_AT = {OUTCOME_CODES.index(outcome): outcome for outcome in (
    Outcome.VIOLATION, Outcome.UNDETERMINED, Outcome.WAIVED)}


def baseline(batches: Iterator[VerdictBatch], context: StageContext) -> Iterator[VerdictBatch]:
    """Mark the findings that the baseline knows."""
    known = context.plan.baseline
    if known is None:
        yield from batches
        return
    for batch in batches:
        yield _marked(batch, known) if len(batch.verdicts) else batch


def _marked(batch: VerdictBatch, known: Baseline) -> VerdictBatch:
    plan, table = batch.plan, batch.verdicts.table
    rules = [at for at, rule in enumerate(plan.rules) if rule.rule.id in known.rules]
    asked = table.with_row_index("at").filter(
        pl.col("rule").is_in(rules) & pl.col("outcome").is_in(list(_LOOKED_AT))).select(
        "at", "row", "rule", "outcome", "due")
    key = plan.key
    names = trim(batch.frame.select(key), [key] if key in batch.untrimmed else [])[key]
    if batch.shares:
        names = pl.Series([group_identity(figures) for figures in batch.shares], dtype=pl.String)
    since: list[int | None] = [None] * len(table)
    seen = []
    for (at, _, rule, outcome, due), name in zip(
            asked.iter_rows(), names.gather(asked["row"]), strict=True):
        found = known.entries.get(fingerprint(
            plan.rules[rule].rule.id, identity(plan.fields[key], name),
            None if due is None else from_day(due)))
        if found is None:
            continue
        seen.append(found.id)
        if found.covers(_LOOKED_AT[outcome]):
            since[at] = to_day(found.first_seen)
    marked = table.with_columns(pl.Series("known", since, dtype=KNOWN["known"]))
    return replace(batch, verdicts=Verdicts(plan, table=marked), seen=frozenset(seen))
