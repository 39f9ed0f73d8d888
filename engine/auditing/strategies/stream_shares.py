"""Shares of a ledger that passes as a stream. In: its tables, their plans. Out: counts by group.

One more pass over the columns that the rules on shares read; nothing but counts is kept of it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Protocol

import polars as pl

from zhuanjie.engine.auditing.shares import (
    SHARES,
    condition_columns,
    fields_of,
    group_columns,
    lowered_shares,
    merged,
    reads_of,
    tally,
)
from zhuanjie.engine.auditing.strategies.table_plans import TablePlans
from zhuanjie.engine.auditing.uniqueness import DTYPES
from zhuanjie.engine.backends.base import ColumnBackend
from zhuanjie.engine.ledger.rows import TypedTable
from zhuanjie.engine.lowering.plan import Plan

_ROWS = 65_536
"""Records that are counted at a time: a few columns of each are held."""


class StreamParts(Protocol):
    """What is asked of a strategy that reads streams."""

    plan: Plan
    engine: ColumnBackend
    tables: list[TypedTable]
    plans: list[TablePlans]

    def assumed(self, names: Collection[str]) -> list[pl.Expr]:
        """The fields of an act that is about to happen, as if it were done."""
        ...


class CountsShares:
    """The way of a strategy that reads streams to count shares."""

    def shares(self: StreamParts) -> pl.DataFrame | None:
        """See `Strategy.shares`."""
        return stream_shares(self)


def stream_shares(judge: StreamParts) -> pl.DataFrame:
    """The counts of the rules on shares, over all tables."""
    found = pl.DataFrame(schema=SHARES)
    if not judge.plan.shares:
        return found
    names = reads_of(judge.plan)
    for typed, plans in zip(judge.tables, judge.plans, strict=True):
        exprs = _columns(judge, plans)
        # A row without a cell is no record. Where it would count, every cell must be looked at.
        findings = not typed.table.is_typed and _counts_blanks(judge, plans, names, exprs)
        for rows in typed.rows(names, exprs, also=[judge.assumed(names)], size=_ROWS,
                               findings=findings, sliced=True):
            found = merged([found, *(tally(rows.frame, at)
                                     for at in range(len(judge.plan.shares)))])
    return found


def _columns(judge: StreamParts, plans: TablePlans) -> list[pl.Expr]:
    """How each record counts, by each rule."""
    inside = plans.in_scope(_ROWS)
    lowered = {number: lowered_shares(plan) for number, plan in plans.plans.items()}
    out: list[pl.Expr] = list(plans.columns)
    for at, rule in enumerate(judge.plan.shares):
        out += group_columns(judge.plan, rule, at)
        read = {*fields_of(rule), *(rule.edition.dates if rule.edition else ())}
        of = {number: condition_columns(plans.plans[number].shares[at], lowered[number][at], at,
                                        lambda cond: judge.engine.holds(cond, _ROWS), inside)
              for number in plans.plans}
        for place, column in enumerate(next(iter(of.values()))):
            made = plans.by_group(read, partial(_column, of, place))
            out.append(made.alias(column.meta.output_name()))
    return out


def _counts_blanks(judge: StreamParts, plans: TablePlans, names: set[str],
                   exprs: Sequence[pl.Expr]) -> bool:
    """Whether a record without a cell would count."""
    if plans.columns:
        return True
    blank = pl.DataFrame([None], schema={"#": pl.Null}).with_columns(
        pl.lit(None, dtype=DTYPES[judge.plan.fields[name].type]).alias(name)
        for name in sorted(names)).with_columns(judge.assumed(names)).select(exprs)
    return any(len(tally(blank, at)) for at in range(len(judge.plan.shares)))


def _column(of: Mapping[int, Sequence[pl.Expr]], place: int, number: int) -> pl.Expr:
    return of[number][place]
