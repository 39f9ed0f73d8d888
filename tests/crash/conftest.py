"""What the crash tests share: one disk that fails on demand."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.disk import Disk


@pytest.fixture(scope="session")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Disk]:
    """Calls of the command on a disk that fails on demand."""
    made = Disk(tmp_path_factory.mktemp("disk"))
    yield made
    made.close()
