"""Random expressions over a few fields, and records that fill some of them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import polars as pl
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from support.amounts import ASKED, amount
from zhuanjie.engine.core.dates import to_day
from zhuanjie.engine.core.workdays import WorkCalendar
from zhuanjie.engine.expr.names import PackSchema
from zhuanjie.engine.expr.nodes import Call, Expr, ListLit, Lit, Name
from zhuanjie.engine.expr.operators import DAY_PARTS
from zhuanjie.engine.expr.types import Kind, Type
from zhuanjie.engine.vocabulary.fields import Field, FieldTable


def examples(usual: int) -> settings:
    """Settings for a property that is tried `usual` times unless the environment asks for more."""
    return settings(max_examples=amount(usual), derandomize=ASKED is None,
                    deadline=None, database=None, suppress_health_check=list(HealthCheck))


ENUM = ("red", "green", "blue")
TYPES = {"m.b1": "bool", "m.b2": "bool", "n.b3": "bool", "m.i1": "int", "n.i2": "int",
         "m.s1": "string", "n.s2": "string", "m.e1": "enum", "n.e2": "enum",
         "m.d1": "date", "n.d2": "date", "n.d3": "date"}
FIELDS = FieldTable([
    Field(name, kind, name, {v: v for v in ENUM} if kind == "enum" else {}, -1000, 1000, "")
    for name, kind in TYPES.items()
])
LAST = date(2007, 12, 25)
PARAMS = {"p": (2, 40), "q": (-1, 0),
          "last": Type(Kind.DATE, low=to_day(LAST) - 400, high=to_day(LAST) + 400)}
VALUES = {"p": 30, "q": -1, "last": to_day(LAST)}
"""As engines have them: a day is its number."""
CALENDAR = WorkCalendar(
    ((2007, 2008), (2149, 2149)), off=(to_day(date(2008, 1, 1)), to_day(date(2008, 2, 28))),
    worked=(to_day(date(2008, 3, 1)), to_day(date(2008, 3, 2))))
SCHEMA = PackSchema(FIELDS, PARAMS, calendar=CALENDAR)
TODAY = date(2008, 2, 29)
DTYPES = {"bool": pl.Boolean, "int": pl.Int64, "date": pl.Date}
FRAME = {name: DTYPES.get(kind, pl.String) for name, kind in TYPES.items()}

TEXTS = ("", "a", "ab", "b", "a!", 'a"', "\\", "a\\", "é", "１", "甲乙", "甲", "🎓", "a\nb", "'")
PATTERNS = ("^a", "b$", "^[0-9]+$", "a|甲", "^.$", r"\s", "^$", "[^a]", r"^a\\$")
NUMBERS = (-1000, -2, -1, 0, 1, 2, 3, 12, 30, 1000)
# No two more than 292 years apart: their difference is beyond Google's runtime, not ours.
DAYS = tuple(date.fromisoformat(d) for d in (
    "1900-01-01", "2007-01-31", "2007-02-28", "2007-08-31", "2008-01-30", "2008-02-28",
    "2008-02-29", "2008-03-01", "2008-03-31", "2149-12-31"))


def of(kind: str) -> list[Expr]:
    """The fields of a type."""
    return [Name(tuple(name.split("."))) for name, k in TYPES.items() if k == kind]


def _binary(ops: tuple[str, ...], left: Any, right: Any) -> st.SearchStrategy[Expr]:
    return st.builds(lambda op, a, b: Call(op, (a, b)), st.sampled_from(ops), left, right)


def _unary(op: str, inner: Any) -> st.SearchStrategy[Expr]:
    return inner.map(lambda a: Call(op, (a,)))


def _choice(test: Any, branch: Any) -> st.SearchStrategy[Expr]:
    return st.builds(lambda t, a, b: Call("?:", (t, a, b)), test, branch, branch)


def _among(item: Any, pool: Any) -> st.SearchStrategy[Expr]:
    return st.builds(lambda a, p: Call("in", (a, ListLit(tuple(p)))), item,
                     st.lists(pool, max_size=3))


EQUAL, ORDER = ("==", "!="), ("==", "!=", "<", "<=", ">", ">=")
flags = st.sampled_from(of("bool"))
fields = st.sampled_from([Name(tuple(name.split("."))) for name in TYPES])
simple = flags | fields.map(lambda f: Call("has", (f,))) | st.sampled_from([Lit(True), Lit(False)])

_number = st.sampled_from([*of("int"), Name(("params", "p")), Name(("params", "q"))]) | (
    st.sampled_from(NUMBERS).map(Lit))
_string = st.sampled_from(of("string")) | st.sampled_from(TEXTS).map(Lit)
strings = st.recursive(_string, lambda s: _choice(simple, s), max_leaves=2)
_written = st.sampled_from(DAYS).map(
    lambda day: Call("timestamp", (Lit(f"{day.isoformat()}T00:00:00Z"),)))
_day = st.sampled_from([*of("date"), Name(("as_of",)), Name(("params", "last"))]) | _written
_part = st.builds(lambda part, day: Call(part, (day,)), st.sampled_from(DAY_PARTS), _day)
integers = st.recursive(
    _number | _unary("size", strings) | _part,
    lambda n: _binary(("+", "-", "*", "/", "%"), n, n) | _unary("neg", n) | _choice(simple, n),
    max_leaves=4)
_date = st.builds(  # often enough a day that there is not
    lambda y, m, d: Call("date", (y, m, d)),
    st.sampled_from([Lit(n) for n in (1900, 2007, 2008, 2100, 0)]) | _part,
    st.sampled_from([Lit(n) for n in (2, 2, 4, 12, 0, 13)]) | _part,
    st.sampled_from([Lit(n) for n in (1, 28, 29, 30, 31, 0)]) | _part | integers)
_span = st.sampled_from([Lit(n) for n in (-31, -1, 0, 1, 30, 365)] + [Name(("params", "p"))]
                        + of("int"))
_moved = st.sampled_from([Lit(n) for n in (-13, -1, 0, 1, 2, 12)] + [Name(("params", "q"))]
                         + of("int"))
_work = st.sampled_from([Lit(n) for n in (-3, -1, 0, 1, 2, 5)] + [
    Name(("params", "p")), Call("/", (Name(("params", "p")), Lit(7)))])
durations = _unary("days", _span) | _binary(
    ("-",), st.sampled_from(of("date")), st.sampled_from([*of("date"), Name(("as_of",))]))
dates = st.recursive(
    _day | _date,
    lambda d: _binary(("+", "-"), d, _unary("days", _span)) | _binary(
        ("+", "-"), d, _unary("months", _moved)) | _binary(
        ("+", "-"), d, _unary("workdays", _work)) | _choice(simple, d), max_leaves=3)
kinds = st.recursive(st.sampled_from(of("enum")), lambda k: _choice(simple, k), max_leaves=2)

tests = st.one_of(
    simple,
    _binary(ORDER, integers, integers), _binary(ORDER, dates, dates),
    _binary(ORDER, durations, durations), _binary(ORDER, strings, strings),
    _binary(EQUAL, kinds, kinds | st.sampled_from(ENUM).map(Lit)),
    _binary(("startsWith", "endsWith", "contains"), strings, strings),
    _binary(("matches",), strings, st.sampled_from(PATTERNS).map(Lit)),
    _among(integers, integers), _among(strings, strings), _among(dates, dates),
    _among(kinds, kinds | st.sampled_from(ENUM).map(Lit)), _among(simple, simple),
)


def conditions_of(most: int) -> st.SearchStrategy[Expr]:
    """Conditions made of about so many tests at most."""
    return st.recursive(
        tests,
        lambda c: _binary(("&&", "||"), c, c) | _unary("!", c) | _binary(EQUAL, c, c) | st.builds(
            lambda t, a, b: Call("?:", (t, a, b)), c, c, c),
        max_leaves=most)


conditions, brief = conditions_of(6), conditions_of(3)

_CELLS: dict[str, st.SearchStrategy[Any]] = {
    "bool": st.booleans(), "int": st.sampled_from(NUMBERS), "string": st.sampled_from(TEXTS),
    "enum": st.sampled_from(ENUM),
    "date": st.sampled_from(DAYS) | st.integers(-400, 400).map(lambda n: TODAY + timedelta(n)),
}
records = st.fixed_dictionaries({name: st.none() | _CELLS[kind] for name, kind in TYPES.items()})
