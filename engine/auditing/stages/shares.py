"""What the shares of a ledger come to. In: verdict batches. Out: the same, and verdicts on groups.

A rule on a share speaks of no record: its verdicts stand on the groups of the ledger, each with
its figures, behind those on records.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl
from msgspec.structs import replace

from zhuanjie.engine.auditing.shares import (
    SHARES,
    fields_of,
    lowered_shares,
    value_of,
)
from zhuanjie.engine.auditing.stages.base import StageContext
from zhuanjie.engine.auditing.uniqueness import DTYPES
from zhuanjie.engine.auditing.verdict_batch import VerdictBatch
from zhuanjie.engine.backends.verdicts import Verdicts
from zhuanjie.engine.core.results import FINDING_OUTCOMES, Outcome, Verdict
from zhuanjie.engine.core.shares import ShareFigures
from zhuanjie.engine.expr.nodes import FieldRef
from zhuanjie.engine.lowering.conditions import FALSE, TRUE
from zhuanjie.engine.lowering.plan import Plan
from zhuanjie.engine.lowering.rules import LoweredRule
from zhuanjie.engine.lowering.shares import CELLS


def shares(batches: Iterator[VerdictBatch], context: StageContext) -> Iterator[VerdictBatch]:
    """Once the ledger is judged, say what its shares come to."""
    yield from batches
    if not context.plan.shares:
        return
    counts = context.strategy.shares()
    if counts is not None:
        yield from verdicts_on(counts, context.plan, context.all_outcomes)


def verdicts_on(counts: pl.DataFrame, plan: Plan, all_outcomes: bool) -> Iterator[VerdictBatch]:
    """The verdicts of each rule; what only absent columns could decide is apart."""
    of_shares = plan_of_shares(plan)
    for at, (rule, lowered) in enumerate(zip(plan.shares, lowered_shares(plan), strict=True)):
        names = fields_of(rule)
        by = rule.within.name if isinstance(rule.within, FieldRef) else None
        mine = counts.filter(pl.col("share") == at)
        if not len(mine) and by is None and rule.edition is None:
            mine = pl.DataFrame([{"share": at, **dict.fromkeys((*CELLS, "dark", "missing"), 0)}],
                                schema_overrides=SHARES).select(
                pl.col(n) if n not in ("form", "shown") else pl.lit(None, dtype=pl.String).alias(n)
                for n in SHARES)
        found: dict[bool, list[tuple[ShareFigures, Verdict]]] = {True: [], False: []}
        for row in mine.iter_rows(named=True):
            figures = ShareFigures(**{cell: row[cell] for cell in CELLS},
                                   at_least=lowered.at_least, by=by, group=row["shown"])
            outcome = Outcome(figures.standing)
            if not all_outcomes and outcome not in FINDING_OUTCOMES:
                continue
            is_open = outcome is Outcome.UNDETERMINED
            missing = tuple(n for i, n in enumerate(names) if row["missing"] >> i & 1)
            judged = not (is_open and row["dark"] == figures.unknown)
            verdict = Verdict(len(found[judged]), at, outcome,
                              missing=plan.fields.sort(missing) if is_open else ())
            found[judged].append((figures, verdict))
        for judged, some in found.items():
            if some:
                yield _batch(of_shares, some, by, judged=judged)


def _batch(plan: Plan, found: list[tuple[ShareFigures, Verdict]], by: str | None, *,
           judged: bool) -> VerdictBatch:
    """Verdicts on groups; what is `judged` hangs on no column that is not there."""
    gone = frozenset[str]() if judged else frozenset(n for _, v in found for n in v.missing)
    plan = replace(plan, absent=gone, doubted=frozenset())
    columns = [pl.Series(plan.key, [None] * len(found), dtype=DTYPES[plan.fields[plan.key].type])]
    if by is not None:
        field = plan.fields[by]
        values = [value_of(figures.group, field) for figures, _ in found]
        columns = [c for c in columns if c.name != by] + [
            pl.Series(by, values, dtype=DTYPES[field.type])]
        if plan.key == by:
            columns = columns[-1:]
    return VerdictBatch(
        plan, pl.DataFrame(columns), pl.Series([None] * len(found), dtype=pl.Int64),
        Verdicts(plan, items=[verdict for _, verdict in found]),
        shares=tuple(figures for figures, _ in found))


def plan_of_shares(plan: Plan) -> Plan:
    """A plan of nothing but the rules on shares; what they come out as is known already."""
    return replace(plan, rules=plan.shares, shares=(), whole=(), lowered=tuple(
        LoweredRule(rule.id, not_applicable=FALSE, satisfied=FALSE, violation=TRUE, pending=FALSE,
                    undetermined=FALSE, settled=FALSE,
                    missing=tuple((name, TRUE) for name in plan.fields.sort(fields_of(rule))))
        for rule in plan.shares))
