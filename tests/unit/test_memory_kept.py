"""The command has Polars keep memory between batches, unless somebody says how."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator

import pytest

from zhuanjie.cli import main, start
from zhuanjie.engine.core.allocator import VARIABLE


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


def test_what_somebody_says_of_memory_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(main, "main", lambda: 7)
    monkeypatch.delenv(VARIABLE, raising=False)
    assert start.main() == 7
    assert os.environ[VARIABLE].endswith(f"narenas:{os.cpu_count()}")
    assert gc.get_threshold()[0] == start._GARBAGE
    monkeypatch.setenv(VARIABLE, "narenas:1")
    start.main()
    assert os.environ[VARIABLE] == "narenas:1"
