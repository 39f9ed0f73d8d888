"""How pages stand rough use: a keyboard alone, twice, back, a session that ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from zhuanjie.web.store.event import SYSTEM
from zhuanjie.web.store.members import members


def member_of(page: Any, query: str = "?size=8&tab=violation") -> str:
    page.goto(f"/members{query}")
    return str(page.locator("tbody th a").first.get_attribute("href"))


def tab_to(page: Any, selector: str, most: int = 150) -> None:
    """Press Tab until what is meant has the keyboard, and shows that it has."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
            return
    raise AssertionError(selector)


def test_a_case_is_corrected_by_keyboard_alone(signed_in: Callable[..., Any]) -> None:
    page = signed_in("department", "/members?size=2&tab=violation")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # to the words, past the links at the head
    tab_to(page, "input[type=search]")
    tab_to(page, "tbody th a")
    page.keyboard.press("Enter")
    page.wait_for_url("**/members/*")
    tab_to(page, "a.edit")
    page.keyboard.press("Enter")
    page.wait_for_url("**/acts/correct?section=*")
    tab_to(page, "[name='f:member.name']")
    page.keyboard.press("End")
    page.keyboard.type("君")
    tab_to(page, "textarea[name=reason]")
    page.keyboard.type("by keyboard")
    tab_to(page, "button.main")
    page.keyboard.press("Enter")
    page.wait_for_selector(".note.done")
    assert "by keyboard" in page.inner_text(".events")
    page.go_back()
    page.wait_for_selector("textarea[name=reason]")  # the form, not the sending of it
    page.go_back()
    page.wait_for_selector("a.edit")
    page.go_back()
    page.wait_for_selector("tbody th a")
    assert "tab=violation" in page.url


def test_what_is_sent_twice_is_done_once(signed_in: Callable[..., Any], demo: Any) -> None:
    page = signed_in("department", "/members")
    member = member_of(page)
    page.goto(f"{member}/acts/correct?section=person")
    page.fill("[name='f:member.phone']", "13900005678")
    page.fill("textarea[name=reason]", "typed once")
    page.dblclick("button.main")
    page.wait_for_url(f"**{member}")
    assert page.inner_text(".events").count("typed once") == 1
    done = version_of(demo, member)
    page.reload()
    page.go_back()
    page.wait_for_selector("textarea[name=reason]")
    page.go_forward()
    page.wait_for_selector(".events")
    assert version_of(demo, member) == done


def test_a_session_that_ends_in_a_form_loses_nothing(signed_in: Callable[..., Any],
                                                     demo: Any) -> None:
    page = signed_in("department", "/members", refused=True)
    member = member_of(page)
    before = version_of(demo, member)
    page.goto(f"{member}/acts/correct?section=person")
    page.context.clear_cookies()
    page.fill("[name='f:member.phone']", "13900009999")  # which asks the server, and leads away
    page.fill("textarea[name=reason]", "the session ends")
    page.wait_for_selector("[name='kept:f:member.phone']", state="attached")
    page.fill("[name=user]", "department")
    page.fill("[name=password]", demo.passwords["department"])
    page.press("[name=password]", "Enter")
    page.wait_for_selector("form[action*='/acts/correct']")
    assert page.input_value("[name='f:member.phone']") == "13900009999"
    assert page.input_value("textarea[name=reason]") in ("", "the session ends")
    assert version_of(demo, member) == before
    page.fill("textarea[name=reason]", "signed in again")
    page.click("button.main")
    page.wait_for_url(f"**{member}")
    assert "13900009999" in page.inner_text(".events")


def version_of(demo: Any, member: str) -> int:
    id = member.rpartition("/")[2]
    with demo.register.store.reading(SYSTEM) as conn:
        return int(members(conn, [id])[id].version)
