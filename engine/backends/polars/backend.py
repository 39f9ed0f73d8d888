"""The column engine. In: a plan and a frame. Out: verdicts.

One pass over the columns says of every rule and record whether there is anything to report, as
columns of bits; only the records that have something to report are looked at again, rule by rule,
for the outcome, due dates, lateness and missing fields. What rules have in common is computed once:
Polars finds it by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import reduce
from operator import or_
from typing import Any
from weakref import WeakKeyDictionary

import polars as pl
from msgspec import Struct

from zhuanjie.engine.backends.base import SETTLED, UNKNOWN
from zhuanjie.engine.backends.polars.expressions import Expressions
from zhuanjie.engine.backends.verdicts import BITS, SCHEMA, to_verdicts
from zhuanjie.engine.core.dates import to_day
from zhuanjie.engine.core.errors import BackendError, fail
from zhuanjie.engine.core.limits import limits
from zhuanjie.engine.core.results import (
    ALL_OUTCOMES,
    APPLICABLE_OUTCOMES,
    DUE_OUTCOMES,
    OUTCOME_CODES,
    Outcome,
    Verdict,
)
from zhuanjie.engine.expr.nodes import Expr
from zhuanjie.engine.expr.types import Kind
from zhuanjie.engine.lowering.conditions import FALSE, Cond
from zhuanjie.engine.lowering.kleene import Kleene
from zhuanjie.engine.lowering.plan import Plan
from zhuanjie.engine.lowering.rules import LoweredRule
from zhuanjie.engine.lowering.trimming import as_written

_OUTCOME = "#outcome"


class _CompiledPlan(Struct, frozen=True):
    """A plan as expressions: what is settled, and each rule's verdicts.

    `settled` is asked of texts as they are written; `closer` once more of what that leaves open, of
    their forms, for rules that compare such texts; these are made first.
    """

    settled: list[pl.Expr]
    forms: list[pl.Expr]
    closer: list[pl.Expr]
    verdicts: list[_Verdicts]


class PolarsBackend:
    """Judges whole columns at once."""

    name = "polars"

    def __init__(self) -> None:
        self._compiled: WeakKeyDictionary[Plan, dict[tuple[bool, bool], _CompiledPlan]] = (
            WeakKeyDictionary())

    def judge(self, plan: Plan, frame: pl.DataFrame, all_outcomes: bool = False) -> list[Verdict]:
        """See `Backend.judge`."""
        return list(to_verdicts(plan, self.judge_table(plan, frame, all_outcomes)))

    def judge_table(self, plan: Plan, frame: pl.DataFrame,
                    all_outcomes: bool = False) -> pl.DataFrame:
        """See `ColumnBackend.judge_table`."""
        if all_outcomes:
            compiled = self._compile(plan, len(frame), all_outcomes=True)
            return self._guarded(lambda: _gathered([
                rule.on(frame.with_row_index("#row").lazy()) for rule in compiled.verdicts]))
        whole = frame.with_row_index("#row")
        settled = self._guarded(
            lambda: whole.lazy().select("#row", *self.settled(plan, len(frame))).collect())
        open_ = settled.select(~pl.all_horizontal(pl.exclude("#row"))).to_series()
        return self.judge_open(plan, settled.filter(open_).hstack(frame.filter(open_)))

    def settled(self, plan: Plan, size: int) -> list[pl.Expr]:
        """See `ColumnBackend.settled`."""
        return self._compile(plan, size).settled

    def judge_open(self, plan: Plan, frame: pl.DataFrame) -> pl.DataFrame:
        """See `ColumnBackend.judge_open`."""
        compiled = self._compile(plan, len(frame))

        def verdicts() -> pl.DataFrame:
            looked = _looked_closer(frame, compiled.forms, compiled.closer)
            return _gathered([
                rule.on(looked.lazy().filter(~pl.col(name)))
                for index, rule in enumerate(compiled.verdicts)
                if not looked[name := SETTLED.format(rule=index)].all()
            ])

        return self._guarded(verdicts)

    def _compile(self, plan: Plan, size: int, *, all_outcomes: bool = False) -> _CompiledPlan:
        known = self._compiled.setdefault(plan, {})
        # What stands serves a smaller frame as well: a plan takes longer to compile than to use.
        tables = size >= limits().date_tables_from or (True, all_outcomes) in known
        if (tables, all_outcomes) not in known:
            known[tables, all_outcomes] = _compile(plan, tables, all_outcomes)
        return known[tables, all_outcomes]

    def _guarded(self, run: Callable[[], pl.DataFrame]) -> pl.DataFrame:
        try:
            return run()
        except pl.exceptions.PolarsError as error:
            raise fail(BackendError, "backend.failed", name=self.name,
                       detail=type(error).__name__) from error

    def truth(self, plan: Plan, expr: Expr, frame: pl.DataFrame) -> list[bool | None]:
        """See `Backend.truth`."""
        # A frame without columns would have no rows either.
        whole = frame.with_row_index("#row")
        return whole.select("#row", self.truth_expr(plan, expr, len(frame)).alias("truth"))[
            "truth"].to_list()

    def holds(self, cond: Cond, size: int) -> pl.Expr:
        """See `ColumnBackend.holds`."""
        build = Expressions(size >= limits().date_tables_from)
        return build.condition(cond).fill_null(value=False)

    def truth_expr(self, plan: Plan, expr: Expr, size: int) -> pl.Expr:
        """See `ColumnBackend.truth_expr`."""
        build = Expressions(size >= limits().date_tables_from)
        return _truth(plan.kleene, expr, build)

    def evaluate(self, expr: Expr, record: Mapping[str, Any], as_of: date,
                 params: Mapping[str, int]) -> Any:
        """See `Backend.evaluate`."""
        kleene, build = Kleene(to_day(as_of), params), Expressions()
        filled = {name: value for name, value in record.items() if value is not None}
        frame = pl.DataFrame({**{n: [v] for n, v in filled.items()}, "": [None]})
        if expr.type.kind in (Kind.BOOL, Kind.ANY):
            value = _truth(kleene, expr, build)
        else:
            value = build.term(kleene.term(expr))
        found = self._guarded(lambda: frame.select(value.alias("value")))["value"][0]
        return UNKNOWN if found is None else found


def _looked_closer(frame: pl.DataFrame, forms: Sequence[pl.Expr],
                   closer: Sequence[pl.Expr]) -> pl.DataFrame:
    """`frame` with what some rules leave open asked again."""
    names = [expr.meta.output_name() for expr in closer]
    if not names:
        return frame
    open_ = frame.select(~pl.all_horizontal(names)).to_series()
    if not open_.any():
        return frame
    asked = {name for expr in (*forms, *closer) for name in expr.meta.root_names()}
    some = frame.select(asked & {*frame.columns}).filter(open_)
    again, at = some.with_columns_seq(forms).select(closer), open_.arg_true()
    return frame.with_columns(frame[name].scatter(at, again[name]) for name in names)


def _gathered(parts: list[pl.LazyFrame]) -> pl.DataFrame:
    """The verdicts of rule after rule, by record and then by rule."""
    if not parts:
        return pl.DataFrame(schema=SCHEMA)
    return pl.concat(pl.collect_all(parts)).sort("row", maintain_order=True)


def _truth(kleene: Kleene, expr: Expr, build: Expressions) -> pl.Expr:
    known = pl.when(build.condition(kleene.must_be_true(expr))).then(True)
    return known.when(build.condition(kleene.must_be_false(expr))).then(False)


def _compile(plan: Plan, tables: bool, all_outcomes: bool) -> _CompiledPlan:
    build = Expressions(tables, forms=True)
    rules = list(enumerate(plan.lowered))
    # An open record is undetermined where it is neither broken nor pending: the condition that says
    # so by itself is the longest of all.
    asked = ALL_OUTCOMES if all_outcomes else (Outcome.VIOLATION, Outcome.PENDING)
    rest = None if all_outcomes else Outcome.UNDETERMINED
    loose = [as_written(rule.settled) for _, rule in rules]

    def settled(build: Expressions, index: int, cond: Cond) -> pl.Expr:
        return build.condition(cond).fill_null(value=False).alias(SETTLED.format(rule=index))

    closer = [settled(build, index, rule.settled) for index, rule in rules
              if loose[index] != rule.settled]
    return _CompiledPlan(
        settled=[settled(Expressions(tables), index, loose[index]) for index, _ in rules],
        forms=build.made_first(closer), closer=closer,
        verdicts=[_Verdicts.of(index, rule, _outcome(rule, asked, rest, build), build)
                  for index, rule in rules],
    )


def _outcome(lowered: LoweredRule, asked: Sequence[Outcome], rest: Outcome | None,
             build: Expressions) -> pl.Expr:
    """The number of the outcome: one of those asked for, or the rest."""
    def number(outcome: Outcome | None) -> pl.Expr:
        return pl.lit(outcome and OUTCOME_CODES.index(outcome), dtype=SCHEMA["outcome"])

    found = number(rest)
    for outcome in asked:  # no two hold at once, so that their order is free
        if (cond := getattr(lowered, str(outcome))) != FALSE:
            found = pl.when(build.condition(cond)).then(number(outcome)).otherwise(found)
    return found


class _Verdicts(Struct, frozen=True):
    """The columns of a rule's verdicts: its outcomes first, then what follows from them; `forms`
    before both."""

    forms: list[pl.Expr]
    outcome: pl.Expr
    columns: list[pl.Expr]

    def on(self, frame: pl.LazyFrame) -> pl.LazyFrame:
        return frame.with_columns_seq(self.forms).with_columns(self.outcome).select(self.columns)

    @staticmethod
    def of(index: int, lowered: LoweredRule, outcome: pl.Expr, build: Expressions) -> _Verdicts:
        def only(among: Sequence[Outcome], value: pl.Expr) -> pl.Expr:
            codes = [pl.col(_OUTCOME) == OUTCOME_CODES.index(o) for o in among]
            return pl.when(reduce(or_, codes)).then(value)

        clause: Any = pl
        for number, (_, cond) in enumerate(lowered.clause):
            clause = clause.when(build.condition(cond)).then(
                pl.lit(number, dtype=SCHEMA["clause"]))
        assert len(lowered.missing) <= BITS
        bits = [
            pl.when(build.condition(cond)).then(pl.lit(1 << i, dtype=SCHEMA["missing"])).otherwise(
                pl.lit(0, dtype=SCHEMA["missing"]))
            for i, (_, cond) in enumerate(lowered.missing)
        ]
        values = {
            "row": pl.col("#row"),
            "rule": pl.lit(index),
            "outcome": pl.col(_OUTCOME),
            "clause": only(APPLICABLE_OUTCOMES, clause.otherwise(None))
            if lowered.clause else pl.lit(None),
            "due": pl.lit(None) if lowered.due is None
            else only(DUE_OUTCOMES, build.term(lowered.due)),
            "late": pl.lit(None) if lowered.late is None
            else only((Outcome.VIOLATION,), build.term(lowered.late)),
            "missing": only((Outcome.UNDETERMINED,), reduce(or_, bits)).fill_null(0)
            if bits else pl.lit(0),
        }
        columns = [value.cast(SCHEMA[name]).alias(name) for name, value in values.items()]
        return _Verdicts(build.made_first([outcome, *columns]), outcome.alias(_OUTCOME), columns)


ENGINE = PolarsBackend()
