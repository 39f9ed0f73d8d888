"""Texts drawn at random come out in the same form in Python, in Polars and in every dialect of SQL."""

from __future__ import annotations

from random import Random
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.marks import few
from support.office_texts import OTHER, SAME, SIGNS
from support.strategies import TODAY, examples

from zhuanjie.engine.backends.registry import backend
from zhuanjie.engine.backends.sql.backend import SqlBackend
from zhuanjie.engine.backends.sql.conditions import column
from zhuanjie.engine.backends.sql.statement import select
from zhuanjie.engine.core.dates import to_day
from zhuanjie.engine.expr.nodes import Call, Expr, FieldRef, ListLit, Lit
from zhuanjie.engine.expr.types import BOOL, STRING, Kind, Type
from zhuanjie.engine.ledger.compared_columns import compared_series
from zhuanjie.engine.lowering.kleene import Kleene
from zhuanjie.engine.vocabulary.comparison import FORMS, Comparison, canonical

PARTS = (*SIGNS, "第", "号", "No.", "+86", "0086", "0595", "20000000", "138", "0000", "(", "）", "〔2007〕")
HOWS = tuple(FORMS)


def texts(seed: int, size: int) -> list[str]:
    """Texts with something that is more than a blank, as cells have."""
    random = Random(seed)
    drawn = ("".join(random.choices(PARTS, k=random.randint(1, 7))) for _ in range(size))
    known = (text for pairs in (*SAME.values(), *OTHER.values()) for pair in pairs for text in pair)
    return [text for text in (*known, *drawn) if canonical(text, "id").strip("\ufeff\u200b \u00a0\u3000")]


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("engine", few(("duckdb", "postgresql"), "duckdb"))
def test_forms_in_sql(engine: str, how: Comparison) -> None:
    drawn = texts(len(engine), 3000)
    sql: Any = backend(engine)
    assert isinstance(sql, SqlBackend)
    found = sql.rows(pl.DataFrame({"row": range(len(drawn)), "text": drawn}), lambda relation: select(
        [column("row"), sql.dialect.compared(column("text"), how)], relation))
    forms = [form for _, form in sorted((row[0], row[1]) for row in found)]
    assert [(t, f) for t, f in zip(drawn, forms, strict=True) if f != canonical(t, how)] == []


@pytest.mark.parametrize("how", HOWS)
def test_forms_in_polars(how: Comparison) -> None:
    drawn = texts(1, 20_000)
    forms = compared_series(pl.Series(drawn), how).to_list()
    assert [(t, f) for t, f in zip(drawn, forms, strict=True) if f != canonical(t, how)] == []


class Day:
    """What engines need to know of a plan to judge a condition."""

    today, params, absent = to_day(TODAY), {"n": 1}, frozenset[str]()
    kleene = Kleene(today, params)


VALUES = st.none() | st.sampled_from(texts(2, 60)) | st.text(SIGNS, min_size=1, max_size=4).filter(
    lambda text: canonical(text, "id").strip("\ufeff\u200b \u00a0\u3000") != "")
OPERATORS = ("==", "!=", "<", "<=", ">", ">=", "startsWith", "endsWith", "contains", "in")


def field(number: int, how: Comparison) -> Expr:
    return FieldRef(f"t.f{number}", Type(Kind.STRING, compare=how))


@examples(100)
@given(st.data())
@pytest.mark.parametrize("engine", few(("polars", "python", "durable", "duckdb"),
                                       "polars", "python", "duckdb"))
def test_conditions(engine: str, data: st.DataObject) -> None:
    hows = [data.draw(st.sampled_from(("text", *HOWS))) for _ in range(3)]
    fields = [field(n, how) for n, how in enumerate(hows)]
    constant = Lit(data.draw(VALUES.filter(bool)), STRING)
    chosen = Call("?:", (Call("==", (fields[0], fields[1]), BOOL), fields[1], constant), STRING)
    left, right = (data.draw(st.sampled_from((*fields, constant, chosen))) for _ in range(2))
    op = data.draw(st.sampled_from(OPERATORS))
    if op == "in":
        right = ListLit((right, constant), Type(Kind.LIST, item=Kind.STRING))
    if isinstance(left, Lit) and isinstance(right, Lit):
        return
    test: Expr = Call(op, (left, right), BOOL)
    if data.draw(st.booleans()):
        test = Call("!", (test,), BOOL)
    rows = [{f"t.f{n}": data.draw(VALUES) for n in range(3)} for _ in range(4)]
    frame = pl.DataFrame(rows, schema={f"t.f{n}": pl.String for n in range(3)})
    wanted = backend("reference").truth(Day, test, frame)
    assert backend(engine).truth(Day, test, frame) == wanted
