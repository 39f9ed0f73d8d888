"""The CEL specification's own cases. In: a case of the suite. Out: what an engine answers to it."""

from __future__ import annotations

from typing import Any

from zhuanjie.engine import evaluate
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
