"""Pages that all have, in a browser: the login, one's account, by keyboard."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


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
