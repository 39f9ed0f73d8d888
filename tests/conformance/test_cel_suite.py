"""Cases of the CEL specification's own suite, on every engine: right, or refused, never wrong."""

from __future__ import annotations

import json

import pytest
from support.cel_suite import FILES, REFUSED, outcome, plain

from zhuanjie.engine import UNKNOWN
from zhuanjie.engine.backends.registry import NAMES


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
