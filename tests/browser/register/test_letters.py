"""The pages of papers and of what has not come back, in a browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe


@pytest.mark.parametrize(("lang", "screen", "dark"), [
    ("zh", "desk", False), ("en", "telephone", True)])
def test_letters_are_for_everybody(signed_in: Callable[..., Any], lang: str, screen: str,
                                   dark: bool) -> None:
    page = signed_in("department", "/letters?tab=standing", lang=lang, screen=screen, dark=dark)
    looked(page, "list")
    page.locator("tbody input[name=member]").first.check()
    page.locator("main form[action='/letters/print'] button").click()
    page.wait_for_url("**/letters/print?*")
    looked(page, "print")
    page.locator("form[action='/letters/print'] button.main").click()
    page.wait_for_url("**/letters/printed?*")
    looked(page, "printed")
    link = page.locator("a[href^='/letters/pdf']").get_attribute("href")
    assert page.request.get(link).body().startswith(b"%PDF-")


@pytest.mark.parametrize(("lang", "screen", "dark"), [
    ("zh", "telephone", False), ("en", "desk", True)])
def test_one_click_records_what_came(signed_in: Callable[..., Any], lang: str, screen: str,
                                     dark: bool) -> None:
    page = signed_in("department", "/receipts", lang=lang, screen=screen, dark=dark)
    looked(page, "receipts")
    row = page.locator("tbody tr").first
    id = row.get_attribute("id")
    row.locator("button").click()
    page.locator(f"#{id} [role=status]").wait_for()
    page.locator("tbody a[href^='/receipts/']").first.click()
    page.wait_for_url("**/receipts/*")
    looked(page, "record")


def test_lists_are_read_and_sent_without_scripts(signed_in: Callable[..., Any]) -> None:
    page = signed_in("department", "/receipts", scripts=False)
    row = page.locator("tbody tr").first
    id = row.get_attribute("id")
    row.locator("button").click()
    page.wait_for_url("**/receipts?*")
    assert page.locator(f"#{id}").count() == 0 and page.locator(".note.done").count() == 1


def test_a_test_print_opens_beside_and_the_form_can_still_be_saved(
        signed_in: Callable[..., Any]) -> None:
    page = signed_in("department", "/settings/forms/letter")
    looked(page, "places")
    page.locator("input[name^='x:2.name']").fill("31.5")
    with page.context.expect_page() as beside:
        page.locator("button[formaction$='/test']").click()
    beside.value.close()
    with page.expect_navigation():
        page.locator("form[action='/settings/forms/letter'] button.main").click()
    assert page.locator(".note.done").count() == 1
    assert page.locator("input[name^='x:2.name']").input_value() == "31.5"


def looked(page: Any, what: str) -> None:
    assert Axe().run(page).response["violations"] == [], what
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, what
