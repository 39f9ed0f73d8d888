"""Conditions as SQL: constants and names are quoted by the dialect, differences spelt out."""

from __future__ import annotations

import pytest

from zhuanjie.engine import evaluate
from zhuanjie.engine.backends.sql.conditions import Compiler
from zhuanjie.engine.backends.sql.dialects import DUCKDB, POSTGRES
from zhuanjie.engine.core.errors import UnsupportedError
from zhuanjie.engine.expr.types import Kind
from zhuanjie.engine.lowering.conditions import (
    AllOf,
    Among,
    AnyOf,
    ColumnRef,
    Compare,
    Filled,
    TextTest,
    Value,
)
from zhuanjie.engine.regex.spelling import most_repeats, spelt

TEXT = ColumnRef('a"b`c', Kind.STRING)
EVIL = "x'; DROP TABLE t; -- \\' \" ` %s $1 {} ${env:HOME} :p ? \n"
SQL = ("duckdb", "postgresql")


@pytest.mark.parametrize("dialect", [DUCKDB, POSTGRES], ids=lambda d: d.name)
def test_names_and_constants_are_quoted(dialect) -> None:
    import sqlglot

    compiler = Compiler(dialect, {TEXT.name: TEXT.name})
    tree = compiler.condition(Compare("==", TEXT, Value(EVIL, Kind.STRING)))
    text = dialect.sql(tree.copy())
    # Read back by the same grammar, it is still one comparison of one column with one constant.
    back = sqlglot.parse_one(text, dialect=dialect.name)
    assert isinstance(back, sqlglot.exp.EQ)
    (column,), (constant,) = (list(back.find_all(kind)) for kind in (
        sqlglot.exp.Column, sqlglot.exp.Literal))
    assert column.name == TEXT.name
    assert constant.this == EVIL


@pytest.mark.parametrize("engine", SQL)
def test_an_evil_constant_is_only_a_constant(engine: str) -> None:
    quoted = EVIL.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
    for data, expected in ((EVIL, True), ("x", False)):
        assert evaluate(f"m.s == '{quoted}'", {"m": {"s": data}}, backend=engine) is expected


def test_or_below_and_keeps_its_parentheses() -> None:
    a, b, c = (Filled(name) for name in "abc")
    compiler = Compiler(POSTGRES, {name: name for name in "abc"})
    text = POSTGRES.sql(compiler.condition(AllOf((a, AnyOf((b, c))))))
    assert text == '(NOT "a" IS NULL) AND ((NOT "b" IS NULL) OR (NOT "c" IS NULL))'


def test_texts_are_ordered_by_code_points() -> None:
    compiler = Compiler(POSTGRES, {"s": "s"})
    text = POSTGRES.sql(compiler.condition(
        Compare("<", ColumnRef("s", Kind.STRING), Value("甲", Kind.STRING))))
    assert 'COLLATE "C"' in text


@pytest.mark.parametrize("engine", SQL)
def test_every_engine_orders_texts_by_code_points(engine: str) -> None:
    for left, right in (("B", "a"), ("Z", "é"), ("ｚ", "🎓"), ("a", "a!")):
        assert evaluate("m.s < m.t", {"m": {"s": left, "t": right}}, backend=engine) is True


def test_lists_that_hold_nothing() -> None:
    compiler = Compiler(POSTGRES, {"s": "s"})
    term = ColumnRef("s", Kind.STRING)
    assert POSTGRES.sql(compiler.condition(Among(term, ()))) == "FALSE"
    assert POSTGRES.sql(compiler.condition(Among(term, (), outside=True))) == 'NOT "s" IS NULL'


@pytest.mark.parametrize(("pattern", "dots"), [
    (r"^a.b$", r"^a[^\n]b$"), (r"[.$]\.\$", r"[.$]\.\$"), (r"[^\]].", r"[^\]][^\n]"),
])
def test_dots_are_spelt_out(pattern: str, dots: str) -> None:
    assert spelt(pattern) == dots


def test_repeats_are_counted_where_they_are_repeats() -> None:
    assert most_repeats(r"a{3}b{2,300}c{4,}") == 300
    assert most_repeats(r"[{999}]\{888\}") == 0


def test_what_a_server_cannot_hold() -> None:
    compiler = Compiler(POSTGRES, {"s": "s"})
    for test in (TextTest("matches", TEXT, Value("a{256}", Kind.STRING)),
                 Compare("==", TEXT, Value("\0", Kind.STRING))):
        with pytest.raises(UnsupportedError):
            Compiler(POSTGRES, {TEXT.name: "s"}).condition(test)
    assert compiler
