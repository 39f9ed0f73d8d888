"""What all engines that speak SQL do. In: a plan and a frame. Out: verdicts.

An engine adds how a frame becomes a relation and how a statement is run.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, ClassVar

import polars as pl
from sqlglot import exp

from zhuanjie.engine.backends.base import UNKNOWN
from zhuanjie.engine.backends.masks import BitmaskLayout
from zhuanjie.engine.backends.sql import statement
from zhuanjie.engine.backends.sql.conditions import Compiler, aliased
from zhuanjie.engine.backends.sql.dialects import Dialect, Tree
from zhuanjie.engine.core.dates import to_day
from zhuanjie.engine.core.results import Verdict
from zhuanjie.engine.expr.nodes import Expr, field_names
from zhuanjie.engine.expr.types import Kind
from zhuanjie.engine.lowering.kleene import Kleene
from zhuanjie.engine.lowering.plan import Plan

Query = Callable[[Tree], exp.Select]
"""A statement over a relation of records, still to be named."""


class SqlBackend(ABC):
    """Judges by statements of one dialect."""

    name: str
    dialect: ClassVar[Dialect]

    @abstractmethod
    def rows(self, frame: pl.DataFrame, query: Query) -> Iterable[Sequence[Any]]:
        """Run `query` over the records of `frame`, whose columns are numbers, texts and booleans.

        Raises BackendError when the engine fails.
        """

    @abstractmethod
    def row(self, select: exp.Select) -> Sequence[Any]:
        """Run a statement that reads no relation and gives one row; raises as `rows` does."""

    def judge(self, plan: Plan, frame: pl.DataFrame, all_outcomes: bool = False) -> list[Verdict]:
        """See `Backend.judge`."""
        layout = BitmaskLayout(plan, all_outcomes)
        if not len(frame) or not layout.words:
            return []
        names = statement.named(statement.reads(layout))
        found = self.rows(as_numbers(frame, names), lambda relation: statement.judge(
            layout, relation, self.dialect, names))
        width = 1 + len(layout.words)
        return [verdict for row in sorted(found, key=lambda row: row[0])
                for verdict in layout.verdicts(row[0], row[1:width], row[width:], self.name)]

    def truth(self, plan: Plan, expr: Expr, frame: pl.DataFrame) -> list[bool | None]:
        """See `Backend.truth`."""
        kleene = plan.kleene
        names = statement.named(sorted(field_names(expr)))
        if not len(frame):
            return []
        found = {
            row[0]: row[1]
            for row in self.rows(
                as_numbers(frame, names),
                lambda relation: statement.truth(
                    kleene.must_be_true(expr),
                    kleene.must_be_false(expr),
                    relation,
                    self.dialect,
                    names,
                ),
            )
        }
        return [found[row] for row in range(len(frame))]

    def evaluate(self, expr: Expr, record: Mapping[str, Any], as_of: date,
                 params: Mapping[str, int]) -> Any:
        """See `Backend.evaluate`."""
        kleene = Kleene(to_day(as_of), params)
        read = [name for name in sorted(field_names(expr)) if record.get(name) is not None]
        names = statement.named(read)
        # A field without a value has no type either: the lowering has folded it away.
        compiler = Compiler(self.dialect, names)
        given = [aliased(compiler.constant(*_constant(record[name])), names[name])
                 for name in read]
        if expr.type.kind in (Kind.BOOL, Kind.ANY):
            value = compiler.truth(kleene.must_be_true(expr), kleene.must_be_false(expr))
        else:
            value = compiler.term(kleene.term(expr))
        found = self.row(statement.single(value, given))[0]
        return UNKNOWN if found is None else found


def as_numbers(frame: pl.DataFrame, names: Mapping[str, str]) -> pl.DataFrame:
    """The columns that are read, under their short names, dates as day numbers; and row numbers."""
    return frame.select(
        pl.int_range(pl.len(), dtype=pl.Int64).alias(statement.ROW),
        *(pl.col(name).to_physical().cast(pl.Int64).alias(short)
          if frame.schema[name] == pl.Date else pl.col(name).alias(short)
          for name, short in names.items()))


def _constant(value: Any) -> tuple[Any, Kind]:
    """A Python value as the compiler takes it."""
    if isinstance(value, date):
        return to_day(value), Kind.DATE
    kinds = {bool: Kind.BOOL, int: Kind.INT}
    return value, kinds.get(type(value), Kind.STRING)
