"""Months and days, at random: every engine, both ways of reading, and the solver agree with the
reference evaluator, which tries every day of a month.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from functools import cache
from operator import eq, ge, gt, le, lt, ne
from pathlib import Path
from random import Random
from types import MappingProxyType
from typing import Any

import polars as pl
import pytest
import z3
from hypothesis import given, note, reject
from hypothesis import strategies as st
from support.marks import few
from support.month_ledgers import DAY, PACK, as_days, as_texts, record
from support.strategies import ORDER, examples
from support.values import replace

from zhuanjie.engine import audit, check, load_policy
from zhuanjie.engine.backends.base import UNKNOWN
from zhuanjie.engine.backends.registry import NAMES, backend
from zhuanjie.engine.backends.smt.encode import (
    LITERALS,
    Formula,
    Uses,
    every,
    present,
    value,
)
from zhuanjie.engine.backends.smt.query import Answer, Query
from zhuanjie.engine.backends.smt.rules import Parameters, SymbolicRule
from zhuanjie.engine.core.dates import Month, to_day
from zhuanjie.engine.core.errors import ExpressionError
from zhuanjie.engine.core.limits import Limits, using
from zhuanjie.engine.core.results import Outcome
from zhuanjie.engine.expr.from_cel import read
from zhuanjie.engine.expr.names import DataSchema, PackSchema
from zhuanjie.engine.expr.nodes import Call, Expr, ListLit, Lit, Name
from zhuanjie.engine.expr.operators import DAY_PARTS
from zhuanjie.engine.expr.printer import to_text
from zhuanjie.engine.expr.type_checker import check as check_types
from zhuanjie.engine.expr.types import RECORD_DAYS, Kind
from zhuanjie.engine.lowering.kleene import Kleene
from zhuanjie.engine.lowering.plan import Plan, make_plan
from zhuanjie.engine.lowering.rules import lower
from zhuanjie.engine.policy.policy import Policy
from zhuanjie.engine.vocabulary.fields import Field, FieldTable

TYPES = {"m.k1": "month", "m.k2": "month", "n.k3": "month", "m.d1": "date", "n.d2": "date",
         "m.i1": "int", "n.b1": "bool"}
FIELDS = FieldTable([Field(name, kind, name, {}, -40, 40, {}) for name, kind in TYPES.items()])
SCHEMA = PackSchema(FIELDS, {})
DTYPES = {"bool": pl.Boolean, "int": pl.Int64, "date": pl.Date, "month": pl.Date}
FRAME = {name: DTYPES[kind] for name, kind in TYPES.items()}
TODAY = date(2008, 2, 29)
# Each condition of its own takes DuckDB long: beside these its quick test is the packs' rules.
ENGINES = few((n for n in NAMES if n not in ("reference", "spark")), "polars", "python")
COMPARE = {"==": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge}


def of(kind: str) -> st.SearchStrategy[Expr]:
    return st.sampled_from([Name(tuple(n.split("."))) for n, k in TYPES.items() if k == kind])


def call(op: Any, *args: Any) -> st.SearchStrategy[Expr]:
    return st.builds(lambda op, *a: Call(op, a), op, *args)


JUST = st.just
flags = of("bool") | of("month").map(lambda f: Call("has", (f,)))
spans = of("int") | st.sampled_from((-1, 0, 1, 2, 30)).map(Lit)
choice = JUST("?:")
sums = st.sampled_from(("+", "-"))
parts = call(st.sampled_from(DAY_PARTS), of("date") | of("month") | JUST(Name(("as_of",))))
numbers = st.recursive(of("int") | parts | st.sampled_from((-7, 0, 2, 4, 2008)).map(Lit),
                       lambda n: call(st.sampled_from(("+", "/", "%")), n, n), max_leaves=3)
together = call(JUST("date"), call(JUST("getFullYear"), of("date") | of("month")),
                st.sampled_from((2, 2, 12, 13)).map(Lit) | parts,
                st.sampled_from((1, 28, 29, 30)).map(Lit) | parts)
months = st.recursive(of("month"), lambda m: call(sums, m, call(JUST("months"), spans)) | call(
    JUST("+"), call(JUST("months"), spans), m) | call(choice, flags, m, m), max_leaves=3)
dates = st.recursive(of("date") | JUST(Name(("as_of",))) | together, lambda d: call(
    sums, d, call(JUST("days"), spans)) | call(choice, flags, d, d), max_leaves=2)
orders = st.sampled_from(ORDER)
mixed = call(orders, months, dates) | call(orders, dates, months)
tests = mixed | call(orders, months, months) | call(orders, numbers, numbers) | st.builds(
    lambda m, pool: Call("in", (m, ListLit(tuple(pool)))), months, st.lists(months, min_size=1,
                                                                          max_size=3)) | flags
conditions = st.recursive(tests, lambda c: call(st.sampled_from(("&&", "||")), c, c) | call(
    JUST("!"), c) | call(choice, c, c, c), max_leaves=4)

# Few months, and days about where they turn: else a bound that is a day off would hardly show.
CLOSE = [Month(2007, 12, 1), *(Month(2008, at, 1) for at in (1, 2, 3, 4))]
turns = st.builds(lambda month, by: month + timedelta(by), st.sampled_from(CLOSE),
                  st.integers(-2, 1)).map(lambda d: date(d.year, d.month, d.day))
CELLS: dict[str, st.SearchStrategy[Any]] = {
    "month": st.sampled_from(CLOSE), "date": turns | JUST(TODAY),
    "int": st.integers(-3, 3), "bool": st.booleans()}
records = st.fixed_dictionaries({  # one cell in five is blank
    n: st.one_of(st.none(), *[CELLS[k]] * 4) for n, k in TYPES.items()})


def typed(tree: Expr, schema: Any, want: Kind | None = None) -> Expr:
    text = to_text(tree)
    note(text)
    try:
        return check_types(read(text), schema, text, want)
    except ExpressionError:
        reject()  # a blank field of a single evaluation has no type that would fit


@pytest.mark.parametrize("op", ORDER)
def test_the_reference_is_right_by_hand(op: str) -> None:
    """A month compares with a day as each of its days does, or it is not known."""
    for month in (date(2007, 2, 1), date(2007, 12, 1), date(2008, 2, 1)):
        length = monthrange(month.year, month.month)[1]
        for away in range(-2, length + 2):
            day = month + timedelta(away)
            there = {COMPARE[op](month + timedelta(n), day) for n in range(length)}
            wanted = there.pop() if len(there) == 1 else UNKNOWN
            data = {"m.k1": Month.of(month), "m.d1": day}
            turned = {COMPARE[op](day, month + timedelta(n)) for n in range(length)}
            for text, want in ((f"m.k1 {op} m.d1", wanted), (
                    f"m.d1 {op} m.k1", turned.pop() if len(turned) == 1 else UNKNOWN)):
                expr = check_types(read(text), DataSchema(data, {}), text)
                assert backend("reference").evaluate(expr, data, TODAY, {}) is want, (text, day)


class Day:
    """What engines need to know of a plan to judge a condition."""

    today, params, absent = to_day(TODAY), MappingProxyType[str, int]({}), frozenset[str]()
    kleene = Kleene(today, params)


# For Spark a job for each would take long: the pack's cases and a ledger are judged there.
@pytest.mark.parametrize("engine", ENGINES)
@examples(100)
@given(conditions, st.lists(records, min_size=6, max_size=12))
def test_conditions(engine: str, tree: Expr, rows: list[dict[str, Any]]) -> None:
    expr = typed(tree, SCHEMA, Kind.BOOL)
    frame = pl.DataFrame(rows, schema=FRAME)
    assert backend(engine).truth(Day, expr, frame) == backend("reference").truth(Day, expr, frame)


@pytest.mark.parametrize("engine", ENGINES)
@examples(60)
@given(months | mixed, records)
def test_values(engine: str, tree: Expr, row: dict[str, Any]) -> None:
    there = {name: cell for name, cell in row.items() if cell is not None}
    expr = typed(tree, DataSchema(there, {}))
    wanted = backend("reference").evaluate(expr, there, TODAY, {})
    found = backend(engine).evaluate(expr, there, TODAY, {})
    assert (found, type(found)) == (wanted, type(wanted))


@cache
def policy() -> Policy:
    return load_policy(PACK)


# Which fields are missing, and the outcome's other parts, with conditions drawn at random.
@pytest.mark.parametrize("engine", ENGINES)
@examples(16)
@given(conditions, conditions, dates, st.lists(records, min_size=4, max_size=8))
def test_rules(engine: str, when: Expr, ask: Expr, due: Expr, rows: list[dict[str, Any]]) -> None:
    shapes = {r.shape: r for r in policy().rules}
    condition = typed(when, SCHEMA, Kind.BOOL)
    drawn = (
        replace(shapes["require"], when=condition, ask=typed(ask, SCHEMA, Kind.BOOL)),
        replace(shapes["deadline"], when=condition, due=typed(due, SCHEMA, Kind.DATE),
                done=check_types(Name(("n", "d2")), SCHEMA, "n.d2")),
    )
    kleene, order = Kleene(to_day(TODAY), {}), tuple(TYPES)
    plan = replace(make_plan(policy(), TODAY), params={}, rules=drawn, whole=(),
                   lowered=tuple(lower(rule, kleene, order) for rule in drawn))
    frame = pl.DataFrame(rows, schema=FRAME)
    wanted = backend("reference").judge(plan, frame, all_outcomes=True)
    wanted = [replace(v, missing=tuple(sorted(v.missing))) for v in wanted]
    found = backend(engine).judge(plan, frame, all_outcomes=True)
    assert [replace(v, missing=tuple(sorted(v.missing))) for v in found] == wanted


@pytest.fixture(scope="module")
def plan() -> Plan:
    return make_plan(policy(), DAY)


@pytest.mark.parametrize("form", ["csv", "parquet", "jsonl", "days"])
@pytest.mark.parametrize("seed", range(3))
def test_a_ledger_read_either_way(form: str, seed: int, tmp_path: Path) -> None:
    """As one stream, in batches, record by record: the same findings, cells and words."""
    random = Random(f"{form}-{seed}")
    drawn = [record(random, n) for n in range(80)]
    days = form == "days"
    frame = as_days(random, drawn) if days else as_texts(random, drawn, (0.0, 0.05, 0.3)[seed])
    path = tmp_path / f"ledger.{'parquet' if days else form}"
    {"csv": frame.write_csv, "jsonl": frame.write_ndjson}.get(form, frame.write_parquet)(path)
    said = []
    for many in (0, 10**9):
        with using(Limits(sample_rows=4, stream_from=many)):
            said.append(audit(path, policy(), as_of=DAY, all_outcomes=True))
    stream, batches = said
    assert stream.findings == batches.findings and stream.findings
    assert [str(f.fields) for f in stream.findings] == [str(f.fields) for f in batches.findings]
    assert stream.input == batches.input
    assert bool(batches.input) is (seed > 0 and not days)
    rows = [{n: v for n, v in row.items() if v is not None} for row in frame.iter_rows(named=True)]
    for number, row in enumerate(rows[:30]):
        alone = check(row, policy(), as_of=DAY, all_outcomes=True)
        theirs = [f for f in batches.findings if f.record == row["member.id"]]
        both = [{f.rule: (f.outcome, f.missing, f.message, f.remedy, f.fields)
                 for f in found if f.rule != "number-once"} for found in (alone, theirs)]
        assert both[0] == both[1], number


@pytest.mark.parametrize("engine", [n for n in NAMES if n != "reference"])
def test_the_packs_rules(engine: str, plan: Plan) -> None:
    random = Random(5)
    frame = as_days(random, [record(random, n) for n in range(300 if engine != "durable" else 60)])
    frame = frame.with_columns(pl.col(n).dt.month_start() for n in (
        "member.born_on", "member.converted_on", "dues.paid_to", "dues.due_from"))
    frame = frame.with_columns(
        pl.int_range(pl.len()).mod(3).alias(f"number-once#{c}") for c in ("sure", "all"))
    wanted = backend("reference").judge(plan, frame, all_outcomes=True)
    assert len({(v.rule, v.outcome) for v in wanted}) > 15
    assert backend(engine).judge(plan, frame, all_outcomes=True) == wanted


@pytest.mark.parametrize("seed", range(2))
def test_the_solver(seed: int, plan: Plan) -> None:
    """Held to a record's cells, it finds each rule to come out as the reference evaluator does."""
    random = Random(seed)
    for number in range(12):
        cells = record(random, number)
        row = {n: to_day(v) if isinstance(v, date) else v for n, v in cells.items()}
        frame = pl.DataFrame([cells]).with_columns(
            pl.lit(1, pl.Int64).alias(f"number-once#{c}") for c in ("sure", "all"))
        frame = frame.with_columns(pl.lit(None, DTYPES.get(f.type, pl.String)).alias(f.name)
                                   for f in plan.fields if f.name in policy().fields - row.keys())
        for verdict in backend("reference").judge(plan, frame, all_outcomes=True):
            rule = plan.rules[verdict.rule]
            if rule.shape == "unique":
                continue
            asked = SymbolicRule(rule, Parameters.fixed(plan.params), plan.fields)
            assert _can(asked, verdict.outcome, row, plan), (rule.id, verdict.outcome, cells)
            for other in (Outcome.UNDETERMINED, Outcome.SATISFIED, Outcome.VIOLATION):
                held = _can(asked, other, row, plan)
                assert held is (other is verdict.outcome), (rule.id, other, cells)


def _can(rule: SymbolicRule, outcome: Outcome, row: dict[str, Any], plan: Plan) -> bool:
    asked = rule.outcome(outcome)
    parts = [z3.Int("as_of") == plan.today]
    for name, field in asked.uses.fields.items():
        there = row.get(name)
        number = LITERALS.number(there) if isinstance(there, str) else there
        parts += [present(name), value(field) == number] if name in row else [
            z3.Not(present(name))]
    answer = Query([every((asked, Formula(z3.And(parts), Uses())))], 10_000).check()
    assert answer is not Answer.UNKNOWN
    return answer is Answer.YES


def test_a_month_of_the_solver_is_a_first_day() -> None:
    """No witness lies within a month, however the question draws it there."""
    field = Field("m.k1", "month", "m")
    uses = Uses(fields={"m.k1": field})
    for low, high, there in ((date(2007, 6, 2), date(2007, 6, 30), False),
                             (date(2007, 6, 2), date(2007, 7, 1), True),
                             (date(2008, 2, 2), date(2008, 2, 29), False)):
        bounds = z3.And(present("m.k1"), value(field) >= to_day(low), value(field) <= to_day(high))
        query = Query([Formula(bounds, uses)], 10_000)
        assert (query.check() is Answer.YES) is there
        if there:
            assert query.found is not None and query.found.record == {"m.k1": to_day(high)}
    assert RECORD_DAYS[0] == to_day(Month(1900, 1, 1))
