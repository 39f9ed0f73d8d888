"""What tests of the register share: an empty database of each kind, and a store on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support import engines

from zhuanjie.web.store.database import RegisterDatabase


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RegisterDatabase]:
    """An empty register's database: SQLite's file, or a database of its own on a server."""
    if request.param == "sqlite":
        made = RegisterDatabase(f"sqlite:///{tmp_path / 'register.db'}")
    else:
        made = RegisterDatabase(engines.fresh_database())
    made.create()
    yield made
    made.close()
