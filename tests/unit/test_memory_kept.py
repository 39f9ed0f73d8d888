"""The command has Polars keep memory between batches, unless somebody says how."""

from __future__ import annotations

import os

import pytest

from zhuanjie.cli import main


def test_what_somebody_says_of_memory_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(main._ALLOCATOR, raising=False)
    main._keep_memory()
    assert os.environ[main._ALLOCATOR].endswith(f"narenas:{os.cpu_count()}")
    monkeypatch.setenv(main._ALLOCATOR, "narenas:1")
    main._keep_memory()
    assert os.environ[main._ALLOCATOR] == "narenas:1"
