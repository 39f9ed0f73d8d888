"""Conditions to Polars. In: lowered conditions and terms. Out: Polars expressions.

Conditions hold no negation, so a missing operand may stay null all the way up: null is simply not
true, and `when` takes it so. Dates are compared as their physical day numbers.
"""

from __future__ import annotations

from functools import reduce
from operator import and_, eq, ge, gt, le, lt, ne, or_
from typing import Any

import polars as pl

from zhuanjie.engine.ir.types import Kind
from zhuanjie.engine.lower.conditions import (
    AllOf,
    Among,
    AnyOf,
    Arith,
    Column,
    Compare,
    Cond,
    Const,
    Filled,
    Pick,
    Shift,
    Size,
    Term,
    TextTest,
    Value,
)

_OPS = {"==": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge}
_TURNED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_DTYPES: dict[Kind, Any] = {
    Kind.BOOL: pl.Boolean, Kind.INT: pl.Int64, Kind.STRING: pl.String,
    Kind.DATE: pl.Int32, Kind.DURATION: pl.Int32, Kind.PERIOD: pl.Int32,
}


def condition(cond: Cond) -> pl.Expr:
    """The condition as a Boolean expression, null where a comparison met a missing value."""
    match cond:
        case Const(value=value):
            return pl.lit(value)
        case AllOf(parts=parts):
            return reduce(and_, map(condition, parts))
        case AnyOf(parts=parts):
            return reduce(or_, map(condition, parts))
        case Filled(name=name, blank=blank):
            return pl.col(name).is_null() if blank else pl.col(name).is_not_null()
        case Compare(op="==", left=Column(kind=Kind.BOOL, name=name), right=Value(value=value)):
            return pl.col(name) if value else ~pl.col(name)
        case Compare(op=op, left=Value() as left, right=right) if not isinstance(right, Value):
            # Polars makes one row of a constant compared with a column that is null throughout.
            return condition(Compare(_TURNED[op], right, left))
        case Compare(op=op, left=left, right=right):
            compared: pl.Expr = _OPS[op](term(left), term(right))
            return compared
        case Among(term=inner, values=values, outside=outside):
            found = term(inner).is_in(pl.Series(values, dtype=_DTYPES[inner.kind]).implode())
            return ~found if outside else found
        case TextTest(op=op, text=text, other=other, fails=fails):
            held = _text_test(op, term(text), other)
            return ~held if fails else held


def _text_test(op: str, text: pl.Expr, other: Term) -> pl.Expr:
    if op == "matches":
        assert isinstance(other, Value)
        return text.str.contains(str(other.value))
    needle = term(other)
    if op == "startsWith":
        return text.str.starts_with(needle)
    if op == "endsWith":
        return text.str.ends_with(needle)
    return text.str.contains(needle, literal=True)


def term(value: Term) -> pl.Expr:
    """The term as an expression; dates, durations and periods as whole numbers."""
    match value:
        case Value(value=constant, kind=kind):
            return pl.lit(constant, dtype=_DTYPES.get(kind, pl.Null))
        case Column(name=name, kind=Kind.DATE):
            return pl.col(name).to_physical()
        case Column(name=name):
            return pl.col(name)
        case Arith(op="+", left=left, right=right):
            return term(left) + term(right)
        case Arith(op="-", left=left, right=right):
            return term(left) - term(right)
        case Arith(left=left, right=right):
            return term(left) * term(right)
        case Shift(date=date, months=months):
            return _shift(term(date).cast(pl.Int32).cast(pl.Date), months)
        case Size(text=text):
            return term(text).str.len_chars().cast(pl.Int64)
        case Pick(arms=arms):
            chain: Any = pl
            for cond, then in arms:
                chain = chain.when(condition(cond)).then(term(then))
            picked: pl.Expr = chain.otherwise(None)
            return picked


def _shift(date: pl.Expr, months: Term) -> pl.Expr:
    """Calendar months, clamped to the end of a shorter month."""
    if isinstance(months, Value):
        return date.dt.offset_by(f"{months.value}mo").to_physical()
    total = date.dt.year() * 12 + date.dt.month().cast(pl.Int32) - 1 + term(months)
    first = pl.date(total // 12, total % 12 + 1, 1)
    last_day = first.dt.month_end().dt.day().cast(pl.Int32)
    day = pl.min_horizontal(date.dt.day().cast(pl.Int32), last_day)
    return first.to_physical() + day - 1
