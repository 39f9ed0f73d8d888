"""The clerk's list in a browser: by keyboard, one act for many, back and twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from axe_playwright_python.sync_playwright import Axe


def test_an_act_is_done_to_many_by_keyboard(signed_in: Callable[..., Any]) -> None:
    page = signed_in("department", "/members?tab=pending&order=name")
    everyone = page.locator("input[data-all]")
    everyone.focus()
    page.keyboard.press("Space")
    count = page.locator("input[name=member]").count()
    assert page.locator("input[name=member]:checked").count() == count > 0
    page.select_option("#f-act", "brief")
    page.locator("#f-act").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/members/bulk?asked=*")
    assert Axe().run(page).response["violations"] == []
    page.locator("[formaction]").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/members/bulk/do")
    assert f"已办理 {count} 个" in page.locator(".note.done").inner_text()
    page.reload()  # sends the same form again, which does nothing more
    assert page.url.endswith("/members/bulk/do")
    assert f"已办理 {count} 个" in page.locator(".note.done").inner_text()
    page.go_back()
    assert page.locator("h1").is_visible() and "/members/bulk?asked=" in page.url
