"""The column engine. In: a plan and a frame. Out: verdicts.

One pass over the columns computes every rule into a few bitmasks; only the records that have
something to report are looked at again, for due dates, lateness and missing fields.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache, reduce
from operator import or_
from typing import Any

import polars as pl

from zhuanjie.engine.backends.base import UNKNOWN
from zhuanjie.engine.backends.polars.expressions import condition, term
from zhuanjie.engine.days import to_day
from zhuanjie.engine.errors import BackendError, fail
from zhuanjie.engine.ir.nodes import Expr
from zhuanjie.engine.ir.types import Kind
from zhuanjie.engine.lower.conditions import FALSE, Cond
from zhuanjie.engine.lower.kleene import Kleene
from zhuanjie.engine.lower.plan import Plan
from zhuanjie.engine.lower.rules import LoweredRule
from zhuanjie.engine.results import Outcome, Verdict

_ROW = pl.int_range(pl.len()).alias("row")
_BITS = 62  # of a signed 64-bit mask
_OUTCOMES = (Outcome.VIOLATION, Outcome.UNDETERMINED, Outcome.PENDING)
_EVERY = (*_OUTCOMES, Outcome.SATISFIED, Outcome.NOT_APPLICABLE)
_DUE = (Outcome.VIOLATION, Outcome.PENDING, Outcome.SATISFIED)


@dataclass(frozen=True, slots=True)
class _Detail:
    """What is computed for the records that a rule reports: one small select."""

    columns: list[pl.Expr]
    missing: tuple[str, ...]
    clauses: tuple[str, ...]


class PolarsBackend:
    """Judges whole columns at once."""

    name = "polars"

    def judge(self, plan: Plan, frame: pl.DataFrame, every: bool = False) -> list[Verdict]:
        """See `Backend.judge`."""
        outcomes = _EVERY if every else _OUTCOMES
        verdicts: list[Verdict] = []
        try:
            masks = frame.select(_ROW, *_masks(plan, outcomes))
            for index, lowered in enumerate(plan.lowered):
                verdicts += self._details(index, lowered, frame, masks, outcomes)
        except pl.exceptions.PolarsError as error:
            raise fail(BackendError, "backend.failed", name=self.name,
                       detail=type(error).__name__) from error
        verdicts.sort(key=lambda v: (v.row, v.rule))
        return verdicts

    def _details(self, index: int, lowered: LoweredRule, frame: pl.DataFrame, masks: pl.DataFrame,
                 outcomes: Sequence[Outcome]) -> list[Verdict]:
        word, bit = divmod(index, _BITS)
        code = pl.lit(None, dtype=pl.Int8)
        for number, outcome in enumerate(outcomes):
            hit = pl.col(f"{outcome}{word}") & (1 << bit) != 0
            code = pl.when(hit).then(pl.lit(number, dtype=pl.Int8)).otherwise(code)
        found = masks.select("row", code.alias("code")).drop_nulls("code")
        if not len(found):
            return []
        detail = _detail(lowered)
        rows = found["row"]
        values = frame[rows].select(_ROW, *detail.columns)
        return [
            _verdict(row, index, outcomes[number], more, detail)
            for row, number, more in zip(
                rows.to_list(), found["code"].to_list(), values.iter_rows(named=True), strict=True)
        ]

    def truth(self, plan: Plan, expr: Expr, frame: pl.DataFrame) -> list[bool | None]:
        """See `Backend.truth`."""
        kleene = Kleene(plan.today, plan.params)
        column = pl.when(condition(kleene.sure(expr))).then(True)
        known = column.when(condition(kleene.never(expr))).then(False)
        return frame.select(_ROW, known.alias("truth"))["truth"].to_list()

    def evaluate(self, expr: Expr, record: Mapping[str, Any], as_of: date,
                 params: Mapping[str, int]) -> Any:
        """See `Backend.evaluate`."""
        kleene = Kleene(to_day(as_of), params)
        filled = {name: value for name, value in record.items() if value is not None}
        frame = pl.DataFrame({**{n: [v] for n, v in filled.items()}, "": [None]})
        if expr.type.kind in (Kind.BOOL, Kind.ANY):
            value: pl.Expr = pl.when(condition(kleene.sure(expr))).then(True).when(
                condition(kleene.never(expr))).then(False)
        else:
            value = term(kleene.term(expr))
        try:
            found = frame.select(value.alias("value"))["value"][0]
        except pl.exceptions.PolarsError as error:
            raise fail(BackendError, "backend.failed", name=self.name,
                       detail=type(error).__name__) from error
        return UNKNOWN if found is None else found


def _masks(plan: Plan, outcomes: Sequence[Outcome]) -> list[pl.Expr]:
    """For each outcome, one column for each 62 rules: bit i says that rule i came out so."""
    words = range(0, len(plan.lowered), _BITS)
    return [
        _mask([getattr(r, str(outcome)) for r in plan.lowered[start : start + _BITS]])
        .alias(f"{outcome}{word}")
        for outcome in outcomes
        for word, start in enumerate(words)
    ]


def _mask(conditions: list[Cond]) -> pl.Expr:
    bits = [
        pl.when(condition(cond)).then(pl.lit(1 << i, dtype=pl.Int64)).otherwise(
            pl.lit(0, dtype=pl.Int64))
        for i, cond in enumerate(conditions)
        if cond != FALSE
    ]
    return reduce(or_, bits) if bits else pl.lit(0, dtype=pl.Int64)


@lru_cache(maxsize=4096)
def _detail(lowered: LoweredRule) -> _Detail:
    columns = []
    if lowered.due is not None:
        columns.append(term(lowered.due).alias("due"))
    if lowered.late is not None:
        columns.append(term(lowered.late).alias("late"))
    if lowered.missing:
        columns.append(_mask([c for _, c in lowered.missing]).alias("missing"))
    if lowered.clause:
        chain: Any = pl
        for number, (_, cond) in enumerate(lowered.clause):
            chain = chain.when(condition(cond)).then(pl.lit(number, dtype=pl.Int8))
        columns.append(chain.otherwise(None).alias("clause"))
    return _Detail(columns, tuple(f for f, _ in lowered.missing),
                   tuple(c for c, _ in lowered.clause))


def _verdict(row: int, index: int, outcome: Outcome, more: Mapping[str, int | None],
             detail: _Detail) -> Verdict:
    blank: tuple[str, ...] = ()
    missing, clause = more.get("missing"), more.get("clause")
    if outcome is Outcome.UNDETERMINED and missing:
        blank = tuple(f for i, f in enumerate(detail.missing) if missing >> i & 1)
    return Verdict(
        row, index, outcome,
        clause=None if clause is None or outcome is Outcome.NOT_APPLICABLE
        else detail.clauses[clause],
        due=more.get("due") if outcome in _DUE else None,
        late=more.get("late") if outcome is Outcome.VIOLATION else None,
        missing=blank,
    )


ENGINE = PolarsBackend()
