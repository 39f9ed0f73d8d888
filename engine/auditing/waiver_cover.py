"""Which violations waivers cover. In: waivers, verdict batches. Out: what each covers of a batch.

A waiver speaks of the findings of one clause or rule, and of records by their ids or by a condition
that must definitely hold. Of several that cover a violation the first in force counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import reduce
from operator import or_

import polars as pl

from zhuanjie.engine.auditing.verdict_batch import VerdictBatch, trim
from zhuanjie.engine.backends.registry import BULK, backend_of, column_backend_of
from zhuanjie.engine.core.results import OUTCOME_CODES, Outcome
from zhuanjie.engine.expr.nodes import field_names
from zhuanjie.engine.ledger.compared_columns import compared_series
from zhuanjie.engine.lowering.plan import Plan
from zhuanjie.engine.policy.policy import TypedRule
from zhuanjie.engine.waivers.waiver_set import TypedWaiver, WaiverSet

_VIOLATION = OUTCOME_CODES.index(Outcome.VIOLATION)
_SPOKEN = pl.Schema({"rule": pl.Int16(), "clause": pl.Int8()})
_MATCH = pl.Schema({"at": pl.UInt32(), "waiver": pl.Int32()})
"""A violation, by its place among the verdicts, and a waiver that speaks of it."""


class WaiverCover:
    """What the waivers of an audit cover, batch by batch."""

    def __init__(self, waivers: WaiverSet) -> None:
        self.waivers = waivers
        self._spoken: dict[Plan, list[pl.DataFrame]] = {}

    def matches(self, batch: VerdictBatch) -> pl.DataFrame:
        """Which violations of a batch waivers speak of, by `at` and `waiver`, its place."""
        if not batch.verdicts.has(Outcome.VIOLATION):
            return pl.DataFrame(schema=_MATCH)
        wrong = batch.verdicts.table.with_row_index("at").filter(
            pl.col("outcome") == _VIOLATION).select("at", "row", "rule", "clause")
        spoken = self._spoken.get(batch.plan)
        if spoken is None:
            spoken = self._spoken[batch.plan] = [
                _findings_of(waiver, batch.plan) for waiver in self.waivers.waivers]
        found = [
            wrong.join(about, on=["rule", "clause"], how="semi", nulls_equal=True).filter(
                pl.lit(rows).gather(pl.col("row"))).select(
                "at", pl.lit(number, dtype=_MATCH["waiver"]).alias("waiver"))
            for number, about, rows in self._rows(batch, spoken)]
        return pl.concat([pl.DataFrame(schema=_MATCH), *found])

    def records(self, batch: VerdictBatch) -> Counter[str]:
        """Of how many records of a batch each waiver, by its id, covers a violation."""
        matches = self.matches(batch)
        if not len(matches):
            return Counter()
        rows = batch.verdicts.table["row"].gather(matches["at"])
        counts = matches.select("waiver", rows).unique().group_by("waiver").len()
        return Counter({self.waivers.waivers[at].entry.id: times
                        for at, times in counts.iter_rows()})

    def _rows(self, batch: VerdictBatch,
              spoken: list[pl.DataFrame]) -> Iterator[tuple[int, pl.DataFrame, pl.Series]]:
        """For each waiver that has a say here: its number, of what it speaks, and of whom."""
        ids = [self._forms(batch, key) for key in _keys(batch)]
        for number, (waiver, about) in enumerate(zip(self.waivers.waivers, spoken, strict=True)):
            if not len(about):
                continue
            if waiver.where is not None:
                yield number, about, _held(waiver, batch)
            else:
                named = [values.is_in(pl.Series(
                    [batch.plan.fields[values.name].compared(n) for n in waiver.entry.named],
                    dtype=pl.String).implode()).fill_null(value=False) for values in ids]
                yield number, about, reduce(or_, named)

    def _forms(self, batch: VerdictBatch, key: str) -> pl.Series:
        frame = trim(batch.frame.select(key), [key] if key in batch.untrimmed else [])
        return compared_series(frame[key].cast(pl.String), batch.plan.fields[key].compare)


def narrowed(plan: Plan, waivers: WaiverSet) -> Plan:
    """The plan with nothing but the rules that waivers speak of."""
    def spoken(rule: TypedRule) -> bool:
        return any(w.covers(rule, clause) for w in waivers.waivers for clause in rule.clauses)

    kept = [(rule, lowered) for rule, lowered in zip(plan.rules, plan.lowered, strict=True)
            if spoken(rule)]
    policy = replace(plan.policy, rules=tuple(filter(spoken, plan.policy.rules)))
    return replace(plan, policy=policy, waivers=waivers, whole=tuple(filter(spoken, plan.whole)),
                   rules=tuple(rule for rule, _ in kept), lowered=tuple(low for _, low in kept))


def _keys(batch: VerdictBatch) -> list[str]:
    """The fields that may name the records of a batch."""
    plan = batch.plan
    return [key for key in dict.fromkeys((plan.key, *plan.keyed, *plan.policy.vocabulary.keys))
            if key in batch.frame.columns]


def _held(waiver: TypedWaiver, batch: VerdictBatch) -> pl.Series:
    """For which records of a batch the condition of a waiver definitely holds."""
    assert waiver.where is not None
    plan = batch.plan
    reads = field_names(waiver.where)
    there = [name for name in reads if name in batch.frame.columns]
    # Of a field that is not here, has() included, nothing is known.
    kleene = replace(plan.kleene, absent=plan.absent.union(reads.difference(there)))
    engine = column_backend_of(backend_of(BULK))
    assert engine is not None
    held = engine.holds(kleene.must_be_true(waiver.where), len(batch.frame))
    frame = trim(batch.frame.select(there), [n for n in there if n in batch.untrimmed])
    return pl.select(pl.repeat(value=False, n=len(batch.frame))).to_series() if not there else (
        frame.select(held.alias("held"))["held"])


def _findings_of(waiver: TypedWaiver, plan: Plan) -> pl.DataFrame:
    """The findings that a waiver speaks of: rules, and clauses as tables of verdicts number them.
    """
    spoken = [(at, number)
              for at, (rule, lowered) in enumerate(zip(plan.rules, plan.lowered, strict=True))
              for number, clause in [(None, rule.clause),
                                     *enumerate(clause for clause, _ in lowered.clause)]
              if waiver.covers(rule, clause) and plan.policy.clauses[clause].waivable]
    return pl.DataFrame(spoken, schema=_SPOKEN, orient="row")
