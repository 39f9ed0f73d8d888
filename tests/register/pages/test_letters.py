"""The pages of papers and of what has not come back, by HTTP and without scripts."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from support.acts_office import jpeg
from support.register_office import DAY
from support.register_pages import Pages, text_of
from support.sheets import places, words

from zhuanjie.web.acts.perform import AskedAct
from zhuanjie.web.store.event import SYSTEM, Actor
from zhuanjie.web.store.history import events_of

LI = Actor("li", "department", "office")


def issue(at: Pages, member: str) -> str:
    register = at.office.register
    done = register.acts.do(LI, AskedAct(
        "issue", member, {"letter.origin_address": "泉州市某路1号"},
        acknowledged=frozenset(c.clause for c in register.policy().rules)))
    return str(done.data["number"])


@pytest.fixture(scope="module")
def numbers(at: Pages) -> dict[str, str]:
    return {member: issue(at, member) for member in ("m1", "p1")}


def hidden(html: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="([a-z]+)" value="([^"]*)"', html))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_letters_are_looked_over_printed_and_counted(
        at: Pages, numbers: dict[str, str], lang: str) -> None:
    browser = at.as_("department", lang)
    page = browser.page("/letters?tab=standing")
    assert all(number in page for number in numbers.values()) and 'name="member" value="m1"' in page
    page = browser.page("/letters/print?paper=letter&member=m1&member=p1")
    assert ("身份证号" if lang == "zh" else "Identity number") in text_of(page)  # what stays blank
    before = prints(at, "m1")
    sent = hidden(page)
    answer = browser.submit("/letters/print", {**sent, "mode": "whole"})
    # The same form once more is no further print.
    assert browser.submit("/letters/print", {**sent, "mode": "whole"}).headers["location"] == \
        answer.headers["location"]
    assert prints(at, "m1") == [*before, len(before) + 1]
    after = browser.page(answer.headers["location"])
    assert re.search(rf"{numbers['m1']}.*?<td>{len(before) + 1}</td>", after, re.S)
    link = re.search(r'href="(/letters/pdf[^"]+)"', after)
    assert link is not None
    pdf = browser.get(link[1].replace("&amp;", "&"))
    assert pdf.status_code == 200 and pdf.content.startswith(b"%PDF-")
    assert pdf.headers["content-type"] == "application/pdf"
    again = text_of(browser.page("/letters/print?paper=letter&member=m1"))
    assert ("补印" if lang == "zh" else "again") in again


def prints(at: Pages, member: str) -> list[Any]:
    with at.office.register.store.reading(SYSTEM) as conn:
        return [e.data["copy"] for e in events_of(conn, member) if e.kind == "member.printed"]


def test_who_may_not_print_cannot(at: Pages, numbers: dict[str, str]) -> None:
    college = at.as_("college")
    assert 'value="letter"' not in college.page("/letters?tab=standing")
    assert numbers["p1"] not in college.page("/letters?tab=standing")
    college.page("/letters/print?paper=letter&member=m1", status=403)
    college.page("/letters/print?paper=signing&member=p1", status=404)
    signing = college.get("/letters/pdf?paper=signing&members=m1")
    assert signing.status_code == 200 and signing.content.startswith(b"%PDF-")
    at.as_("administrator").page("/letters", status=403)


def test_offsets_come_from_the_settings_and_bad_ones_are_said(
        at: Pages, numbers: dict[str, str]) -> None:
    at.office.register.settings.put(SYSTEM, "forms/letter", {"right": 25, "down": -10})
    browser = at.as_("department")
    page = browser.page("/letters/print?paper=letter&member=m1")
    assert 'value="2.5"' in page and 'value="-1.0"' in page
    before = prints(at, "m1")
    answer = browser.submit("/letters/print", {**hidden(page), "mode": "over", "right": "far"},
                            status=400)
    assert "毫米" in answer.text and prints(at, "m1") == before
    test = browser.get("/letters/sample?paper=letter&mode=test&right=2.5&down=-1")
    assert test.content.startswith(b"%PDF-")
    browser.page("/letters/sample?paper=signing&mode=test", status=404)
    browser.page("/letters/print?paper=none&member=m1", status=404)


def test_what_is_not_counted_is_moved_and_printed_over_a_form_too(at: Pages) -> None:
    at.office.register.settings.put(SYSTEM, "forms/notice", {"right": 35})
    browser = at.as_("department")
    page = browser.page("/letters/print?paper=notice&member=m1")
    asked = {**hidden(page), "right": re.search(r'name="right"[^>]* value="([^"]*)"', page)[1]}
    assert asked["right"] == "3.5" and "编号" not in text_of(page)
    here, there = (browser.get("/letters/pdf", params={**asked, "mode": "over", "right": right}).content
                   for right in ("0", asked["right"]))
    assert "同志" not in words(here)
    (left, *_), (right, *_) = places(here, "王m1")[0], places(there, "王m1")[0]
    assert right - left == pytest.approx(3.5, abs=0.1)


def test_a_voided_letter_is_listed_apart(at: Pages) -> None:
    register, browser = at.office.register, at.as_("department")
    at.office.add("v1", "maths")
    number = issue(at, "v1")
    assert number in browser.page("/letters")  # to be printed
    register.acts.do(LI, AskedAct("void", "v1", reason="填写有误"))
    assert number not in browser.page("/letters")
    page = browser.page(f"/letters?tab=ended&search={number}")
    assert number in page and "已作废" in page


def test_what_has_not_come_is_recorded_with_one_click(at: Pages) -> None:
    for id, days in (("young", 3), ("old", 200), ("phone", 45)):
        at.office.add(id, "maths", letter__serial=f"S{id}", letter__addressee="某区委组织部",
                      letter__issued_on=(DAY - timedelta(days=days)).isoformat())
    browser = at.as_("college")
    page = browser.page("/receipts?age=91-")
    assert "王old" in page and "王young" not in page and "某区委组织部" in page
    version = at.office.register
    with version.store.reading(SYSTEM) as conn:
        seen = events_of(conn, "old")[-1].seq
    sent = {"what": "slip", "age": "91-", "version": str(seen), "once": f"old-{seen}"}
    answer = browser.submit("/receipts/old", sent)
    assert answer.headers["location"] == "/receipts?what=slip&age=91-"
    browser.submit("/receipts/old", sent)  # the same click arrives twice
    assert "王old" not in browser.page("/receipts?age=91-")
    assert record(at, "old")["receipt.returned_on"] == DAY.isoformat()
    # HTMX gets the row alone, with what became of it.
    browser.page("/receipts")
    part = browser.post("/receipts/young", data={"csrf": browser.token, "what": "slip"},
                        headers={"hx-request": "true"})
    assert part.status_code == 200 and part.text.lstrip().startswith("<tr") and "王young" in part.text


def test_a_photograph_comes_with_it(at: Pages) -> None:
    if "phone" not in _members(at):
        at.office.add("phone", "maths", letter__serial="Sphone",
                      letter__issued_on=(DAY - timedelta(days=45)).isoformat())
    browser = at.as_("college")
    page = browser.page("/receipts/phone?what=slip")
    assert 'capture="environment"' in page
    sent = hidden(page)
    wrong = browser.submit("/receipts/phone", {**sent, "day": "2999-01-01"}, status=422)
    assert "2999-01-01" in wrong.text
    browser.submit("/receipts/phone", {**sent, "day": "2026-06-29"},
                   files={"file": ("回执.jpg", jpeg(), "image/jpeg")})
    register = at.office.register
    with register.store.reading(SYSTEM) as conn:
        event = events_of(conn, "phone")[-1]
    assert event.data["attachments"][0]["type"] == "image/jpeg"
    assert record(at, "phone")["receipt.returned_on"] == "2026-06-29"
    at.as_("inspector").page("/receipts/m1?what=slip", status=403)
    at.as_("college").page("/receipts/p1?what=slip", status=404)


def _members(at: Pages) -> list[str]:
    from sqlalchemy import select

    from zhuanjie.web.store.tables import MEMBERS

    with at.office.register.store.reading(SYSTEM) as conn:
        return list(conn.execute(select(MEMBERS.c.id)).scalars())


def record(at: Pages, member: str) -> dict[str, Any]:
    from zhuanjie.web.store.members import members

    with at.office.register.store.reading(SYSTEM) as conn:
        return members(conn, [member])[member].record
