"""Days moved by working days. In: terms for a day and a count, a calendar. Out: terms, conditions.

The count is the same for every record: a number, or a parameter's value; to a solver it may be one
of several, by the day.
"""

from __future__ import annotations

from collections.abc import Iterable

from zhuanjie.engine.core import workdays
from zhuanjie.engine.core.division import DIVIDE
from zhuanjie.engine.core.workdays import Stretch
from zhuanjie.engine.expr.types import Kind, Type
from zhuanjie.engine.lowering.conditions import (
    FALSE,
    TRUE,
    Arith,
    Cond,
    Divide,
    Pick,
    Term,
    Value,
    all_of,
    any_of,
    arith,
    compare,
    pick,
    work_shift,
)


def moved_by_work(day: Term, count: Term, counted: Type, sign: int) -> Term:
    """A day moved by working days; `counted` is the type of the count, with its calendar."""
    assert counted.calendar is not None
    return pick([(cond, work_shift(day, sign * number, counted.calendar))
                 for cond, number in _cases(count)], Kind.DATE)


def beyond_table(day: Term, count: Term, counted: Type, sign: int) -> Cond:
    """When a known day is moved by a known count to where the calendar knows nothing."""
    assert counted.calendar is not None
    return any_of(all_of((cond, _outside(day, workdays.known_for(counted.calendar, sign * number))))
                  for cond, number in _cases(count) if number)


def _outside(day: Term, stretches: Iterable[Stretch]) -> Cond:
    return all_of(any_of((compare("<", day, Value(first, Kind.DATE)),
                          compare(">", day, Value(last, Kind.DATE)))) for first, last in stretches)


def _cases(count: Term) -> list[tuple[Cond, int]]:
    """The numbers that a count may be, each with its condition; none where it has no value."""
    match count:
        case Value(value=None):
            return []
        case Value(value=int() as number):
            return [(TRUE, number)]
        case Pick(arms=arms):
            return [(all_of((cond, c)), n) for cond, term in arms for c, n in _cases(term)]
        case Arith(op=op, left=left, right=right) | Divide(op=op, left=left, right=right):
            found = []
            for c, n in _cases(left):
                for d, m in _cases(right):
                    if op in DIVIDE:
                        value = DIVIDE[op](n, m) if m else None
                    else:
                        folded = arith(op, Value(n, Kind.INT), Value(m, Kind.INT), Kind.INT)
                        assert isinstance(folded, Value) and isinstance(folded.value, int)
                        value = folded.value
                    if value is not None and all_of((c, d)) != FALSE:
                        found.append((all_of((c, d)), value))
            return found
        case _:
            raise AssertionError(count)
