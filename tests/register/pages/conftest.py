"""What tests of pages share: one office for those of a file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.register_pages import Pages, pages


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    """An office with members of two colleges, and its pages."""
    with pages(tmp_path_factory.mktemp("office")) as made:
        yield made
