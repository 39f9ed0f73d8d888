"""A real browser for tests of pages. In: nothing. Out: Chromium, or a skip that says so.

Playwright drives the browser that the system has; it downloads none.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from support.engines import ALL

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def program() -> str | None:
    """Where Chromium is, if it is there."""
    return next((path for name in _NAMES if (path := shutil.which(name))), None)


@contextmanager
def chromium() -> Iterator[Any]:
    """Chromium, running; the test is skipped, or in CI fails, where there is none."""
    path = program()
    if path is None:
        assert not ALL, "Chromium is not there, though everything is said to be installed"
        pytest.skip("pages need a browser (Debian's package chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        # Its sandbox needs a user other than root, and here are our own pages alone.
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()
