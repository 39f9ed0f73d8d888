"""Every figure opens a list that is as long: on each page that has figures, for whoever sees it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from html import unescape

import pytest
from starlette.testclient import TestClient
from support.moved_clock import ANSWERS, ASKS, Clock, three_days
from support.register_office import Office
from support.register_pages import OWN, PageClient, Pages

from zhuanjie.web.acts.waivers import WaiverRequest
from zhuanjie.web.pages.site import make_site
from zhuanjie.web.service.board import work_out
from zhuanjie.web.store.event import Actor

PAST, MONTH = date(2026, 7, 31), date(2026, 10, 31)
LISTS = r"/(?:members|board/list|board/waivers|receipts)\?[^\"]*"
FIGURES = (rf'<a href="({LISTS})">([\d,]+)</a>',
           rf'<a class="change" href="({LISTS})" title="[^"\d]*([\d,]+)[^"\d]*">',
           rf'<a href="({LISTS})"[^>]*>[^<]*<span class="count">([\d,]+)</span>',
           rf'<a href="({LISTS})">\s*<span class="outcome [^>]*><span[^>]*></span>[^<\d]*([\d,]+)</span>')


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    """The office of three days: two past ones worked out, a waiver asked for and one that holds."""
    with three_days(tmp_path_factory.mktemp("figures")) as clock:
        waive(clock, "m2", holds=True)
        waive(clock, "m1", holds=False)
        clock.add("open", "maths", **{"letter.serial": "5", "letter.stub_serial": "5",
                                      "letter.receipt_serial": "5", "letter.form": "three_part",
                                      "letter.issued_on": "2026-11-15"})
        clock.add("dim", "algebra", columns=["member.id", "member.name", "member.left_on"])
        work_out(clock.register, ANSWERS, PAST)
        work_out(clock.register, ANSWERS, MONTH)
        app = make_site(clock.register)
        yield Pages(Office(clock.register, app, TestClient(app, OWN)), app)


def waive(clock: Clock, member: str, *, holds: bool) -> None:
    register = clock.register
    clause = next(c for c, each in register.policy().clauses.items() if each.waivable)
    with register.store.change(ASKS) as work:
        id = register.waivers.request(work, WaiverRequest(
            clock.today + timedelta(days=20), "理由", clause=clause, member=member))
    if holds:
        with register.store.change(Actor("li", "department", "office", "session", True)) as work:
            register.waivers.approve(work, id)


def figures(page: str) -> set[tuple[str, int]]:
    """The addresses of lists, and the numbers that lead there."""
    return {(unescape(href), int(n.replace(",", "")))
            for pattern in FIGURES for href, n in re.findall(pattern, page, re.DOTALL)}


def length(browser: PageClient, href: str) -> int:
    """How many rows a list has, over all its pages; what it says of it is the same."""
    rows, path, said = 0, href, None
    while path:
        page = browser.page(path)
        found = re.search(r"<h1>[^<]*<span class=\"count\">([\d,]+)<", page)
        said = int(found[1].replace(",", "")) if found else said
        rows += len(re.findall(r'<th scope="row"|<tr id="r-', page))
        follows = re.search(r'href="([^"]+)" rel="next"', page)
        path = unescape(follows[1]) if follows else ""
    assert said in {None, rows}, href
    return rows


@pytest.mark.parametrize("role", ["department", "college"])
def test_every_figure_opens_a_list_of_so_many(at: Pages, role: str) -> None:
    browser, seen = at.as_(role), set[tuple[str, int]]()
    unit = "office" if role == "department" else "maths"
    for path in ("/board", f"/board?day={PAST}", f"/board?against={PAST}",
                 f"/board?day={MONTH}&against={PAST}", "/board/report",
                 f"/board/report?day={PAST}", "/members", "/members?tab=waiting",
                 f"/members?unit={unit}&tab=pending", "/receipts", "/law"):
        found = figures(browser.page(path))
        assert found, path
        seen |= found
    for word in ("dark=", "age=", "step=", "state=", "outcome=", "waits=", "tab=overdue",
                 "/board/waivers", "/receipts"):
        assert any(word in href for href, _ in seen), word
    wrong = [(href, n, has) for href, n in sorted(seen) if (has := length(browser, href)) != n]
    assert wrong == []


def test_a_filter_is_taken_away_by_its_chip(at: Pages) -> None:
    browser = at.as_("department")
    page = browser.page("/members?unit=office&step=sent&outcome=violation&alone=1")
    chips = re.findall(r'<a class="chip" href="([^"]+)">([^<]+)', page)
    assert len(chips) == 3
    for href, label in chips:
        assert label.strip() not in browser.page(unescape(href)).partition("class=\"chips")[2]
    assert 'type="hidden" name="step" value="sent"' in page
    for query in ("age=5", "age=1-30'", "clause=1.1a&outcome=odd"):
        assert browser.get(f"/members?{query}").status_code in {200, 400, 422}, query
    assert browser.get("/members?age=5").status_code == 400
