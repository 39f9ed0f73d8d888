"""Calendar months as the solver has them are those of the calendar."""

from __future__ import annotations

from random import Random

import pytest
from support.party_transfer import fields

from zhuanjie.engine.backends.smt.encode import AS_OF, Encoder
from zhuanjie.engine.backends.smt.months import moves, stretch_near
from zhuanjie.engine.backends.smt.query import Answer, Query
from zhuanjie.engine.core.dates import add_months, from_day
from zhuanjie.engine.expr.types import RECORD_DAYS, Kind
from zhuanjie.engine.lowering.conditions import Arith, ColumnRef, Compare, Shift, Value, all_of

DAY, OTHER = ColumnRef("member.admitted_on", Kind.DATE), ColumnRef("probation.decided_on", Kind.DATE)


def moved(months: int) -> Shift:
    return Shift(DAY, Value(months, Kind.PERIOD))


def apart(later: Shift | ColumnRef, days: int) -> Compare:
    return Compare("==", later, Arith("+", DAY, Value(days, Kind.DURATION), Kind.DATE))




@pytest.mark.parametrize("months", [(12,), (1,), (-1,), (12, 18, 24), (6, 13, -25)])
def test_thousands_of_days_move_as_the_calendar_moves_them(months: tuple[int, ...]) -> None:
    random, table = Random(7), moves(tuple((n,) for n in months))
    days = [random.randint(*RECORD_DAYS) for _ in range(4000)]
    # The ends of February, and of the months next to it, in every sort of year.
    days += [(from_day(0).replace(year=y, month=m, day=1) - from_day(0)).days + d
             for y in (1900, 1904, 1999, 2000, 2001, 2100, 2400) for m in (2, 3, 4)
             for d in range(-3, 3) if y > 1900 or m > 2]
    for day in days:
        true = tuple(add_months(day, n) - day for n in months)
        for move, stretches in table.items():
            low, high = stretch_near(stretches, day)
            assert (low <= day <= high) is (move == true)


@pytest.mark.parametrize(("months", "days", "there"), [
    (1, 28, True), (1, 31, True), (1, 27, False), (1, 32, False), (12, 364, False),
    (12, 365, True), (12, 366, True), (12, 367, False), (-1, -28, True), (-1, -27, False),
    (2, 59, True), (2, 62, True), (2, 58, False), (48, 1460, True), (48, 1461, True),
    (48, 1462, False),
])
def test_how_far_months_reach(months: int, days: int, there: bool) -> None:
    query = Query([Encoder(fields()).formula(apart(moved(months), days))], 5000)
    assert query.check() is (Answer.YES if there else Answer.NO)
    if there:
        assert query.found is not None
        day = query.found.record[DAY.name]
        assert isinstance(day, int) and add_months(day, months) - day == days


@pytest.mark.parametrize(("conds", "there"), [
    # Two leap years never follow each other; a century has none but every fourth.
    ((apart(moved(12), 366), apart(moved(24), 732)), False),
    ((apart(moved(12), 366), apart(moved(24), 731)), True),
    ((apart(moved(48), 1460),), True),
    # What is clamped once stays so: the 31st, a month on, is not the 31st.
    ((apart(moved(1), 28), apart(moved(2), 59)), True),
    ((apart(moved(1), 28), apart(moved(2), 58)), False),
])
def test_moves_of_one_day_go_together(conds: tuple[Compare, ...], there: bool) -> None:
    query = Query([Encoder(fields()).formula(all_of(conds))], 5000)
    assert query.check() is (Answer.YES if there else Answer.NO)


@pytest.mark.parametrize("seed", range(60))
def test_days_within_bounds_are_found_if_there_are_any(seed: int) -> None:
    """Also far from the usual day, and where only a few days of some year will do."""
    random = Random(seed)
    months = random.sample((1, 2, 6, 7, 12, 18, 24, -3), random.choice((1, 2)))
    low = random.randint(RECORD_DAYS[0] + 1000, RECORD_DAYS[1] - 2000)
    high = low + random.choice((5, 40, 200, 700))
    days = random.choice(sorted(moves(tuple((n,) for n in months))))
    exists = any(all(add_months(day, n) - day == d for n, d in zip(months, days, strict=True))
                 for day in range(low, high + 1))
    conds = all_of((
        *(apart(moved(n), d) for n, d in zip(months, days, strict=True)),
        Compare(">=", DAY, Value(low, Kind.DATE)), Compare("<=", DAY, Value(high, Kind.DATE))))
    query = Query([Encoder(fields()).formula(conds)], 5000)
    assert query.check() is (Answer.YES if exists else Answer.NO)


def test_a_later_day_is_never_moved_before_an_earlier_one() -> None:
    later = Shift(OTHER, Value(1, Kind.PERIOD))
    conds = all_of((Compare("<=", DAY, OTHER), Compare(">", moved(1), later)))
    assert Query([Encoder(fields()).formula(conds)], 5000).check() is Answer.NO


def test_one_move_after_the_other_is_settled_exactly() -> None:
    table = moves(((1, 1), (2,)))
    for day in range(-3000, 3000):
        true = (add_months(add_months(day, 1), 1) - day, add_months(day, 2) - day)
        low, high = stretch_near(table[true], day)
        assert low <= day <= high
    twice = Shift(moved(1), Value(1, Kind.PERIOD))
    longer = Query([Encoder(fields()).formula(Compare(">", twice, moved(2)))], 5000)
    assert longer.check() is Answer.NO
    shorter = Query([Encoder(fields()).formula(Compare("<", twice, moved(2)))], 5000)
    assert shorter.check() is Answer.YES


def test_months_that_a_record_holds_are_settled_too() -> None:
    number = ColumnRef("letter.valid_days", Kind.INT)
    conds = all_of((Compare("==", Shift(DAY, number), AS_OF), Compare("==", number, Value(
        7, Kind.INT))))
    query = Query([Encoder(fields()).formula(conds)], 5000)
    assert query.check() is Answer.YES
    assert query.found is not None
    day = query.found.record[DAY.name]
    assert isinstance(day, int) and add_months(day, 7) == query.found.today


def test_the_smallest_situation_stands_near_the_usual_day() -> None:
    query = Query([Encoder(fields()).formula(apart(moved(1), 28))], 5000)
    assert query.smallest() is Answer.YES
    assert query.found is not None and set(query.found.record) == {DAY.name}
    assert from_day(int(query.found.record[DAY.name])).year in (2007, 2009)
