"""Rules that look at more than one record. In: batches of records. Out: counts.

`DuplicateCounter` counts, before any record is judged, how many records share the key of a `unique`
rule.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from zhuanjie.engine.backends.base import Backend
from zhuanjie.engine.expr.nodes import Expr, FieldRef
from zhuanjie.engine.ledger.compared_columns import compared_field
from zhuanjie.engine.lowering.plan import Plan
from zhuanjie.engine.lowering.rules import UNIQUE_ALL, UNIQUE_SURE
from zhuanjie.engine.policy.policy import TypedRule

DTYPES: dict[str, Any] = {
    "string": pl.String, "enum": pl.String, "bool": pl.Boolean, "int": pl.Int64, "date": pl.Date,
    "month": pl.Date,
}
"""How each type of field stands in a frame."""


def singleton_frame(plan: Plan, records: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """Typed records as a frame ready to judge, each as if it were alone in its ledger."""
    names = plan.needs
    frame = pl.DataFrame(
        {n: [r.get(n) for r in records] for n in names},
        schema={n: DTYPES[plan.fields[n].type] for n in names},
    )
    return frame.with_columns(
        pl.lit(1, dtype=pl.Int64).alias(column.format(rule=rule.id))
        for rule in plan.unique for column in (UNIQUE_SURE, UNIQUE_ALL)
    )


class DuplicateCounter:
    """Counts the records that share the key of one `unique` rule."""

    def __init__(self, rule: TypedRule, plan: Plan, backend: Backend) -> None:
        self.rule, self.plan, self.backend = rule, plan, backend
        self._at = plan.rules.index(rule)
        self.by = [
            key_field(rule),
            *([rule.within.name] if isinstance(rule.within, FieldRef) else []),
        ]
        self.sure = UNIQUE_SURE.format(rule=rule.id)
        self.everyone = UNIQUE_ALL.format(rule=rule.id)
        self._seen: list[pl.DataFrame] = []
        self._forms = [compared_field(plan.fields[name]).alias(f"#form-{i}")
                       for i, name in enumerate(self.by)]

    def add(self, frame: pl.DataFrame, plan: Plan) -> None:
        """Count the records of a batch (those in the policy's scope), which `plan` judges."""
        when = self.when(plan)
        if when is None:
            truth: list[bool | None] = [True] * len(frame)
        else:
            truth = self.backend.truth(plan, when, frame)
        self.add_judged(frame.select(self.by).with_columns(
            pl.Series("#when", truth, dtype=pl.Boolean)))

    def when(self, plan: Plan) -> Expr | None:
        """The condition under which `plan` has a record counted."""
        return plan.rules[self._at].when

    def add_judged(self, frame: pl.DataFrame) -> None:
        """Count records whose truth is known already, in a column `#when`."""
        counted = (
            frame
            .filter(pl.col("#when").ne_missing(False) & pl.col(self.by[0]).is_not_null())
            .group_by(self._forms)
            .agg(
                pl.col("#when").fill_null(False).sum().cast(pl.Int64).alias(self.sure),
                pl.len().cast(pl.Int64).alias(self.everyone),
            )
        )
        self._seen.append(counted)

    def shared(self) -> pl.DataFrame:
        """The keys that more than one record has, as they are compared, with both counts."""
        keys = {form.meta.output_name(): DTYPES[self.plan.fields[name].type]
                for form, name in zip(self._forms, self.by, strict=True)}
        empty = keys | {self.sure: pl.Int64, self.everyone: pl.Int64}
        return (
            pl.concat([pl.DataFrame(schema=empty), *self._seen])
            .group_by(list(keys))
            .agg(pl.col(self.sure).sum(), pl.col(self.everyone).sum())
            .filter(pl.col(self.everyone) > 1)
        )

    def attach(self, frame: pl.DataFrame, shared: pl.DataFrame) -> pl.DataFrame:
        """`frame` with the two counts as columns, its rows in their order."""
        keys = [form.meta.output_name() for form in self._forms]
        joined = frame.with_columns(self._forms).join(
            shared, on=keys, how="left", nulls_equal=True, maintain_order="left")
        return joined.drop(keys).with_columns(
            pl.col(self.sure).fill_null(0), pl.col(self.everyone).fill_null(1)
        )


def key_field(rule: TypedRule) -> str:
    """The field whose values a `unique` or `reconcile` rule compares."""
    assert isinstance(rule.key, FieldRef)
    return rule.key.name
