"""Cases of the CEL specification's own suite, on every engine: right, or refused, never wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest

from zhuanjie.engine import UNKNOWN, evaluate
from zhuanjie.engine.backends.registry import NAMES
from zhuanjie.engine.core.errors import ExpressionError

FILES = ("basic", "fields", "lists", "logic", "macros", "string")
REFUSED = object()


def plain(value: dict[str, Any]) -> Any:
    """A value of the suite's JSON as Python has it."""
    ((kind, content),) = value.items()
    if kind == "list":
        return [plain(v) for v in content]
    if kind == "map":
        return {plain(k): plain(v) for k, v in content}
    return content


def outcome(case: dict[str, Any], backend: str) -> Any:
    data = {name: plain(value) for name, value in case.get("bindings", {}).items()}
    try:
        return evaluate(case["expr"], data, backend=backend)
    except ExpressionError:
        return REFUSED


@pytest.mark.parametrize("backend", NAMES)
@pytest.mark.parametrize("name", FILES)
def test_right_or_refused(suite, name: str, backend: str) -> None:
    cases = json.loads((suite / "cel" / f"{name}.json").read_text(encoding="utf-8"))["cases"]
    wrong = []
    answered = 0
    for case in cases:
        found = outcome(case, backend)
        if found is REFUSED:
            continue
        answered += 1
        # The suite's error is our missing evidence: there is no value.
        expected = plain(case["value"]) if "value" in case else UNKNOWN
        if found is not expected and (found != expected or type(found) is not type(expected)):
            wrong.append((case["name"], case["expr"], found, expected))
    assert not wrong
    assert answered or name == "macros"


def test_enough_is_answered(suite) -> None:
    """The subset is worth something: a fair part of the suite is answered, the logic nearly all."""
    share = {}
    for name in FILES:
        cases = json.loads((suite / "cel" / f"{name}.json").read_text(encoding="utf-8"))["cases"]
        share[name] = sum(outcome(c, "reference") is not REFUSED for c in cases) / len(cases)
    assert share["basic"] > 0.4, share
    assert share["logic"] > 0.35, share
    assert share["string"] > 0.4, share
