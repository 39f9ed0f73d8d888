"""The table of unknowns and the shapes of rules, line by line, on every engine."""

from __future__ import annotations

from datetime import date

import pytest

from zhuanjie.engine import UNKNOWN, evaluate
from zhuanjie.engine.backends.registry import NAMES

DATA = {"m": {"t": True, "f": False, "n": 3, "s": "甲乙", "d": date(2007, 6, 30)}}
# `m.x` and `m.y` are missing.
TABLE = [
    ("m.x", UNKNOWN), ("!m.x", UNKNOWN), ("has(m.x)", False), ("has(m.n)", True),
    ("m.f && m.x", False), ("m.x && m.f", False), ("m.t && m.x", UNKNOWN), ("m.x && m.y", UNKNOWN),
    ("m.t || m.x", True), ("m.x || m.t", True), ("m.f || m.x", UNKNOWN), ("m.x || m.y", UNKNOWN),
    ("m.x == m.x", UNKNOWN), ("m.x != m.n", UNKNOWN), ("m.x > 3", UNKNOWN), ("!(m.x > 3)", UNKNOWN),
    ("m.x in [1, 2]", UNKNOWN), ("m.n in [1, m.x]", UNKNOWN), ("m.n in [3, m.x]", UNKNOWN),
    ("!(m.n in [1, 2])", True), ("m.n in []", False), ("m.x in []", UNKNOWN),
    ("m.x ? 1 : 2", UNKNOWN), ("m.x ? 1 : 1", UNKNOWN), ("m.t ? 1 : m.x", 1), ("m.f ? 1 : m.x", UNKNOWN),
    ("m.t ? m.t : m.x", True), ("m.x ? m.t : m.t", UNKNOWN), ("(m.t ? m.x : m.t) || m.t", True),
    ("m.n + m.x", UNKNOWN), ("m.n * 2 - 1", 5), ("-m.n", -3), ("-m.x > 0 && m.f", False),
    ("size(m.s)", 2), ("size(m.x)", UNKNOWN), ("m.s.startsWith('甲')", True),
    ("m.s.startsWith(m.x)", UNKNOWN), ("!m.s.contains('丙')", True), ("m.s.endsWith('乙')", True),
    ("m.s.matches('^..$')", True), ("m.x.matches('a')", UNKNOWN), ("!m.s.matches('a')", True),
    ("m.d + days(m.x)", UNKNOWN), ("m.d + days(1)", date(2007, 7, 1)),
    ("m.d + months(m.x)", UNKNOWN), ("m.d + months(m.n)", date(2007, 9, 30)),
    ("(m.t == m.f) || m.x", UNKNOWN), ("m.t != m.f", True), ("m.t == m.x", UNKNOWN),
    ("m.t in [m.t, m.f]", True), ("m.f in [m.t]", False), ("m.x in [m.t]", UNKNOWN),
    ("(m.x > 1) == (m.x > 1)", UNKNOWN), ("m.x == 1 || has(m.n)", True),
    ("(m.x + 1) > 2 && m.f", False), ("m.d > m.x || m.n == 3", True), ("1 == 1", True),
    ("true && !false", True), ("m.d in [m.d, as_of]", True), ("(m.t ? m.d : m.x) <= as_of", True),
]


@pytest.mark.parametrize("backend", NAMES)
@pytest.mark.parametrize(("text", "expected"), TABLE)
def test_table_of_unknowns(text: str, expected: object, backend: str) -> None:
    found = evaluate(text, DATA, backend=backend, as_of=date(2007, 12, 31))
    assert found is expected if expected is UNKNOWN else found == expected
    assert type(found) is type(expected)


def test_unknown_is_neither_true_nor_false() -> None:
    with pytest.raises(TypeError):
        bool(UNKNOWN)
