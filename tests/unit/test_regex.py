"""Patterns that are let through match alike in Python, Rust (Polars) and RE2 (CEL's own)."""

from __future__ import annotations

import re

import polars as pl
import pytest
from cel_expr_python import cel
from hypothesis import given
from hypothesis import strategies as st
from support.strategies import examples

from zhuanjie.engine.regex.portable import RegexError, portable, python_form

ATOMS = ["a", "1", "-", r"\d", r"\w", r"\s", r"\.", r"\-", r"\<", "[0-9]", "[^a]", "[a-c1]", r"[\d-]",
         r"[-\s]", r"[\w.-]",         ".", "中", "(a|b)", "(?:ab)", "^", "$", r"\\", r"[\]a]", "１"]
TAILS = ["", "*", "+", "?", "{2}", "{1,}", "{0,2}", "*?"]
TEXTS = ["", "a", "ab", "a1", "1\n", "a\n", "中", "１", "-", "<", "\\", "a-1", "]", "aa", " ", "b.c",
         "\x0b", "é", "1" * 11]
ENV = cel.NewEnv(variables={"t": cel.Type.STRING, "p": cel.Type.STRING})


def re2(pattern: str, text: str) -> bool:
    return ENV.compile("t.matches(p)").eval(data={"t": text, "p": pattern}).plain_value()


@examples(300)
@given(st.lists(st.tuples(st.sampled_from(ATOMS), st.sampled_from(TAILS)), min_size=1, max_size=4))
def test_engines_agree(parts: list[tuple[str, str]]) -> None:
    text = "".join(a + ("" if a in "^$" else t) for a, t in parts)
    pattern = portable(text)
    rust = pl.Series(TEXTS).str.contains(pattern).to_list()
    python = [re.search(python_form(pattern), t) is not None for t in TEXTS]
    google = [re2(pattern, t) for t in TEXTS]
    assert rust == python == google, pattern


@pytest.mark.parametrize("pattern", [
    "(?i)a", "(?=a)", "(?<n>a)", r"\1", r"\b", r"\p{L}", "a**", "a{2", "a{2,1}", "a{1001}", "*a", "(a",
    "a)", "[a", "[]a]", "[[:alpha:]]", "[a&&b]", "[a--b]", r"\Q", "a{,2}", "[b-a]", "\\", "a++", "]", "}",
    r"[\w-a]", r"[\s-z]", r"[+-\d]", r"[a-z\d-\w]",
    "(a*)*", "(?:(a+)b)+", "((a{10}){10}){11}", "(中{100}){10}{10}", "(((a{10}|b){10}){10}){1000}",
    "[a-z]{1000}" * 6, "a{" + "9" * 5000 + "}",
])
def test_what_differs_is_refused(pattern: str) -> None:
    with pytest.raises(RegexError):
        portable(pattern)


def test_end_is_the_very_end() -> None:
    pattern = portable("^1[0-9]{10}$")
    assert re.search(python_form(pattern), "13800000000")
    assert not re.search(python_form(pattern), "13800000000\n")
    assert not re.search(python_form(pattern), "１３８００００００００")
