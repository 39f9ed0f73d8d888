"""A form whose session ended while it was filled in comes back as it was, nothing done yet."""

from __future__ import annotations

from typing import Any

import pytest
from support.register_pages import OWN, Pages, text_of

from zhuanjie.web.store.event import SYSTEM
from zhuanjie.web.store.members import members


def resumed(at: Pages, role: str, path: str, typed: dict[str, Any], **more: Any) -> str:
    """What is shown to somebody who sends a form without a session, and signs in."""
    browser = at.browser()
    answer = browser.post(path, data=typed, **more)
    assert answer.status_code == 401 and "填写的内容还在" in answer.text
    hidden = answer.text.split('name="next" value="')[1].split('"')[0]
    done = browser.post("/login", data={
        "user": role, "password": at.password(role), "next": hidden,
        **{f"kept:{name}": value for name, value in typed.items()}})
    assert done.status_code == 200, text_of(done.text)[:500]
    page = browser.get("/account")  # signed in, whatever became of the form
    assert page.status_code == 200
    return str(done.text)


@pytest.fixture(scope="module")
def case(at: Pages) -> str:
    at.office.add("resume", "maths", member__name="李四", destination__kind="talent_service")
    return "resume"


@pytest.mark.parametrize("way", ["?section=person", "/judge"])
def test_the_form_of_an_act_comes_back(at: Pages, case: str, way: str) -> None:
    page = resumed(at, "department", f"/members/{case}/acts/correct{way}", {
        "f:member.phone": "13912345678", "was:member.phone": "", "reason": "<b>电话</b>",
        "version": "1", "once": "x"})
    assert 'name="f:member.phone" type="text" value="13912345678"' in page
    assert "&lt;b&gt;电话&lt;/b&gt;</textarea>" in page
    assert f'action="/members/{case}/acts/correct' in page and "尚未提交" in text_of(page)
    with at.office.register.store.reading(SYSTEM) as conn:
        assert members(conn, [case])[case].record["member.phone"] != "13912345678"


def test_what_many_forms_held_comes_back(at: Pages, case: str) -> None:
    bulk = resumed(at, "department", "/members/bulk/do", {
        "act": "brief", "member": f"{case}:1", "reason": "统一告知"})
    assert "统一告知" in bulk and f'value="{case}:' in bulk and 'formaction="/members/bulk/do"' in bulk
    policy = at.office.register.policy()
    name = next(n for n, p in policy.parameters.items() if p.unit != "date" and "@" not in n)
    law = resumed(at, "college", "/law/what-if", {
        "pack": policy.id, "as_of": "2026-06-30", f"p:{name}": "47"})
    assert f'name="p:{name}" type="text" value="47"' in law
    receipt = resumed(at, "department", f"/receipts/{case}", {"day": "2026-05-01", "version": "1"})
    assert 'type="date" value="2026-05-01"' in receipt


def test_other_forms_are_shown_by_their_titles(at: Pages) -> None:
    page = resumed(at, "administrator", "/settings/mail", {
        "host": "smtp.example.edu", "password": "geheim 4711", "sender": "", "version": "0"})
    shown = text_of(page)
    assert "服务器 smtp.example.edu" in shown and "密码 ••••" in shown
    assert "geheim" not in shown and "version" not in shown and "host" not in shown
    assert 'type="hidden" name="password" value="geheim 4711"' in page


def test_a_form_in_which_nothing_was_typed_leads_to_its_page(at: Pages) -> None:
    answer = at.browser().post("/logout", headers={"referer": f"{OWN}/jobs?x=1"})
    assert answer.status_code == 401 and 'name="next" value="/jobs?x=1"' in answer.text
    far = at.browser().post("/logout", headers={"referer": "https://evil.example//evil"})
    assert far.status_code == 403 or 'name="next" value="/"' in far.text


def test_what_somebody_may_not_is_said_to_who_is_signed_in(at: Pages, case: str) -> None:
    browser = at.browser()
    done = browser.post("/login", data={
        "user": "inspector", "password": at.password("inspector"), "kept:reason": "x",
        "next": f"/members/{case}/acts/correct"})
    assert done.status_code == 403 and "督查" in done.text and "“correct”" not in done.text
    assert browser.get("/account").status_code == 200
