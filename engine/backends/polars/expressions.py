"""Conditions to Polars. In: lowered conditions and terms. Out: Polars expressions.

Conditions hold no negation, so a missing operand may stay null all the way up: null is simply not
true, and `when` takes it so. Dates are compared as their physical day numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache, reduce
from operator import and_, eq, ge, gt, le, lt, ne, or_
from typing import Any

import polars as pl

from zhuanjie.engine.core.workdays import WorkCalendar, steps
from zhuanjie.engine.expr.operators import TURNED
from zhuanjie.engine.expr.types import RECORD_DAYS, Kind
from zhuanjie.engine.ledger.compared_columns import compared
from zhuanjie.engine.lowering.conditions import (
    AllOf,
    Among,
    AnyOf,
    Arith,
    Canonical,
    ColumnRef,
    Compare,
    Cond,
    Const,
    Constant,
    DayPart,
    Divide,
    Filled,
    Pick,
    Shift,
    Size,
    Term,
    TextTest,
    Value,
    WorkShift,
)

_OPS = {"==": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge}
_DTYPES: dict[Kind, Any] = {
    Kind.BOOL: pl.Boolean, Kind.INT: pl.Int64, Kind.STRING: pl.String,
    Kind.DATE: pl.Int32, Kind.DURATION: pl.Int32, Kind.PERIOD: pl.Int32,
}


_PARTS: dict[str, Callable[[pl.Expr], pl.Expr]] = {
    "getFullYear": lambda day: day.dt.year(),
    "getMonth": lambda day: day.dt.month().cast(pl.Int64) - 1,
    "getDate": lambda day: day.dt.day(),
    "getDayOfMonth": lambda day: day.dt.day().cast(pl.Int64) - 1,
    "getDayOfWeek": lambda day: day.dt.weekday().cast(pl.Int64) % 7,
    "getDayOfYear": lambda day: day.dt.ordinal_day().cast(pl.Int64) - 1,
}

FEW = 8
"""Up to so many texts, one comparison each is faster than a search in the list."""


class Expressions:
    """Builds expressions; two with the same settings build the same from the same."""

    def __init__(self, tables: bool = False, *, forms: bool = False) -> None:
        """`tables`: look months up in tables, which pays from some ten thousand records on.

        `forms`: the form in which a field is compared is read from a column, which `made_first`
        makes: Polars does not see that two calls of Python are one.
        """
        self.tables = tables
        self._forms: dict[str, pl.Expr] | None = {} if forms else None

    def made_first(self, exprs: Iterable[pl.Expr]) -> list[pl.Expr]:
        """The columns that have to be made before `exprs` are asked."""
        read = dict.fromkeys(name for expr in exprs for name in expr.meta.root_names())
        return [form for name, form in (self._forms or {}).items() if name in read]

    def condition(self, cond: Cond) -> pl.Expr:
        """The condition as a Boolean expression, null where a comparison met a missing value."""
        match cond:
            case Const(value=value):
                return pl.lit(value)
            case AllOf(parts=parts):
                return reduce(and_, map(self.condition, parts))
            case AnyOf(parts=parts):
                return reduce(or_, map(self.condition, parts))
            case Filled(name=name, blank=blank):
                return pl.col(name).is_null() if blank else pl.col(name).is_not_null()
            case Compare(op="==", left=ColumnRef(kind=Kind.BOOL, name=name),
                         right=Value(value=value)):
                return pl.col(name) if value else ~pl.col(name)
            case Compare(op=op, left=Value() as left, right=right) if not isinstance(right, Value):
                # Polars makes one row of a constant compared with a column that is null throughout.
                return self.condition(Compare(TURNED[op], right, left))
            case Compare(op=op, left=left, right=right):
                compared: pl.Expr = _OPS[op](self.term(left), self.term(right))
                return compared
            case Among(term=inner, values=values, outside=outside):
                return self._among(inner, values, outside)
            case TextTest(op=op, text=text, other=other, fails=fails):
                held = self._text_test(op, self.term(text), other)
                return ~held if fails else held

    def _among(self, inner: Term, values: tuple[Constant, ...], outside: bool) -> pl.Expr:
        if inner.kind is Kind.STRING and 0 < len(values) <= FEW:
            text = self.term(inner)
            if outside:
                return reduce(and_, (text != value for value in values))
            return reduce(or_, (text == value for value in values))
        found = self.term(inner).is_in(pl.Series(values, dtype=_DTYPES[inner.kind]).implode())
        return ~found if outside else found

    def _text_test(self, op: str, text: pl.Expr, other: Term) -> pl.Expr:
        if op == "matches":
            assert isinstance(other, Value)
            return text.str.contains(str(other.value))
        needle = self.term(other)
        if op == "startsWith":
            return text.str.starts_with(needle)
        if op == "endsWith":
            return text.str.ends_with(needle)
        return text.str.contains(needle, literal=True)

    def term(self, value: Term) -> pl.Expr:
        """The term as an expression; dates, durations and periods as whole numbers."""
        match value:
            case Value(value=constant, kind=kind):
                return pl.lit(constant, dtype=_DTYPES.get(kind, pl.Null))
            case ColumnRef(name=name, kind=Kind.DATE):
                return pl.col(name).to_physical()
            case ColumnRef(name=name):
                return pl.col(name)
            case Arith(op="+", left=left, right=right):
                return self.term(left) + self.term(right)
            case Arith(op="-", left=left, right=right):
                return self.term(left) - self.term(right)
            case Arith(left=left, right=right):
                return self.term(left) * self.term(right)
            case Divide(op=op, left=left, right=right):
                return self._divide(op, left, right)
            case DayPart(part=part, day=day):
                return _PARTS[part](self.term(day).cast(pl.Int32).cast(pl.Date)).cast(pl.Int64)
            case WorkShift(date=date, days=count, calendar=calendar):
                moved = self.term(date).cast(pl.Int32)
                first, moves = _steps(calendar, count)
                at = pl.when(moved.is_between(first, first + len(moves) - 1)).then(moved - first)
                return moved + pl.lit(moves).gather(at)
            case Shift(date=date, months=months):
                return self._shift(date, months)
            case Size(text=text):
                return self.term(text).str.len_chars().cast(pl.Int64)
            case Canonical(text=text, how=how):
                form = compared(self.term(text), how)
                if self._forms is None or not isinstance(text, ColumnRef):
                    return form
                name = f"#{how}-of-{text.name}"
                self._forms[name] = form.alias(name)
                return pl.col(name)
            case Pick(arms=arms):
                chain: Any = pl
                for cond, then in arms:
                    chain = chain.when(self.condition(cond)).then(self.term(then))
                picked: pl.Expr = chain.otherwise(None)
                return picked

    def _divide(self, op: str, left: Term, right: Term) -> pl.Expr:
        """Cut off toward zero, where Polars rounds down; by zero is null there too."""
        number, by = (self.term(t).cast(pl.Int64) for t in (left, right))
        whole = number // by
        rest = number - whole * by
        if isinstance(right, Value) and isinstance(right.value, int) and right.value > 0:
            up = (rest != 0) & (number < 0)
        else:
            up = (rest != 0) & ((number < 0) != (by < 0))
        return whole + up.cast(pl.Int64) if op == "/" else rest - up.cast(pl.Int64) * by

    def _shift(self, start: Term, months: Term) -> pl.Expr:
        """Calendar months, clamped to the end of a shorter month."""
        days = self.term(start).cast(pl.Int32)
        if isinstance(months, Value) and isinstance(start, ColumnRef) and self.tables:
            return pl.lit(_moved(int(months.value or 0))).gather(days - RECORD_DAYS[0])
        date = days.cast(pl.Date)
        if isinstance(months, Value):
            return date.dt.offset_by(f"{months.value}mo").to_physical()
        total = date.dt.year() * 12 + date.dt.month().cast(pl.Int32) - 1 + self.term(months)
        first = pl.date(total // 12, total % 12 + 1, 1)
        last_day = first.dt.month_end().dt.day().cast(pl.Int32)
        day = pl.min_horizontal(date.dt.day().cast(pl.Int32), last_day)
        return first.to_physical() + day - 1


@lru_cache(maxsize=32)
def _steps(calendar: WorkCalendar, count: int) -> tuple[int, pl.Series]:
    """By how many days each day is moved, from the first that is, with one that is not at the end.
    """
    first, moves = steps(calendar, count)
    return first, pl.Series([*moves, None], dtype=pl.Int32)


@lru_cache(maxsize=32)
def _moved(months: int) -> pl.Series:
    """Every day that a cell may hold, moved by so many months, as day numbers."""
    first, last = RECORD_DAYS
    days = pl.int_range(first, last + 1, dtype=pl.Int32).cast(pl.Date)
    return pl.select(days.dt.offset_by(f"{months}mo").to_physical()).to_series()
