"""What is known makes conditions smaller, and never changes what they mean."""

from __future__ import annotations

from itertools import product

import pytest
from support.party_transfer import fields

from zhuanjie.engine.backends.record_terms import compiled
from zhuanjie.engine.expr.from_cel import read
from zhuanjie.engine.expr.names import PackSchema
from zhuanjie.engine.expr.type_checker import check
from zhuanjie.engine.expr.types import Kind
from zhuanjie.engine.lowering.assume import Assumptions
from zhuanjie.engine.lowering.conditions import (
    FALSE,
    TRUE,
    AnyOf,
    ColumnRef,
    Compare,
    Filled,
    Value,
    all_of,
)
from zhuanjie.engine.lowering.kleene import Kleene

RETAINED = Compare("==", ColumnRef("destination.kind", Kind.STRING), Value("retained", Kind.STRING))
OTHER = Compare("!=", ColumnRef("destination.kind", Kind.STRING), Value("retained", Kind.STRING))
HERE, BLANK = Filled("destination.kind"), Filled("destination.kind", blank=True)
SCHEMA = PackSchema(fields(), {})
CELLS = {
    "employment.employed": (None, True, False), "destination.kind": (None, "retained", "employer_org"),
    "letter.valid_days": (None, 0, 5), "member.name": (None, "a", "b"), "letter.name": (None, "a"),
}
TEXTS = (
    "destination.kind == 'retained' || !employment.employed",
    "!(has(letter.name) && letter.name == member.name)",
    "destination.kind in ['retained', 'talent_service'] && letter.valid_days > 3",
    "(has(letter.valid_days) ? letter.valid_days : 2) > 1 || member.name.startsWith('a')",
    "employment.employed ? destination.kind != 'retained' : letter.valid_days == 0",
    "!(letter.valid_days < 1 || letter.valid_days + 1 > 5) == employment.employed",
)


def test_a_filled_cell_settles_its_blank() -> None:
    assert Assumptions().given(HERE).simplify(BLANK) == FALSE
    assert Assumptions().given(BLANK, holds=False).simplify(HERE) == TRUE


def test_a_comparison_settles_its_opposite_and_that_its_cell_is_filled() -> None:
    facts = Assumptions().given(RETAINED)
    assert facts.simplify(OTHER) == FALSE
    assert facts.simplify(HERE) == TRUE


def test_what_fails_may_be_blank() -> None:
    facts = Assumptions().given(RETAINED, holds=False)
    assert facts.simplify(OTHER) == OTHER
    assert facts.given(HERE).simplify(OTHER) == TRUE


def test_neither_nor_is_blank() -> None:
    facts = Assumptions().given(RETAINED, holds=False).given(OTHER, holds=False)
    assert facts.simplify(BLANK) == TRUE


def test_parts_count_on_those_before_them() -> None:
    assert Assumptions().simplify(all_of((RETAINED, HERE))) == RETAINED
    assert Assumptions().simplify(AnyOf((HERE, BLANK))) == TRUE


@pytest.mark.parametrize("known", TEXTS)
@pytest.mark.parametrize("text", TEXTS)
def test_means_the_same_wherever_the_facts_hold(text: str, known: str) -> None:
    kleene = Kleene(0, {})
    expr, other = (check(read(t), SCHEMA, t) for t in (text, known))
    conds = [kleene.must_be_true(expr), kleene.must_be_false(expr), kleene.unknown(expr)]
    ask = compiled(conds, {})
    for given, holds in product((kleene.must_be_true(other), kleene.unknown(other)), (True, False)):
        facts = Assumptions().given(given, holds)
        smaller = compiled([facts.simplify(c) for c in conds], {})
        is_given = compiled([given], {})
        for cells in product(*CELLS.values()):
            record = dict(zip(CELLS, cells, strict=True))
            if is_given(record)[0] is holds:
                assert smaller(record) == ask(record), (record, given, holds)
