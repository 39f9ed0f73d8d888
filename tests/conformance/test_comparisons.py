"""Texts as an office compares them, on every engine: in conditions, in `unique` rules, in rosters."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest
from support.marks import few
from support.office_texts import OTHER, SAME, TWO_FIELDS
from support.party_transfer import fields

from zhuanjie.engine.backends.base import UNKNOWN
from zhuanjie.engine.backends.registry import NAMES, backend
from zhuanjie.engine.core.dates import EPOCH
from zhuanjie.engine.expr.from_cel import read
from zhuanjie.engine.expr.names import PackSchema
from zhuanjie.engine.expr.nodes import Expr
from zhuanjie.engine.expr.type_checker import check
from zhuanjie.engine.lowering.kleene import Kleene

ENGINES = few(NAMES, "reference", "polars", "python", "durable", "duckdb")


# What engines need to know of a plan to judge a condition. No class of this module: a worker of
# Spark's, to which it travels, does not know the tests.
DAY = SimpleNamespace(today=0, params={}, absent=frozenset[str](), kleene=Kleene(0, {}))


def condition(text: str) -> Expr:
    return check(read(text), PackSchema(fields(), {}), text)


def truths(engine: str, text: str, rows: list[dict[str, Any]]) -> list[bool | None]:
    schema = dict.fromkeys(dict.fromkeys(n for row in rows for n in row), pl.String)
    return backend(engine).truth(DAY, condition(text), pl.DataFrame(rows, schema=schema))


@pytest.mark.parametrize("how", TWO_FIELDS)
@pytest.mark.parametrize("engine", ENGINES)
def test_pairs(engine: str, how: str) -> None:
    one, other = TWO_FIELDS[how]
    pairs = [*SAME[how], *OTHER[how]]
    wanted = [*(True for _ in SAME[how]), *(False for _ in OTHER[how])]
    rows = [{one: a.strip("\ufeff\u00a0"), other: b.strip("\ufeff\u00a0")} for a, b in pairs]
    for text, turned in ((f"{one} == {other}", False), (f"{one} != {other}", True),
                         (f"{one} in [{other}, 'nobody']", False)):
        found = truths(engine, text, rows)
        assert [(r, t) for r, t, w in zip(rows, found, wanted, strict=True)
                if t is not (w is not turned)] == []


CONDITIONS = (
    # a condition; the value of the field that it names; whether it holds
    ("member.name == '阿卜杜•热合曼'", "阿卜杜 · 热合曼", True),
    ("'阿卜杜•热合曼' == member.name", "阿卜杜 · 热合曼", True),
    ("member.name != '张　三'", "张三", False),
    ("member.name in ['李四', '张 三']", "张三", True),
    ("!(member.name in ['李四', '张 三'])", "张三", False),
    ("size(member.name) == 2", "张　三", True),
    ("size(member.id_number) == 18", "110105 19491231 002x", True),
    ("letter.serial.startsWith('闽组介（2007）')", "闽组介 〔2007〕12号", True),
    ("letter.serial.startsWith('第')", "第12号", True),
    ("letter.serial.endsWith('12')", "第〔2007〕12号", True),
    ("letter.serial.endsWith('号')", "第〔2007〕12号", True),
    ("letter.serial.contains('[2007]')", "〔2007〕12号", True),
    ("letter.serial.contains(' ')", "A 1", True),
    ("letter.serial.contains(' ')", "A1", False),
    ("!letter.serial.contains('[2007]')", "〔2007〕12号", False),
    # A pattern holds of what is written, too.
    ("letter.serial.matches('^泉组介〔[0-9]{4}〕[0-9]+号$')", "泉组介〔2007〕12号", True),
    ("letter.serial.matches('^bh[0-9]+$')", "bh12", True),
    ("letter.serial.matches('^BH[0-9]+$')", "ｂｈ 12", True),
    ("!letter.serial.matches('^BH[0-9]+$')", "ｂｈ 12", False),
    ("letter.phone.matches('^1[0-9]{10}$')", "+86 130 0000 0000", True),
    ("letter.phone.matches('^1[0-9]{10}$')", "130 0000 000", False),
    ("letter.phone < '2'", "＋86 13000000000", True),
    # A field that is compared to the letter takes the other's way beside it, else its own.
    ("letter.origin_address == '某路1号'", "某路 1号", False),
    ("(has(member.name) ? member.name : letter.name) == '张三'", "张 三", True),
)


@pytest.mark.parametrize("engine", ENGINES)
def test_conditions(engine: str) -> None:
    wrong = []
    for text, value, wanted in CONDITIONS:
        row = {name: None for name in ("letter.name", "member.name") if name in text}
        name = next(n for n in ("member.name", "member.id_number", "letter.serial", "letter.phone",
                                "letter.origin_address") if n in text)
        if truths(engine, text, [row | {name: value}]) != [wanted]:
            wrong.append((text, value))
    assert wrong == []


@pytest.mark.parametrize("engine", ENGINES)
def test_a_field_to_the_letter_takes_the_way_of_the_other(engine: str) -> None:
    row = {"letter.origin_address": "某 校", "letter.issuer": "某校"}
    assert truths(engine, "letter.origin_address == letter.issuer", [row]) == [True]
    kinds = {"member.name": "甲.乙", "member.id": "甲.乙"}  # each in its own way
    assert truths(engine, "member.name == member.id", [kinds]) == [False]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_blank_is_unknown_as_ever(engine: str) -> None:
    rows = [{"member.name": None, "letter.name": "张三"}, {"member.name": "张三", "letter.name": None}]
    for text in ("member.name == letter.name", "member.name.contains(letter.name)",
                 "size(member.name) + size(letter.name) > 0"):
        assert truths(engine, text, rows) == [None, None]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_value_is_given_as_written(engine: str) -> None:
    text = "has(member.name) ? member.name : member.name"
    found = backend(engine).evaluate(condition(text), {"member.name": "张　三"}, EPOCH, {})
    assert found == "张　三"
    assert found is not UNKNOWN
