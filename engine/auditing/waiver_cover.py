"""Which violations waivers cover. In: waivers, verdict batches. Out: what each covers of a batch.

A waiver speaks of the findings of one clause or rule, and of records by their ids or by a condition
that must definitely hold. Of several that cover a violation the first in force counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import polars as pl
from msgspec.structs import replace

from zhuanjie.engine.auditing.verdict_batch import VerdictBatch, trim
from zhuanjie.engine.backends.registry import BULK, backend_of, column_backend_of
from zhuanjie.engine.core.results import OUTCOME_CODES, Outcome
from zhuanjie.engine.expr.nodes import field_names
from zhuanjie.engine.ledger.compared_columns import compared_series
from zhuanjie.engine.lowering.plan import Plan, narrowed_to
from zhuanjie.engine.policy.policy import TypedRule
from zhuanjie.engine.waivers.waiver_set import TypedWaiver, WaiverSet

_VIOLATION = OUTCOME_CODES.index(Outcome.VIOLATION)
_SPOKEN = pl.Schema({"waiver": pl.Int32(), "rule": pl.Int16(), "clause": pl.Int8()})
_MATCH = pl.Schema({"at": pl.UInt32(), "waiver": pl.Int32()})
"""A violation, by its place among the verdicts, and a waiver that speaks of it."""


class _Spoken:
    """Of what the waivers speak under one plan.

    `about` are the findings, by rules, and by clauses as tables of verdicts number them.
    """

    def __init__(self, waivers: WaiverSet, about: pl.DataFrame) -> None:
        self.about = about
        self._waivers = waivers
        self._named: dict[str, pl.DataFrame] = {}

    @classmethod
    def of(cls, waivers: WaiverSet, plan: Plan) -> _Spoken:
        """What the waivers say of a plan's findings."""
        barred = {name for name, clause in plan.policy.clauses.items() if not clause.waivable}
        numbered = [(at, number, rule, clause)
                    for at, (rule, lowered) in enumerate(zip(plan.rules, plan.lowered, strict=True))
                    for number, clause in [(None, rule.clause),
                                           *enumerate(clause for clause, _ in lowered.clause)]
                    if clause not in barred]
        spoken = [(place, at, number) for place, waiver in enumerate(waivers.waivers)
                  for at, number, rule, clause in numbered if waiver.covers(rule, clause)]
        return cls(waivers, pl.DataFrame(spoken, schema=_SPOKEN, orient="row"))

    def named(self, plan: Plan, key: str) -> pl.DataFrame:
        """The names of records by a key, as they are compared, and the waivers that have them."""
        if key not in self._named:
            compared = plan.fields[key].compared
            self._named[key] = pl.DataFrame(
                [(compared(name), place) for place, waiver in enumerate(self._waivers.waivers)
                 for name in dict.fromkeys(waiver.entry.named)],
                schema={"form": pl.String(), "waiver": _MATCH["waiver"]}, orient="row")
        return self._named[key]


class WaiverCover:
    """What the waivers of an audit cover, batch by batch."""

    def __init__(self, waivers: WaiverSet) -> None:
        self.waivers = waivers
        self._spoken: dict[Plan, _Spoken] = {}

    def matches(self, batch: VerdictBatch) -> pl.DataFrame:
        """Which violations of a batch waivers speak of, by `at` and `waiver`, its place."""
        if not batch.verdicts.has(Outcome.VIOLATION):
            return pl.DataFrame(schema=_MATCH)
        wrong = batch.verdicts.table.with_row_index("at").filter(
            pl.col("outcome") == _VIOLATION).select("at", "row", "rule", "clause")
        spoken = self._spoken.get(batch.plan)
        if spoken is None:
            spoken = self._spoken[batch.plan] = _Spoken.of(self.waivers, batch.plan)
        found = [*(self._named(batch, wrong, spoken, key) for key in _keys(batch)),
                 *self._held(batch, wrong, spoken)]
        return pl.concat([pl.DataFrame(schema=_MATCH), *found]).unique(maintain_order=True)

    def records(self, batch: VerdictBatch) -> Counter[str]:
        """Of how many records of a batch each waiver, by its id, covers a violation."""
        matches = self.matches(batch)
        if not len(matches):
            return Counter()
        rows = batch.verdicts.table["row"].gather(matches["at"])
        counts = matches.select("waiver", rows).unique().group_by("waiver").len()
        return Counter({self.waivers.waivers[at].entry.id: times
                        for at, times in counts.iter_rows()})

    def _named(self, batch: VerdictBatch, wrong: pl.DataFrame, spoken: _Spoken,
               key: str) -> pl.DataFrame:
        """The violations of the records that waivers name by a key; all waivers at once."""
        forms = self._forms(batch, key).gather(wrong["row"]).alias("form")
        return wrong.with_columns(forms).join(spoken.named(batch.plan, key), on="form").join(
            spoken.about, on=list(_SPOKEN), how="semi", nulls_equal=True).select(*_MATCH)

    def _held(self, batch: VerdictBatch, wrong: pl.DataFrame,
              spoken: _Spoken) -> Iterator[pl.DataFrame]:
        """The violations of the records for which the conditions of waivers hold."""
        for number, waiver in enumerate(self.waivers.waivers):
            if waiver.where is None:
                continue
            found = wrong.with_columns(pl.lit(number, dtype=_MATCH["waiver"]).alias("waiver")).join(
                spoken.about, on=list(_SPOKEN), how="semi", nulls_equal=True)
            if len(found):
                yield found.filter(_held(waiver, batch).gather(found["row"])).select(*_MATCH)

    def _forms(self, batch: VerdictBatch, key: str) -> pl.Series:
        frame = trim(batch.frame.select(key), [key] if key in batch.untrimmed else [])
        return compared_series(frame[key].cast(pl.String), batch.plan.fields[key].compare)


def narrowed(plan: Plan, waivers: WaiverSet) -> Plan:
    """The plan with nothing but the rules that waivers speak of."""
    def spoken(rule: TypedRule) -> bool:
        return any(w.covers(rule, clause) for w in waivers.waivers for clause in rule.clauses)

    return replace(narrowed_to(plan, spoken), waivers=waivers)


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
    # What is found of a share knows of its group no more than the field that makes it one.
    known = [batch.shares[0].by] if batch.shares else batch.frame.columns
    there = [name for name in reads if name in known]
    # Of a field that is not here, has() included, nothing is known.
    kleene = replace(plan.kleene, absent=plan.absent.union(reads.difference(there)))
    engine = column_backend_of(backend_of(BULK))
    assert engine is not None
    held = engine.holds(kleene.must_be_true(waiver.where), len(batch.frame))
    # Where it hangs on no column that is here it is one value, and is wanted for each record.
    read = batch.frame.with_row_index("#row").select("#row", *there)
    frame = trim(read, [n for n in there if n in batch.untrimmed])
    return frame.with_columns(held.alias("#held"))["#held"]
