"""The clerk's list over HTTP: tabs, filters, pages by key, columns, an act for many."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from support.register_office import DAY
from support.register_pages import PageClient, Pages, pages, text_of

from zhuanjie.web.operations.upkeep import open_items, units_below
from zhuanjie.web.reminders.digest import digest_text
from zhuanjie.web.reminders.open_items import grouped
from zhuanjie.web.store.event import SYSTEM, EventDraft

ISSUED = {"letter__issued_on": "2026-01-05", "letter__serial": "字第00001号"}


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    """An office with 60 more members in physics."""
    with pages(tmp_path_factory.mktemp("list")) as made:
        for n in range(60):
            made.office.add(f"x{n:03}", "physics", **(ISSUED if n == 7 else {}))
        yield made


def listed(html: str) -> list[str]:
    return re.findall(r'href="/members/([a-z0-9]+)"', html)


def tab_counts(html: str) -> dict[str, int]:
    found = re.findall(r'tab=(\w+)[^>]*>[^<]*<span class="count">([\d,]+)<', html)
    return {tab: int(count.replace(",", "")) for tab, count in found}


def test_pages_follow_one_another_by_key(at: Pages) -> None:
    browser, seen, path = at.as_("department"), [], "/members"
    while path:
        html = browser.page(path)
        seen += listed(html)
        found = re.search(r'href="([^"]+)" rel="next"', html)
        path = found[1].replace("&amp;", "&") if found else ""
    assert len(seen) == 63 == len(set(seen))
    assert "rel=\"first\"" in html


def test_tabs_have_the_counts_of_their_lists(at: Pages) -> None:
    browser = at.as_("department")
    counts = tab_counts(browser.page("/members?size=200"))
    assert set(counts) == {"overdue", "violation", "soon", "pending", "undetermined", "waiting",
                           "done"}
    for tab, count in counts.items():
        assert len(listed(browser.page(f"/members?tab={tab}&size=200"))) == count, tab
    assert sum(counts[t] for t in ("overdue", "violation", "pending", "undetermined", "done")) == 63
    assert sum(count > 0 for count in counts.values()) >= 2


def test_who_is_soon_due_is_listed_as_soon(at: Pages) -> None:
    before = tab_counts(at.as_("department").page("/members"))["soon"]
    day = (DAY - timedelta(days=86)).isoformat()
    at.office.add("soon1", "maths", letter__issued_on=day, letter__serial="字第00009号",
                  letter__valid_days=90)
    html = at.as_("department").page("/members?tab=soon")
    assert tab_counts(html)["soon"] == len(listed(html)) >= before


def test_a_unit_has_those_below_it_and_others_are_not_seen(at: Pages) -> None:
    whole = at.as_("department").page("/members?unit=maths&size=200")
    assert {"m1", "m2"} <= set(listed(whole)) <= {"m1", "m2", "soon1"}
    assert "m2" not in listed(at.as_("department").page("/members?unit=maths&alone=1&size=200"))
    own = at.as_("college").page("/members?size=200")
    assert set(listed(own)) <= {"m1", "m2", "soon1"} and "m2" in listed(own)
    assert listed(at.as_("college").page("/members?unit=physics")) == []
    counts = tab_counts(own)
    assert sum(counts[t] for t in ("overdue", "violation", "pending", "undetermined", "done")) == \
        len(listed(own))


@pytest.mark.parametrize("text", ["王x007", "no-x007", "字第00001号"])
def test_somebody_is_found_by_name_number_and_serial(at: Pages, text: str) -> None:
    html = at.as_("department").page(f"/members?search={text}")
    assert listed(html) == ["x007"]
    assert f'value="{text}"' in html


def test_those_who_have_not_come_so_far_are_listed(at: Pages) -> None:
    browser = at.as_("department")
    sent = listed(browser.page("/members?step=sent&size=200"))
    waiting = listed(browser.page("/members?lacks=sent&size=200"))
    assert "x007" in sent and "x008" in waiting and not set(sent) & set(waiting)
    assert {*sent, *waiting} == set(listed(browser.page("/members?size=200")))
    page = browser.page("/members?lacks=sent&tab=undetermined")
    assert '<option value="sent" selected' in page and "lacks=sent" in page


@pytest.mark.parametrize("lang, said", [("zh", "系统管理员 查看个案"), ("en", "Administrator read")])
def test_who_may_not_is_told_in_words(at: Pages, lang: str, said: str) -> None:
    page = text_of(at.as_("administrator", lang).page("/members", status=403))
    assert all(word in page for word in said.split()) and "“administrator”" not in page


def test_clauses_are_called_by_their_words(at: Pages) -> None:
    assert re.search(r'<option value="1.1a">1.1a \S+', at.as_("department").page("/members"))


def test_nothing_found_says_what_to_do(at: Pages) -> None:
    assert "没有符合条件的个案" in text_of(at.as_("department").page("/members?search=nobody"))
    assert at.as_("administrator").page("/members", status=403)


def test_columns_are_chosen_and_kept(at: Pages) -> None:
    browser = at.as_("department", "en")
    browser.page("/members")
    browser.submit("/members/columns", {"column": ["member.sex", "no.such"], "next": "/members"})
    html = browser.page("/members?search=x001")
    assert 'data-label="Sex"' in html and "male" in text_of(html)
    assert 'data-label="destination' not in html
    browser.submit("/members/columns", {"own": "yes"})
    assert 'data-label="Sex"' not in browser.page("/members")


def test_a_name_is_shown_as_it_is_and_does_nothing(at: Pages) -> None:
    name = "<img src=x onerror=alert(1)>\u202e{{7*7}}"
    at.office.add("xss", "maths", member__name=name)
    html = at.as_("department").page("/members?search=no-xss")
    assert "<img" not in html and "&lt;img" in html and "{{7*7}}" in html


def test_a_selection_is_previewed_then_done_once(at: Pages) -> None:
    browser = at.as_("department")
    browser.page("/members")
    chosen = ["x010", "x011", "x007"]
    form = {"act": "notify", "member": chosen, "next": "/members?search=x0"}
    address = browser.submit("/members/bulk", form).headers["location"]
    shown = browser.page(address)
    assert "可以办理：3 个" in text_of(shown) and 'href="/members?search=x0"' in shown
    events = trail(at)
    hidden = re.findall(r'name="member" value="([^"]+)"', shown)
    once = re.search(r'name="once" value="([^"]+)"', shown)
    assert once and [each.split(":")[0] for each in hidden] == chosen
    # Somebody else is faster with one of them.
    with at.office.register.store.change(SYSTEM) as work:
        work.record(EventDraft("member.set", "x011", values={"member.phone": (None, "13900000000")}))
    again = {**form, "member": hidden, "once": once[1]}
    done = browser.submit("/members/bulk/do", again, status=200).text
    assert "已办理 2 个" in text_of(done) and "其他人刚刚改过这个个案" in text_of(done)
    assert trail(at) == events + 2 + 1
    repeated = browser.submit("/members/bulk/do", again, status=200).text
    assert "已办理 2 个" in text_of(repeated) and trail(at) == events + 3
    # Whoever goes back sees how it would be now, under the same address and with the same key.
    back = browser.page(address)
    assert once[1] in back and "可以办理" in text_of(back)


def test_what_many_have_alike_is_said_once(at: Pages) -> None:
    browser = at.as_("department")
    shown = looked(browser, {"act": "depart", "member": [f"x{n:03}" for n in range(40, 55)]})
    assert text_of(shown).count("离校时间已登记") == 1 and "15 人" in text_of(shown)
    assert {f"x{n:03}" for n in range(40, 55)} <= set(listed(shown))


@pytest.mark.slow
def test_a_whole_list_is_looked_at_and_done_by_jobs(at: Pages) -> None:
    browser, events = at.as_("department"), trail(at)
    whole = listed(browser.page("/members?unit=physics&size=200"))
    asked = {"act": "follow_up", "whole": "yes", "next": "/members?unit=physics"}
    at.app.state.jobs.start()
    try:
        form = ended(browser, browser.submit("/members/bulk", asked).headers["location"])
        assert f"已选 {len(whole)} 个" in text_of(form) and "填好后点" in text_of(form)
        look = hidden(form, "look")
        filled = {"act": "follow_up", "next": "/members?unit=physics", "again": "yes", "look": look,
                  "input.receipt.followed_up_result": "已催"}
        # What was never looked at is not done, whatever the form says.
        shown = ended(browser, browser.submit("/members/bulk/do", filled).headers["location"])
        assert "可以办理：1 个" in text_of(shown) and f"{len(whole) - 1} 人" in text_of(shown)
        assert text_of(shown).count("没有开具介绍信") == 1 and trail(at) == events
        names = browser.get(re.search(r'href="([^"]+people.csv)"', shown)[1]).text  # type: ignore[index]
        assert names.count("王") == len(whole) > 50 and "没有开具介绍信" in names
        filled["look"] = hidden(shown, "look")
        where = {browser.submit("/members/bulk/do", filled).headers["location"] for _ in range(2)}
        done = ended(browser, *where)
        assert "已办理 1 个" in text_of(done) and trail(at) == events + 1
        own = at.as_("college")
        assert own.get(*where).status_code == 404
        mine = ended(own, own.submit("/members/bulk", {**asked, "act": "brief"}).headers["location"])
        assert "已选 0 个" in text_of(mine)
    finally:
        at.app.state.jobs.stop()
    assert "批量办理" in browser.page("/jobs")


def test_a_whole_list_of_any_filter_is_asked_for(at: Pages) -> None:
    browser = at.as_("department")
    law = re.findall(r'href="(/members\?law=[^"]+)"', browser.page("/law/decisions"))[0]
    for address in (law, "/members?tab=overdue&age=1-30", "/members?tab=soon&search=x",
                    "/members?tab=waiting", "/members?tab=violation&clause=1.6b"):
        asked = {"act": "follow_up", "whole": "yes", "next": unescape(address)}
        where = browser.submit("/members/bulk", asked).headers["location"]
        assert where.startswith("/members/bulk/jobs/"), address


def ended(browser: PageClient, path: str) -> str:
    """The page of a job once it has ended."""
    for _ in range(1200):
        page = browser.page(path)
        if 'hx-trigger="every 1s"' not in page:
            return page
        time.sleep(0.1)
    raise AssertionError(path)


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, name
    return found[1]


def test_lines_of_a_reminder_lead_to_those_they_count(at: Pages) -> None:
    register, day = at.office.register, at.office.register.day()
    with register.store.reading(SYSTEM) as conn:
        items = open_items(conn, units_below(conn, "physics"))
    lines = grouped(items, day, 7)
    text = digest_text("x", lines, "zh", {}, "http://localhost:8740", "physics")
    links = re.findall(r"\(http://localhost:8740(/[^)]+)\)", text)
    assert len(links) == len(lines) and len({line.group for line in lines}) >= 2
    browser = at.as_("department")
    for line, link in zip(lines, links, strict=True):
        page = browser.page(f"{link}&size=200")
        assert len(listed(page)) == line.count, link
        assert 'class="chip"' in page
    browser.page("/members?group=none", status=422)


@pytest.mark.parametrize("asked", ["x", "eJw", "////", "%FF", "e" * 7000])
def test_an_address_that_is_none_is_said(at: Pages, asked: str) -> None:
    browser = at.as_("department")
    assert "地址不完整" in text_of(browser.page(f"/members/bulk?asked={asked}", status=422))
    browser.page(f"/members/bulk?asked={'e' * 7001}", status=422)


def test_a_selection_too_long_for_an_address_is_shown_all_the_same(at: Pages) -> None:
    browser = at.as_("department")
    # Digits that nothing makes shorter; the longest selection that a page offers is shorter.
    chosen = [hashlib.sha256(str(n).encode()).hexdigest() for n in range(200)]
    form = {"act": "notify", "member": ["x012", *chosen[:199]]}
    shown = text_of(browser.submit("/members/bulk", form, status=200).text)
    assert "可以办理：1 个" in shown and "不能办理：199 个" in shown


def test_numbers_are_looked_at_as_they_will_be_given(at: Pages) -> None:
    browser = at.as_("department")
    shown = text_of(looked(browser, {
        "act": "issue", "member": ["x030", "x031"], "again": "yes",
        "input.letter.origin_address": "泉州市某路1号",
        "acknowledged": list(at.office.register.policy().clauses)}))
    assert "可以办理：2 个" in shown and "编号从 " in shown
    assert "介绍信编号" not in shown and "存根序号" not in shown  # which two would not have alike


def test_what_the_rules_refuse_is_said_before(at: Pages) -> None:
    browser = at.as_("department")
    browser.page("/members")
    form = {"act": "issue", "member": ["x007", "x020"], "again": "yes"}
    shown = text_of(looked(browser, form))
    assert "不能办理：" in shown and "介绍信已开具" in shown
    lacking = looked(browser, {"act": "settle", "member": ["x020"]})
    assert "填好后点" in lacking and 'name="input.destination.kind"' in lacking
    nothing = browser.submit("/members/bulk", {"act": "issue"})
    assert "请先勾选" in browser.page(nothing.headers["location"])
    other = at.as_("college")
    other.page("/members")
    none = looked(other, {"act": "brief", "member": ["p1", "m1"]})
    assert "可以办理：1 个" in text_of(none) and "不能办理：1 个" in text_of(none)
    assert "王p1" not in none


def looked(browser: PageClient, form: dict[str, Any]) -> str:
    """The page that says what would become of a selection."""
    return browser.page(browser.submit("/members/bulk", form).headers["location"])


def test_a_part_is_swapped_alone(at: Pages) -> None:
    part = at.as_("department").page("/members?search=x001", headers={
        "hx-request": "true", "hx-target": "list"})
    assert "<html" not in part and listed(part) == ["x001"]


@pytest.mark.parametrize("query", ["tab=none", "cursor=x", "size=0", "size=9999", "order=x"])
def test_an_address_that_was_tampered_with_is_a_page_that_says_so(at: Pages, query: str) -> None:
    answer = at.as_("department").get(f"/members?{query}")
    assert answer.status_code in {400, 422} and "<html" in answer.text


def trail(at: Pages) -> int:
    """How many member events there are."""
    from sqlalchemy import func, select

    from zhuanjie.web.store.tables import EVENTS

    with at.office.register.store.reading(SYSTEM) as conn:
        return conn.execute(select(func.count()).select_from(EVENTS).where(
            EVENTS.c.kind.startswith("member."))).scalar_one()
