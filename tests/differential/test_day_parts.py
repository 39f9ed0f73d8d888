"""Days taken apart and put together, divisions: the solver agrees with the reference evaluator."""

from __future__ import annotations

from datetime import date
from types import MappingProxyType
from typing import Any

import polars as pl
import pytest
import z3
from differential import test_month_fields as months
from differential.test_month_fields import FRAME, TODAY, Day
from hypothesis import given
from hypothesis import strategies as st
from support.marks import few
from support.strategies import examples

from zhuanjie.engine.backends.registry import backend
from zhuanjie.engine.backends.smt.civil import calendar_of, divided, read_off
from zhuanjie.engine.backends.smt.encode import AS_OF, Encoder, Formula, Uses, every, present, value
from zhuanjie.engine.backends.smt.query import Answer, Query
from zhuanjie.engine.core.calendar import READ, day_part
from zhuanjie.engine.core.dates import FIRST_DAY, LAST_DAY, to_day
from zhuanjie.engine.core.division import quotient, remainder
from zhuanjie.engine.expr.nodes import Expr
from zhuanjie.engine.expr.types import Kind
from zhuanjie.engine.lowering.kleene import Kleene


@examples(25)
@given(months.conditions, months.records)
def test_the_solver(tree: Expr, row: dict[str, Any]) -> None:
    """Held to a record's cells and a day, it finds a condition true, false or neither as it is."""
    expr = months.typed(tree, months.SCHEMA, Kind.BOOL)
    wanted, = backend("reference").truth(Day, expr, pl.DataFrame([row], schema=FRAME))
    kleene = Kleene(AS_OF, MappingProxyType({}))
    for want, cond in ((True, kleene.must_be_true(expr)), (False, kleene.must_be_false(expr))):
        asked = Encoder(months.FIELDS).formula(cond)
        parts = [z3.Int("as_of") == to_day(TODAY)]
        for name, field in asked.uses.fields.items():
            there = row[name]
            number = to_day(there) if isinstance(there, date) else there
            parts += [z3.Not(present(name))] if there is None else [
                present(name), value(field) == number]
        answer = Query([every((asked, Formula(z3.And(parts), Uses())))], 10_000).check()
        assert answer is (Answer.YES if wanted is want else Answer.NO), (want, row)


@pytest.mark.parametrize("part", few(READ, "getDayOfWeek", "getFullYear"))
def test_parts_of_days_in_the_solver(part: str) -> None:
    """Of days about where years, months and the calendar's cycles turn."""
    days = {to_day(date(y, m, d)) for y in (1, 4, 100, 400, 1900, 2000, 2007, 2008, 2100, 9999)
            for m, d in ((1, 1), (2, 28), (3, 1), (6, 30), (7, 1), (12, 31))}
    days |= {FIRST_DAY, LAST_DAY, 0, -1}
    there = z3.Int("there")
    for day in sorted(days):
        for same, answer in ((True, z3.sat), (False, z3.unsat)):
            solver = z3.SimpleSolver()
            solver.add(there == day, *calendar_of(there),
                       (read_off(part, there) == day_part(part, day)) == same)
            assert solver.check() == answer, (day, same)


@examples(30)
@given(st.integers(-50, 50), st.integers(-9, 9).filter(bool))
def test_division_in_the_solver(number: int, by: int) -> None:
    assert quotient(number, by) * by + remainder(number, by) == number
    assert abs(remainder(number, by)) < abs(by) and number * remainder(number, by) >= 0
    for op, want in (("/", quotient(number, by)), ("%", remainder(number, by))):
        left, right = z3.Int("left"), z3.Int("right")
        for formula in (divided(op, left, right), divided(op, left, z3.IntVal(by))):
            solver = z3.Solver()
            solver.add(left == number, right == by, formula != want)
            assert solver.check() == z3.unsat
