"""What every engine is. In: a plan and a frame of records. Out: verdicts.

An engine takes records as a Polars frame with a column for each field the plan reads, so that a
column engine loses nothing; a record engine walks its rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, Protocol

from zhuanjie.engine.core.results import Verdict
from zhuanjie.engine.expr.nodes import Expr
from zhuanjie.engine.lowering.conditions import Cond
from zhuanjie.engine.lowering.plan import Plan

if TYPE_CHECKING:
    import polars as pl


class Unknown:
    """The value of an expression whose evidence is missing; there is one, `UNKNOWN`."""

    def __repr__(self) -> str:
        return "UNKNOWN"

    def __bool__(self) -> bool:
        # `if evaluate(...)` would otherwise read missing evidence as yes.
        raise TypeError("UNKNOWN is neither true nor false; compare with `is UNKNOWN`")


UNKNOWN = Unknown()


class Backend(Protocol):
    """An engine that judges records."""

    name: str

    def judge(self, plan: Plan, frame: pl.DataFrame, all_outcomes: bool = False) -> list[Verdict]:
        """Verdicts on all records of `frame`, by row, then rule.

        Satisfied and not applicable are left out unless `all_outcomes`. Raises BackendError when
        the engine fails; a failure never yields fewer verdicts.
        """
        ...

    def truth(self, plan: Plan, expr: Expr, frame: pl.DataFrame) -> list[bool | None]:
        """The truth of a condition for each record, None where it is unknown."""
        ...

    def evaluate(self, expr: Expr, record: Mapping[str, Any], as_of: date,
                 params: Mapping[str, int]) -> Any:
        """One expression on one record: its value, or `UNKNOWN`.

        Raises UnsupportedError for what the engine cannot do; it never approximates.
        """
        ...


SETTLED = "#settled-{rule}"
"""Name of the column that says where a rule of the plan, by its number, has nothing to report."""


class ColumnBackend(Backend, Protocol):
    """An engine that judges whole columns, also in the middle of a stream."""

    def judge_table(self, plan: Plan, frame: pl.DataFrame,
                    all_outcomes: bool = False) -> pl.DataFrame:
        """The verdicts of `judge` as a table; see `zhuanjie.engine.backends.verdicts`."""
        ...

    def settled(self, plan: Plan, size: int) -> list[pl.Expr]:
        """For each rule of the plan a condition, never null: nothing is to be reported.

        It may leave a record open that has nothing to report. `size` says about how many records
        there are.
        """
        ...

    def judge_open(self, plan: Plan, frame: pl.DataFrame) -> pl.DataFrame:
        """The verdicts on records that were looked at before, as a table.

        `frame` has a column `#row` and the columns of `settled`. Raises BackendError.
        """
        ...

    def holds(self, cond: Cond, size: int) -> pl.Expr:
        """Where a lowered condition holds, as an expression that is never null."""
        ...

    def truth_expr(self, plan: Plan, expr: Expr, size: int) -> pl.Expr:
        """The truth of a condition as an expression, null where it is unknown."""
        ...


class RecordBackend(Backend, Protocol):
    """An engine that also judges single records, with no frame."""

    def judge_record(self, plan: Plan, record: Mapping[str, Any],
                     all_outcomes: bool = False,
                     rules: Sequence[int] | None = None) -> list[Verdict]:
        """Verdicts on one record (row 0), in the plan's order; see `Backend.judge`.

        `record` maps field names to values; blanks are absent or None, dates are dates. The record
        counts as alone in its ledger where it lacks the counts of a `unique` rule. With `rules` it
        is judged by the rules at these places of the plan alone, which ascend.
        """
        ...
