"""The list of slow tests: what it marks."""

from __future__ import annotations

from typing import cast

import pytest
from support import slow_tests


class Item:
    """A test as far as a mark goes."""

    def __init__(self, nodeid: str) -> None:
        self.nodeid, self.marks = nodeid, []

    def add_marker(self, mark: object) -> None:
        self.marks.append(mark)


def test_all_of_a_function_is_slow_but_the_case_that_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    took = {"a.py::alone": 2.0, "a.py::quick": 0.1, "a.py::cases[x]": 2.0, "a.py::cases[y]": 0.2,
            "a.py::long[x]": 2.0, "a.py::long[y]": 3.0}
    monkeypatch.setattr(slow_tests, "read", lambda: slow_tests.chosen(took))
    items = [Item(nodeid) for nodeid in took]
    slow_tests.mark(cast("list[pytest.Item]", items))
    assert [item.nodeid for item in items if item.marks] == [
        "a.py::alone", "a.py::cases[x]", "a.py::long[x]", "a.py::long[y]"]
