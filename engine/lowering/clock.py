"""Where the clock matters. In: typed rules and parameter values. Out: the days it can turn on.

Rules are lowered for two days that follow one another. Where the two differ in nothing but a date
compared with the as-of day (or with so many days before or after it), that date tells when the
comparison can turn; where they differ in any other way, it can turn on any day.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from zhuanjie.engine.core.dates import EPOCH, to_day
from zhuanjie.engine.expr.nodes import AsOf, Call, Expr, walk
from zhuanjie.engine.expr.operators import DAY_PARTS
from zhuanjie.engine.expr.types import LENGTHS, Kind
from zhuanjie.engine.lowering.conditions import (
    Arith,
    Compare,
    Pick,
    Shift,
    Term,
    Value,
    WorkShift,
    arith,
)
from zhuanjie.engine.lowering.kleene import Kleene
from zhuanjie.engine.lowering.rules import lower
from zhuanjie.engine.policy.policy import TypedRule

_DAY = to_day(EPOCH.replace(year=2007))
"""Any day will do: what is looked at is how conditions differ between two."""


def turning_days(rules: Sequence[TypedRule], scope: Expr | None,
                 params: Mapping[str, int]) -> tuple[tuple[Term, ...], bool]:
    """The days around which an outcome (or the scope) can change, and whether any day can be one.

    An outcome changes on such a day or on the one after it.
    """
    if any(_beyond_days(e) for r in rules for e in r.expressions().values()) or (
            scope is not None and _beyond_days(scope)):
        return (), True
    here, next_day = Kleene(_DAY, params), Kleene(_DAY + 1, params)
    pairs: list[tuple[Any, Any]] = [(lower(r, here, ()), lower(r, next_day, ())) for r in rules]
    if scope is not None:
        pairs.append((here.must_be_false(scope), next_day.must_be_false(scope)))
    found = dict.fromkeys(term for one, other in pairs for term in _turning(one, other))
    return tuple(t for t in found if t is not None), None in found


def _turning(one: Any, other: Any) -> Iterator[Term | None]:
    """The dates on which the difference between `one` and `other` tells; None for any day."""
    if type(one) is not type(other):
        yield None
    elif isinstance(one, Compare):
        day = _compared(one.left, other.left, one.right, other.right)
        day = day or _compared(one.right, other.right, one.left, other.left)
        if day is None:
            yield from _turning(one.left, other.left)
            yield from _turning(one.right, other.right)
        else:
            yield from _turning(*day)
            yield from _choices(*day)
    elif isinstance(one, tuple):
        if len(one) != len(other):
            yield None
        for a, b in zip(one, other, strict=False):
            yield from _turning(a, b)
    elif isinstance(one, Struct) and not isinstance(one, Value):
        for part in one.__struct_fields__:
            if part != "late":  # how late it is changes daily, and no outcome with it
                yield from _turning(getattr(one, part), getattr(other, part))
    elif one != other:
        yield None


def _compared(one: Term, other: Term, rest: Term, same: Term) -> tuple[Term, Term] | None:
    """The date on which a comparison tells, seen from both days; None for other comparisons.

    Compared is the as-of day (or so many days before or after it) with the date, or the as-of day
    less the date with a length of time.
    """
    if (ahead := _ahead(one, other)) is not None:
        back = Value(ahead, Kind.DURATION)
        return (arith("-", rest, back, Kind.DATE), arith("-", same, back, Kind.DATE)
                ) if ahead else (rest, same)
    if isinstance(one, Arith) and isinstance(other, Arith) and one.op == other.op == "-":
        return _compared(one.left, other.left, arith("+", one.right, rest, Kind.DATE),
                         arith("+", other.right, same, Kind.DATE))
    return None


def _choices(one: Term, other: Term) -> Iterator[Term]:
    """The values a term may take; of one that itself chooses by the clock, each it may choose."""
    match one, other:
        case _ if one == other:
            yield one
        case Pick(), Pick():
            for (_, here), (_, there) in zip(one.arms, other.arms, strict=False):
                yield from _choices(here, there)
        case Arith(), Arith():
            for left in _choices(one.left, other.left):
                for right in _choices(one.right, other.right):
                    yield Arith(one.op, left, right, one.kind)
        case WorkShift(), WorkShift():
            for date in _choices(one.date, other.date):
                yield WorkShift(date, one.days, one.calendar)
        case Shift(), Shift():
            for date in _choices(one.date, other.date):
                for months in _choices(one.months, other.months):
                    yield Shift(date, months)
        case _:  # `_turning` has found that any day may be one
            yield one


def _ahead(one: Term, other: Term) -> int | None:
    """By how many days a term is ahead of the as-of day; None where it is no such day."""
    if (isinstance(one, Value) and isinstance(other, Value) and one.kind is Kind.DATE
            and isinstance(one.value, int) and other.value == one.value + 1):
        return one.value - _DAY
    return None


def _beyond_days(expr: Expr) -> bool:
    """Whether the as-of day is moved by months or working days, which do not keep days apart.

    Or a part of it is read, which turns when its year or its month does.
    """
    return any(
        isinstance(call, Call) and (call.op in DAY_PARTS or (
            call.op in ("+", "-") and any(a.type.kind in LENGTHS for a in call.args)))
        and any(isinstance(n, AsOf) for n in walk(call))
        for call in walk(expr))
