"""Shares of a ledger. In: records, as they count. Out: their figures, group by group.

Records are counted where they are judged, a few at a time, and only counts go on: what is held is
as large as there are groups, however large the ledger is. Counts of parts are added up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import polars as pl

from zhuanjie.engine.auditing.grouping import group_text
from zhuanjie.engine.backends.base import UNKNOWN, Backend
from zhuanjie.engine.backends.reference.backend import as_days
from zhuanjie.engine.backends.reference.evaluator import Evaluator
from zhuanjie.engine.backends.registry import BULK, backend_of, column_backend_of
from zhuanjie.engine.backends.verdicts import BITS
from zhuanjie.engine.core.shares import ShareFigures
from zhuanjie.engine.expr.nodes import FieldRef, field_names
from zhuanjie.engine.ledger.compared_columns import compared_field
from zhuanjie.engine.lowering.conditions import Cond
from zhuanjie.engine.lowering.plan import Plan
from zhuanjie.engine.lowering.shares import CELLS, LoweredShare, lower_share, when_of
from zhuanjie.engine.policy.policy import TypedRule
from zhuanjie.engine.vocabulary.fields import Field, FieldTable

SHARES = pl.Schema({"share": pl.Int16(), "form": pl.String(), "shown": pl.String(),
                    **{cell: pl.Int64() for cell in CELLS}, "dark": pl.Int64(),
                    "missing": pl.Int64()})
"""Counts by rule (its place among the plan's shares) and group: its value as it is compared and as
it is shown. Of `dark` records only fields without a column could tell how they count; `missing` is
a set of bits over the fields of the lowered rule."""
_COLUMN = "#share-{}-{}"


def lowered_shares(plan: Plan) -> list[LoweredShare]:
    """The rules on shares of a plan, lowered; the fields that may be missing are those of all."""
    order = tuple(f.name for f in plan.fields)
    return [lower_share(rule, plan.kleene, order, plan.not_kept) for rule in plan.shares]


def fields_of(rule: TypedRule) -> list[str]:
    """The fields that may be missing, in the order in which bits stand for them."""
    return sorted(rule.quotes)[:BITS]


def reads_of(plan: Plan) -> set[str]:
    """The fields that counting reads."""
    return set[str]().union(*(rule.fields for rule in plan.shares),
                            *(rule.edition.dates for rule in plan.shares if rule.edition),
                            field_names(plan.policy.scope)) if plan.shares else set()


def group_columns(plan: Plan, rule: TypedRule, at: int) -> list[pl.Expr]:
    """The group that each record is of: its value as it is compared, and as it is shown."""
    form = shown = pl.lit(None, dtype=pl.String)
    if isinstance(rule.within, FieldRef):
        field = plan.fields[rule.within.name]
        value = pl.col(field.name)
        shown = value.dt.strftime("%Y-%m") if field.type == "month" else value.cast(pl.String)
        form = compared_field(field) if field.type == "string" else shown
    return [form.alias(_COLUMN.format(at, "form")), shown.alias(_COLUMN.format(at, "shown"))]


def condition_columns(rule: TypedRule, lowered: LoweredShare, at: int,
                      holds: Callable[[Cond], pl.Expr], among: pl.Expr) -> list[pl.Expr]:
    """How each record counts, where `among` is true, and what leaves it open."""
    bits = {name: 1 << i for i, name in enumerate(fields_of(rule))}
    missing = pl.lit(0, dtype=pl.Int64)
    for name, cond in lowered.missing:
        missing = missing + pl.when(holds(cond) & among).then(
            pl.lit(bits.get(name, 0), dtype=pl.Int64)).otherwise(pl.lit(0, dtype=pl.Int64))
    return [*((holds(cond) & among).alias(_COLUMN.format(at, cell))
              for cell, cond in zip(CELLS, lowered.cells, strict=True)),
            (holds(lowered.not_judged) & among).alias(_COLUMN.format(at, "dark")),
            missing.alias(_COLUMN.format(at, "missing"))]


def tally(frame: pl.DataFrame, at: int) -> pl.DataFrame:
    """Counts of some records that have the columns of a rule, as `SHARES`."""
    def own(name: str) -> pl.Expr:
        return pl.col(_COLUMN.format(at, name))

    return merged([frame.filter(pl.any_horizontal(*map(own, CELLS))).select(
        pl.lit(at, dtype=pl.Int16).alias("share"), own("form").alias("form"),
        own("shown").alias("shown"),
        *(own(cell).cast(pl.Int64).alias(cell) for cell in CELLS),
        own("dark").cast(pl.Int64).alias("dark"), own("missing").alias("missing"))])


def merged(parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Counts of several parts added up, in the order of the rules, then of the groups."""
    return pl.concat([pl.DataFrame(schema=SHARES), *parts]).group_by("share", "form").agg(
        pl.col("shown").min(), *(pl.col(c).sum() for c in (*CELLS, "dark")),
        pl.col("missing").bitwise_or()).sort(
        "share", "form", nulls_last=True).select(*SHARES).cast(SHARES)


def judged_shares(frame: pl.DataFrame, plan: Plan, backend: Backend) -> pl.DataFrame:
    """Counts of records in scope, by any engine."""
    found = [pl.DataFrame(schema=SHARES)]
    for at, (rule, lowered) in enumerate(zip(plan.shares, lowered_shares(plan), strict=True)):
        assert rule.ask is not None
        counted = frame.with_columns(group_columns(plan, rule, at))
        when = backend.truth(plan, when_of(rule), frame)
        ask = backend.truth(plan, rule.ask, frame)
        cells = {cell: [w is asked and a is came for w, a in zip(when, ask, strict=True)]
                 for cell, (asked, came) in zip(
                     CELLS, ((w, a) for w in (True, None) for a in (True, False, None)),
                     strict=True)}
        counted = counted.with_columns(
            pl.Series(_COLUMN.format(at, cell), flags, dtype=pl.Boolean)
            for cell, flags in cells.items())
        counted = counted.with_columns(_open(counted, plan, rule, lowered, backend, at))
        found.append(tally(counted, at))
    return merged(found)


def _open(frame: pl.DataFrame, plan: Plan, rule: TypedRule, lowered: LoweredShare,
          backend: Backend, at: int) -> list[pl.Series]:
    """What leaves records open; the reference says so by itself."""
    names = [_COLUMN.format(at, name) for name in ("dark", "missing")]
    if backend.name != "reference":
        engine = column_backend_of(backend_of(BULK))
        assert engine is not None
        columns = condition_columns(
            rule, lowered, at, lambda cond: engine.holds(cond, len(frame)), pl.lit(value=True))
        made = frame.select(pl.int_range(pl.len()).alias("#"), *columns[-2:])
        return [made[name] for name in names]
    bits = {name: 1 << i for i, name in enumerate(fields_of(rule))}
    dark, missing = [], []
    for record in frame.with_row_index("#").select(
            "#", *plan.fields.sort(rule.fields)).iter_rows(named=True):
        gone = _missing(rule, Evaluator(as_days(record), plan.today, plan.params, plan.absent))
        dark.append(bool(gone) and gone <= plan.not_kept)
        missing.append(sum(bits.get(name, 0) for name in gone))
    return [pl.Series(names[0], dark, dtype=pl.Boolean),
            pl.Series(names[1], missing, dtype=pl.Int64)]


def _missing(rule: TypedRule, evaluator: Evaluator) -> frozenset[str]:
    assert rule.ask is not None
    when, ask = evaluator.trace(when_of(rule)), evaluator.trace(rule.ask)
    if when.value is False:
        return frozenset()
    return frozenset[str]().union(*(step.missing for step in (when, ask) if step.value is UNKNOWN))


def is_of_group(record: Mapping[str, Any], share: ShareFigures, fields: FieldTable) -> bool:
    """Whether a record is of the group that a share is of."""
    if share.by is None:
        return True
    field = fields[share.by]
    mine = group_text(record.get(share.by), field)
    if mine is None or share.group is None or field.type != "string":
        return mine == share.group
    return bool(field.compared(mine) == field.compared(share.group))


def value_of(text: str | None, field: Field) -> Any:
    """The value that a group is called by."""
    if text is None or field.type in ("string", "enum"):
        return text
    if field.type == "bool":
        return text == "true"
    if field.type == "int":
        return int(text)
    return date.fromisoformat(text if field.type == "date" else f"{text}-01")
