"""How an office compares texts: which are the same, and that columns come out as single texts do."""

from __future__ import annotations

from typing import get_args

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.office_texts import OTHER, SAME, SIGNS

from zhuanjie.engine.core.unicode import BLANKS
from zhuanjie.engine.ledger.cells.asking import holds
from zhuanjie.engine.ledger.compared_columns import compared, compared_series
from zhuanjie.engine.vocabulary.comparison import FORMS, Comparison, canonical

HOWS = tuple(FORMS)
PAIRS = [(how, same, a, b) for same, kinds in ((True, SAME), (False, OTHER))
         for how, pairs in kinds.items() for a, b in pairs]
TEXTS = st.text(SIGNS, min_size=1, max_size=9) | st.from_regex(
    r"\A\(?(\+|00)?86[-)]?\(?0?[1-9][0-9]{1,2}[-)]?[0-9]{4}-?[0-9]{3,4}\Z")


def test_every_kind_has_a_form() -> None:
    assert {"text", *HOWS} == set(get_args(Comparison))
    assert len(PAIRS) >= 60


@pytest.mark.parametrize(("how", "same", "a", "b"), PAIRS)
def test_two_texts(how: Comparison, same: bool, a: str, b: str) -> None:
    assert (canonical(a, how) == canonical(b, how)) is same


@pytest.mark.parametrize("how", HOWS)
def test_to_the_letter_nothing_is_the_same(how: Comparison) -> None:
    assert all(canonical(a, "text") != canonical(b, "text") for a, b in SAME[how] if a != b)


@given(TEXTS, st.sampled_from(HOWS))
def test_a_form_is_its_own_form(text: str, how: Comparison) -> None:
    form = canonical(text, how)
    assert form
    assert canonical(form, how) == form


LONG = {
    "short": list[str | None](),
    "numbers": [f"{n:011}" for n in range(13, 2013)],
    "signed numbers": [f"+{n}" if n % 9 == 0 else f"{n}" for n in range(2000)],
    "numbers, some of them long": [str(17 ** (n % 23)) for n in range(2000)],
    "numbers of abroad": [f"008610{n:07}" for n in range(2000)],
    "few": [("甲委", "乙（院）", "第3号", None)[n % 4] for n in range(2000)],
    "many": [chr(0x4e00 + n) for n in range(2000)],
}


@pytest.mark.parametrize("sort", LONG)
@given(drawn=st.lists(st.none() | TEXTS.filter(lambda t: t.strip(BLANKS)), max_size=6),
       how=st.sampled_from(HOWS))
@settings(max_examples=30, deadline=None)
def test_a_column_comes_out_as_its_texts_do(
        sort: str, drawn: list[str | None], how: Comparison) -> None:
    texts = LONG[sort] + drawn
    wanted = [None if text is None else canonical(text, how) for text in texts]
    # Blanks alone are no text of a cell.
    column = pl.Series("text", texts, dtype=pl.String)
    assert compared_series(column, how).to_list() == wanted
    assert column.to_list() == texts  # which are shown as they were written
    frame = pl.LazyFrame([column]).select(compared(pl.col("text"), how))
    assert frame.collect(engine="streaming")["text"].to_list() == wanted


def test_a_column_of_usual_texts_is_not_made_anew() -> None:
    column = pl.Series(["06001", None, "06002"])
    assert compared_series(column, "id") is column


@pytest.mark.parametrize("sort", LONG)
@given(drawn=st.lists(st.none() | TEXTS, max_size=6))
@settings(max_examples=30, deadline=None)
def test_a_test_asked_of_few_texts_holds_where_it_does_of_all(
        sort: str, drawn: list[str | None]) -> None:
    def other(texts: pl.Series) -> pl.Series:
        return ~texts.str.contains("^[0-9甲]*$")

    texts = pl.Series(LONG[sort] + drawn, dtype=pl.String)
    wanted = other(texts).fill_null(value=False)
    assert holds(texts, other, but_numbers=True).to_list() == wanted.to_list()
