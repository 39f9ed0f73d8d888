"""Pages that all have, in a browser: the login, one's account, by keyboard, on any screen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe


@pytest.mark.parametrize(("lang", "screen", "dark"), [
    ("zh", "desk", False), ("en", "telephone", True)])
def test_pages_are_for_everybody(signed_in: Callable[..., Any], lang: str, screen: str,
                                 dark: bool) -> None:
    for role, path in (("", "/login"), ("department", "/account"), ("department", "/jobs"),
                       ("department", "/login/password")):
        page = signed_in(role, path, lang=lang, screen=screen, dark=dark)
        assert Axe().run(page).response["violations"] == [], path
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, path


def test_somebody_signs_in_by_keyboard_without_scripts(signed_in: Callable[..., Any],
                                                       demo: Any) -> None:
    page = signed_in("", "/jobs", lang="en", scripts=False)
    assert page.url.endswith("/login?next=/jobs")
    page.locator("[name=user]:focus").wait_for()  # where the page puts the keyboard
    page.keyboard.type("college")
    page.keyboard.press("Tab")
    page.keyboard.type(demo.passwords["college"])
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/login" not in url)
    assert page.locator("h1").inner_text() == "My jobs"
    for _ in range(2):
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.matches('a')")
