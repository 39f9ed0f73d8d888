"""The engine's public names, imported when first used. In: records. Out: reports and findings."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import zhuanjie.engine.core.forks  # noqa: F401  # to know of a fork it has to be there before

if TYPE_CHECKING:
    from zhuanjie.engine.api import (
        UNKNOWN,
        BackendError,
        CheckResult,
        ExpressionError,
        Finding,
        InputError,
        InputFinding,
        Month,
        Outcome,
        OutputError,
        Policy,
        PolicyError,
        Report,
        Severity,
        UnsupportedError,
        UsageError,
        ZhuanjieError,
        audit,
        check,
        deadlines,
        destinations,
        evaluate,
        explain,
        lint,
        list_policies,
        load_policy,
        stream,
    )

__all__ = [
    "UNKNOWN",
    "BackendError",
    "CheckResult",
    "ExpressionError",
    "Finding",
    "InputError",
    "InputFinding",
    "Month",
    "Outcome",
    "OutputError",
    "Policy",
    "PolicyError",
    "Report",
    "Severity",
    "UnsupportedError",
    "UsageError",
    "ZhuanjieError",
    "audit",
    "check",
    "deadlines",
    "destinations",
    "evaluate",
    "explain",
    "lint",
    "list_policies",
    "load_policy",
    "stream",
]


def __getattr__(name: str) -> Any:
    # The command's help must not wait for the engines.
    if name in __all__:
        return getattr(import_module("zhuanjie.engine.api"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
