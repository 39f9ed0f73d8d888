"""Random expressions on random records: the engines, and Google's CEL runtime, must agree."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from cel_expr_python import cel
from dateutil.relativedelta import relativedelta
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given, note, reject
from hypothesis import strategies as st
from support.marks import few
from support.strategies import (
    CALENDAR,
    FRAME,
    LAST,
    SCHEMA,
    TODAY,
    VALUES,
    conditions,
    dates,
    durations,
    examples,
    integers,
    records,
    strings,
)

from zhuanjie.engine.backends.base import UNKNOWN
from zhuanjie.engine.backends.registry import NAMES, backend
from zhuanjie.engine.core.dates import from_day, to_day
from zhuanjie.engine.core.errors import ExpressionError
from zhuanjie.engine.expr.from_cel import read
from zhuanjie.engine.expr.names import DataSchema
from zhuanjie.engine.expr.nodes import Call, Expr, ListLit, Name
from zhuanjie.engine.expr.printer import to_text
from zhuanjie.engine.expr.type_checker import check
from zhuanjie.engine.expr.types import Kind
from zhuanjie.engine.lowering.kleene import Kleene


class Day:
    """What engines need to know of a plan to judge a condition."""

    today, params, absent = to_day(TODAY), VALUES, frozenset[str]()
    kleene = Kleene(today, params)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _stamp(day: date) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(_midnight(day))
    return stamp


def worked(day: datetime, count: int) -> datetime:
    """One day after the other; an error where nothing is known of a year."""
    while count:
        day += timedelta(1 if count > 0 else -1)
        if not any(first <= day.year <= last for first, last in CALENDAR.years):
            raise ValueError("out of range")
        number = to_day(day.date())
        works = number in CALENDAR.worked if day.weekday() > 4 else number not in CALENDAR.off
        count -= (1 if count > 0 else -1) if works else 0
    return day


GIVEN = {**VALUES, "last": _stamp(LAST)}
TYPE = cel.Type
ARBITER = cel.NewEnv(
    variables={**{group: TYPE.Map(TYPE.STRING, TYPE.DYN) for group in ("m", "n", "params")},
               "as_of": TYPE.TIMESTAMP},
    functions=[
        cel.FunctionDecl("days", [cel.Overload(
            "days", TYPE.DURATION, [TYPE.INT], False, impl=lambda n: timedelta(days=n))]),
        cel.FunctionDecl("moved", [cel.Overload(
            "moved", TYPE.TIMESTAMP, [TYPE.TIMESTAMP, TYPE.INT], False,
            impl=lambda day, n: day + relativedelta(months=n))]),
        cel.FunctionDecl("worked", [cel.Overload(
            "worked", TYPE.TIMESTAMP, [TYPE.TIMESTAMP, TYPE.INT], False,
            impl=worked)]),
        cel.FunctionDecl("date", [cel.Overload(
            "date", TYPE.TIMESTAMP, [TYPE.INT] * 3, False,
            impl=lambda y, m, d: _midnight(date(y, m, d)))]),
    ])


NO_VALUE = ("not found in map", "divide by zero", "modulus by zero", "out of range", "must be in")
"""How errors begin that stand for what is not known: a blank, a division by zero, no such day."""


def for_arbiter(expr: Expr) -> Expr:
    """CEL has no months and no working days: a date plus or minus some becomes a call."""
    match expr:
        case Call(op="+" | "-" as op, args=(day, Call(op="months" | "workdays" as unit,
                                                   args=(count,)))):
            sign, way = "-" if op == "-" else "", "moved" if unit == "months" else "worked"
            return Name((f"{way}({to_text(for_arbiter(day))}, {sign}({to_text(count)}))",))
        case Call(op=op, args=args):
            return Call(op, tuple(for_arbiter(a) for a in args))
        case ListLit(items=items):
            return ListLit(tuple(for_arbiter(i) for i in items))
        case _:
            return expr


def arbiter(tree: Expr, record: dict[str, Any]) -> Any:
    """What Google's runtime says: blanks left out of the maps, an error for what is unknown."""
    data: dict[str, Any] = {"m": {}, "n": {}, "params": GIVEN, "as_of": _midnight(TODAY)}
    for name, value in record.items():
        group, field = name.split(".")
        if isinstance(value, date):
            data[group][field] = _stamp(value)
        elif value is not None:
            data[group][field] = value
    found = ARBITER.compile(to_text(for_arbiter(tree)), disable_check=True).eval(data=data)
    if found.type() == TYPE.ERROR:
        assert any(said in str(found.value()) for said in NO_VALUE), found.value()
        return UNKNOWN
    value = found.plain_value()
    if isinstance(value, datetime):
        assert value == _midnight(value.date())
        return value.date()
    return value


def schema_of(present: dict[str, Any]) -> DataSchema:
    schema = DataSchema(present, {**VALUES, "last": LAST})
    schema.calendar = CALENDAR
    return schema


def typed(tree: Expr, schema: Any, want: Kind | None = None) -> Expr:
    text = to_text(tree)
    note(text)
    try:
        return check(read(text), schema, text, want)
    except ExpressionError:
        reject()  # it could leave the years 1 to 9999, or compares what cannot be equal


CONDITIONS = conditions, st.lists(records, min_size=1, max_size=4)
TERMS = st.one_of(integers, dates, durations, strings, conditions), records
OTHERS = [n for n in NAMES if n != "reference"]


@examples(120)
@given(*CONDITIONS)
def test_conditions(tree: Expr, rows: list[dict[str, Any]]) -> None:
    """The reference evaluator and Google's runtime."""
    expr = typed(tree, SCHEMA, Kind.BOOL)
    wanted = backend("reference").truth(Day, expr, pl.DataFrame(rows, schema=FRAME))
    said = [arbiter(tree, row) for row in rows]
    assert [None if v is UNKNOWN else v for v in said] == wanted


# For Spark a job for each would take long: see test_backends, and the values below.
@pytest.mark.parametrize("engine", few((n for n in OTHERS if n != "spark"), "polars", "python", "durable"))
@examples(120)
@given(*CONDITIONS)
def test_conditions_on_every_engine(engine: str, tree: Expr, rows: list[dict[str, Any]]) -> None:
    expr = typed(tree, SCHEMA, Kind.BOOL)
    frame = pl.DataFrame(rows, schema=FRAME)
    assert backend(engine).truth(Day, expr, frame) == backend("reference").truth(Day, expr, frame)


@pytest.mark.parametrize("engine", [n for n in OTHERS if n != "spark"])
@examples(120)
@given(*TERMS)
def test_values_on_every_engine(engine: str, tree: Expr, record: dict[str, Any]) -> None:
    """Whatever type it has; a field that the record lacks has none."""
    present = {name: value for name, value in record.items() if value is not None}
    expr = typed(tree, schema_of(present))
    wanted = backend("reference").evaluate(expr, present, TODAY, VALUES)
    found = backend(engine).evaluate(expr, present, TODAY, VALUES)
    assert (found, type(found)) == (wanted, type(wanted))


@pytest.mark.engine("spark")
@pytest.mark.parametrize(("text", "value"), [
    ("m.i + 3", 7), ("m.s != 'x' && m.i > 3", True), ("m.s", "甲'\n"), ("m.i > 3 && m.none", UNKNOWN)])
def test_values_come_back_from_spark(text: str, value: object) -> None:
    expr = check(read(text), DataSchema({"m.i": 4, "m.s": "甲'\n"}, {**VALUES, "last": LAST}), text)
    found = backend("spark").evaluate(expr, {"m.i": 4, "m.s": "甲'\n"}, TODAY, VALUES)
    assert (found, type(found)) == (value, type(value))


@examples(120)
@given(*TERMS)
def test_values(tree: Expr, record: dict[str, Any]) -> None:
    """The reference evaluator and Google's runtime."""
    present = {name: value for name, value in record.items() if value is not None}
    expr = typed(tree, schema_of(present))
    wanted = backend("reference").evaluate(expr, present, TODAY, VALUES)
    said = arbiter(tree, record)
    if wanted is not UNKNOWN and expr.type.kind is Kind.DATE:
        wanted = from_day(wanted)
    if wanted is not UNKNOWN and expr.type.kind is Kind.DURATION:
        wanted = timedelta(days=wanted)
    assert said == wanted


def test_the_arbiter_can_object() -> None:
    tree = read("m.i1 > 1 || n.b3")
    assert arbiter(tree, {"m.i1": 2}) is True
    assert arbiter(tree, {"m.i1": 1}) is UNKNOWN
    assert arbiter(tree, {"n.b3": True}) is True
    with pytest.raises(AssertionError):
        arbiter(read("m.i1 + 9223372036854775807 > 1"), {"m.i1": 2})
