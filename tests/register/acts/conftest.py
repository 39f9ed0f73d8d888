"""What tests of acts share: an office of each domain."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from support.acts_office import PERMITS, Office, policy

from zhuanjie.web.store.database import RegisterDatabase


@pytest.fixture
def office(database: RegisterDatabase, tmp_path: Path) -> Office:
    return Office(database, policy("fujian-2007-80"), tmp_path / "files")

@pytest.fixture
def permits(database: RegisterDatabase, tmp_path: Path) -> Office:
    return Office(database, policy(str(PERMITS)), tmp_path / "files", day=date(2024, 4, 22),
                  now=datetime(2024, 4, 22, tzinfo=UTC))

