"""Where known operands give no value. In: a typed call. Out: of what kind it is, what is to blame.

A month compared with a day, what only the day of a month could tell, a division by zero, a day that
there is not.
"""

from __future__ import annotations

from calendar import monthrange

from zhuanjie.engine.core.calendar import MONTH_PARTS
from zhuanjie.engine.expr.nodes import Call, Expr
from zhuanjie.engine.expr.operators import COMPARISONS, DAY_PARTS, DIVISIONS, TURNED
from zhuanjie.engine.expr.types import MONTH_AND_DAY, Kind


def month_and_day(expr: Call) -> tuple[str, Expr, Expr] | None:
    """The operator, the month and the day of a comparison of the two, the month on the left."""
    if expr.op not in COMPARISONS or {a.type.kind for a in expr.args} != MONTH_AND_DAY:
        return None
    left, right = expr.args
    if left.type.kind is Kind.MONTH:
        return expr.op, left, right
    return TURNED[expr.op], right, left


def by_the_day(expr: Call) -> bool:
    """Whether a part of a month is read that its day would decide."""
    return (expr.op in DAY_PARTS and expr.op not in MONTH_PARTS
            and expr.args[0].type.kind is Kind.MONTH)


def workday_move(expr: Call) -> tuple[Expr, Expr, int] | None:
    """A day, the working days that it is moved by, and in which direction (1 or -1)."""
    if expr.op not in ("+", "-") or expr.type.kind is not Kind.DATE:
        return None
    day, count = expr.args
    if day.type.kind is Kind.WORKDAYS:
        day, count = count, day
    return (day, count, 1 if expr.op == "+" else -1) if (
        count.type.kind is Kind.WORKDAYS) else None


def may_lack(expr: Call) -> bool:
    """Whether there may be no value though all operands are known.

    That a table of working days ends is not thought of.
    """
    if expr.op in DIVISIONS:
        return expr.args[1].type.low <= 0 <= expr.args[1].type.high
    if expr.op == "date":
        year, month, day = (a.type for a in expr.args)
        inside = all(least <= t.low and t.high <= most for t, least, most in (
            (year, 1, 9999), (month, 1, 12), (day, 1, 31)))
        return not inside or day.high > min(
            monthrange(2007, m)[1] for m in range(month.low, month.high + 1))
    return by_the_day(expr)


def undecided_by(expr: Call) -> tuple[Expr, ...]:
    """The operands that are to blame where all are known and there is no value all the same."""
    if expr.op in DIVISIONS:
        return expr.args[1:]
    if expr.op == "date" or by_the_day(expr) or workday_move(expr) is not None:
        return expr.args
    mixed = month_and_day(expr)
    return () if mixed is None else (mixed[1],)
