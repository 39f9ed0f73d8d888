"""A month compared with a day. In: an operator, the month's first day, a day. Out: conditions.

Which day of the month is meant is not known, so a comparison holds only where it holds for every
day of the month; where days of the month differ it is undecided. The month ends on the day before
the next one begins: "its last day is before `day`" is "the next month has begun by `day`".
"""

from __future__ import annotations

from zhuanjie.engine.expr.types import Kind
from zhuanjie.engine.lowering.conditions import (
    FALSE,
    Cond,
    Term,
    Value,
    all_of,
    any_of,
    arith,
    compare,
    shift,
)

_DAY, _MONTH = Value(1, Kind.DURATION), Value(1, Kind.PERIOD)


def every_day(op: str, first: Term, day: Term) -> Cond:
    """When every day of the month that begins on `first` compares so with `day`."""
    match op:
        case "<":
            return compare("<=", shift(first, _MONTH), day)
        case "<=":
            return compare("<=", shift(first, _MONTH), _next(day))
        case ">" | ">=":
            return compare(op, first, day)
        case "!=":
            return any_of((every_day("<", first, day), every_day(">", first, day)))
        case _:
            return FALSE


def undecided(op: str, first: Term, day: Term) -> Cond:
    """When some days of the month compare so with `day`, and others do not."""
    match op:
        case "<" | ">=":
            begun, going_on = compare("<", first, day), compare(">", shift(first, _MONTH), day)
        case "<=" | ">":
            begun = compare("<=", first, day)
            going_on = compare(">", shift(first, _MONTH), _next(day))
        case _:
            begun, going_on = compare("<=", first, day), compare(">", shift(first, _MONTH), day)
    return all_of((begun, going_on))


def _next(day: Term) -> Term:
    return arith("+", day, _DAY, Kind.DATE)
