"""Bounds of quotients, remainders and days put together hold every value, and no far greater one."""

from __future__ import annotations

from itertools import product
from random import Random

from zhuanjie.engine.core.calendar import day_of
from zhuanjie.engine.core.division import quotient, remainder
from zhuanjie.engine.expr.bounds import date_bounds, quotient_bounds, remainder_bounds
from zhuanjie.engine.expr.types import Kind, Type


def number(low: int, high: int) -> Type:
    return Type(Kind.INT, low=low, high=high)


def test_divisions() -> None:
    for low, high, least, most in product(range(-9, 10, 3), repeat=4):
        if high < low or most < least:
            continue
        pairs = [(n, d) for n in range(low, high + 1) for d in range(least, most + 1) if d]
        for way, bounds in ((quotient, quotient_bounds), (remainder, remainder_bounds)):
            first, last = bounds(number(low, high), number(least, most))
            values = [way(n, d) for n, d in pairs]
            assert not values or (first <= min(values) and max(values) <= last)
            if way is quotient and values:
                assert (first, last) == (min(values), max(values))


def test_days_put_together() -> None:
    random = Random(7)
    for _ in range(200):
        parts = []
        for low, high in ((1999, 2004), (-1, 14), (-1, 33)):
            ends = sorted((random.randint(low, high), random.randint(low, high)))
            parts.append(number(*ends))
        days = [day for given in product(*(range(p.low, p.high + 1) for p in parts))
                if (day := day_of(*given)) is not None]
        first, last = date_bounds(parts)
        assert not days or (first <= min(days) and max(days) <= last)
