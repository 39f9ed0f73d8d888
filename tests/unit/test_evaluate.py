"""`evaluate` on what nobody should hand it: a typed error from every engine, or the right value."""

from __future__ import annotations

from typing import Any

import pytest

from zhuanjie.engine import UNKNOWN, evaluate
from zhuanjie.engine.backends.registry import NAMES
from zhuanjie.engine.core.errors import ExpressionError, UnsupportedError


@pytest.mark.parametrize("backend", NAMES)
@pytest.mark.parametrize(("expression", "data"), [
    (None, {}),
    (5, {}),
    ("m.x", None),
    ("m.x", ["m.x"]),
    ("m.x", "abc"),
    ("1 == 1", {1: 2}),
    ("x.y.z", {None: 1}),
    ("m.x == 1", {"m": {1: 2}}),
    ("m.s == 'x'", {"m": {"s": "\ud800"}}),
    ("'\udfff' == 'x'", {}),
    ("m.b < m.missing", {"m": {"b": True}}),
    ("m.missing >= false", {}),
    ("months(1) == m.missing", {}),
    ("startsWith('ab', 'a')", {}),
    ("matches('ab', 'a')", {}),
    ("3.days() == days(3)", {}),
    ("m.s.matches('((a{1000}){1000}){1000}')", {"m": {"s": "a"}}),
    ("'" + "a" * 40 + "!'.matches('^(a+)+$')", {}),
    ("(" * 200 + "1" + ")" * 200, {}),
    (" + ".join(["1"] * 200), {}),
    ("size('" + "x" * 200_000 + "')", {}),
])
def test_refused(expression: Any, data: Any, backend: str) -> None:
    with pytest.raises(ExpressionError) as refused:
        evaluate(expression, data, backend=backend)
    assert str(refused.value)


@pytest.mark.parametrize("backend", NAMES)
def test_too_much_is_not_called_a_mistake(backend: str) -> None:
    with pytest.raises(UnsupportedError, match="32 levels"):
        evaluate("(" * 200 + "1" + ")" * 200, {}, backend=backend)
    with pytest.raises(UnsupportedError, match="characters"):
        evaluate("size('" + "x" * 200_000 + "')", {}, backend=backend)


@pytest.mark.parametrize("backend", NAMES)
def test_long_conditions_are_judged(backend: str) -> None:
    mixed = " && ".join(f"(m.a || m.n > {i})" for i in range(80))
    for a, expected in ((True, True), (False, False), (None, UNKNOWN)):
        data = {"m": {"a": a, "n": 40 if a is not None else 79}}
        found = evaluate(mixed, data, backend=backend)
        assert found is expected
    assert evaluate(" || ".join(["m.b"] * 3000), {"m": {"b": True}}, backend=backend) is True


@pytest.mark.parametrize("backend", NAMES)
def test_methods_and_functions(backend: str) -> None:
    assert evaluate("'ab'.startsWith('a') && 'ab'.size() == size('ab')", {}, backend=backend)
