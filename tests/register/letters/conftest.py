"""What tests of letters share: an office with letters to print."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.register_office import Office, office


@pytest.fixture
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """An office with members of two colleges."""
    with office(tmp_path_factory.mktemp("office")) as made:
        yield made
