"""Searches take no longer than their texts are long, and find what Python's own engine finds."""

from __future__ import annotations

import re
import time
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.strategies import examples

from zhuanjie.engine.ledger.cells.date_text import month_part, read_text
from zhuanjie.engine.ledger.cells.text import CellError
from zhuanjie.engine.regex.automaton import automaton
from zhuanjie.engine.regex.portable import RegexError, portable, python_form
from zhuanjie.engine.regex.search import _LazySearch, searcher

ATOMS = st.sampled_from(["a", "b", "党", ".", "[ab]", "[^a]", "^", "$", r"\.", "(?:a|ab)", "(?:b|)"])
PATTERNS = st.recursive(
    ATOMS, lambda inner: st.one_of(
        st.builds("{}{}".format, inner, inner), st.builds("(?:{})*".format, inner),
        st.builds("(?:{})+".format, inner), st.builds("(?:{}|{})".format, inner, inner),
        st.builds("(?:{}){{1,3}}".format, inner), st.builds("(?:{})?".format, inner)),
    max_leaves=5)


@examples(300)
@given(pattern=PATTERNS, texts=st.lists(st.text("ab.党\n", max_size=8), max_size=6))
def test_both_ways_find_the_same(pattern: str, texts: list[str]) -> None:
    try:
        pattern = portable(pattern)
    except RegexError:
        return
    run = _LazySearch(automaton(pattern))
    for text in (*texts, ""):
        found = re.search(python_form(pattern), text) is not None
        assert bool(run(text)) == found
        assert bool(searcher(pattern)(text)) == found


@pytest.mark.parametrize("pattern", [
    "(?:a|aa)+$", "(?:a|a)*$", "^(?:.*,){12}x$", "a*a*a*a*b", ".*.*.*x",
    "^(?:a?){30}a{30}$", "a*b", "[ab]*a[ab]{12}c",
])
@pytest.mark.parametrize("text", ["a" * 40 + "!", "a" * 20_000 + "!", "a," * 300, "ab" * 5_000])
def test_no_pattern_takes_for_ever(pattern: str, text: str) -> None:
    began = time.process_time()
    searcher(portable(pattern))(text)
    assert time.process_time() - began < 5


@pytest.mark.parametrize("text", [
    "2007" + " " * 30_000 + "06", "2007-06-30" * 5_000, "1 " * 20_000, "-" * 30_000, "约" * 30_000,
    "2007年" + "0" * 30_000, "jan" * 10_000, "〇" * 30_000,
])
def test_no_cell_takes_for_ever(text: str) -> None:
    began = time.process_time()
    with pytest.raises(CellError):
        read_text(text, "2007-06-30")
    month_part(text)
    assert time.process_time() - began < 1


@pytest.mark.parametrize("engine", ["reference", "python", "durable"])
def test_engines_for_records_use_it(engine: str) -> None:
    from zhuanjie.engine import evaluate

    began = time.process_time()
    assert evaluate('a.b.matches("^(a|aa)+$")', {"a": {"b": "a" * 60 + "!"}},
                    backend=engine, as_of=date(2007, 12, 31)) is False
    assert time.process_time() - began < 10
