"""What the fuzzer found, each made small and kept: none of it may come back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fuzz.client import ForkServer
from fuzz.inputs import FuzzInput
from fuzz.oracle import faults
from fuzz.run import cases


@pytest.fixture(scope="module")
def server() -> Iterator[ForkServer]:
    with ForkServer() as started:
        yield started


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_what_was_found_is_mended(server: ForkServer, case: Path) -> None:
    given = FuzzInput.load(case)
    result = server.run(given)
    assert not faults(given, result), result.stderr
