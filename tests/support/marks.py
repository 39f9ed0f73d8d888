"""Which cases of a test the quick suite keeps. In: cases. Out: the same, all others marked slow."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest


def slow(*case: Any) -> Any:
    """A case for `make test-all`."""
    return pytest.param(*case, marks=pytest.mark.slow)


def few(cases: Iterable[Any], *kept: Any) -> list[Any]:
    """The cases, slow but for those `kept`: of parameters that are crossed, what is kept of all."""
    cases = list(cases)
    assert all(case in cases for case in kept), "there is no such case to keep"
    return [case if case in kept else slow(*case) if isinstance(case, tuple) else slow(case)
            for case in cases]
