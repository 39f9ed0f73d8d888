"""Every page of the register by each role in both languages, on three screens, light and dark.

What can be written has been written by somebody who means harm.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from support.hostile_office import plant
from support.look_at_pages import PageLooker
from support.register_pages import page_routes

ROLES = ("inspector", "branch", "college", "department", "administrator")
TABS = ("all", "overdue", "violation", "soon", "pending", "undetermined", "waiting", "done",
        "withdrawn")
SETTINGS = {**dict.fromkeys(("units", "users", "mail", "robots", "keys"), ("administrator",)),
            **dict.fromkeys(("series", "closing", "forms", "history"), ("department",))}
"""The parts of the settings that not everybody sees."""
NO_PAGES = {
    "/", "/settings", "/static/{version}/{name}", "/members/{key}/since",
    "/members/{key}/files/{sha256}", "/imports/sample.xlsx", "/imports/uploads/{id}/marked",
    "/imports/uploads/{id}/progress", "/imports/{id}/progress", "/letters/pdf", "/letters/sample",
    "/board/report.html", "/board/report.xlsx",
    "/board/report.pdf", "/jobs/{id}/files/{name}", "/account/codes/recovery"}
"""What is answered with a file, a part of a page or the way to another; what is shown but once."""
LEDGER = ("学号,姓名,性别,离校时间,随手记\n"
          "every-1,<img src=x onerror=alert(1)>,男,2026年6月,\u202e乙\n"
          ",无号,男,,\n")


@pytest.fixture(scope="module")
def written() -> Callable[..., None]:
    """Every form was filled by somebody who means harm."""
    return plant


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_page_is_for_everybody(signed_in: Callable[..., Any], demo: Any, lang: str,
                                     record_property: Callable[..., None]) -> None:
    looker, visited = PageLooker(colours=lang == "zh"), set()
    for role in ("", *ROLES):
        page = signed_in(role, "/login", lang=lang, refused=True)
        page.emulate_media(color_scheme="light", reduced_motion="reduce")
        page.set_default_timeout(60_000)
        for path, status in paths(page, role, demo):
            address = looker.open(page, path, status)
            visited.add(re.sub(r"^https?://[^/]+|\?.*", "", address))
        page.close()
        assert looker.faults == [], role
    record_property("slowest first paint, ms", round(looker.slowest))
    assert left_out(visited) == set()


def left_out(visited: set[str]) -> set[str]:
    """The pages that nobody looked at: one that is new is to be among them, too."""
    found = {path for method, path in page_routes() if method == "GET"}
    assert found >= NO_PAGES
    pages = found - NO_PAGES
    assert len(pages) > 30
    return {path for path in pages if not any(
        re.fullmatch(re.sub(r"\{\w+}", "[^/]+", path), each) for each in visited)}


def paths(page: Any, role: str, demo: Any) -> Iterator[tuple[str, int]]:
    """The addresses of a role's pages, with the status of each: as links lead to them."""
    def first(selector: str) -> str:
        return str(page.locator(selector).first.get_attribute("href"))

    if not role:
        yield "/login?next=/jobs", 200
        return
    yield "/account", 200
    yield "/login/password", 200
    yield "/no/such/page", 404
    yield "/law", 200
    yield first("tbody a[href^='/law/clauses/']"), 200
    yield "/law/clauses/none", 404
    yield "/settings/roles", 200
    for name, roles in SETTINGS.items():
        if role in roles:
            yield f"/settings/{name}", 200
            if name == "users":
                yield first("tbody a[href^='/settings/users/']"), 200
            if name == "forms":
                yield first("a[href^='/settings/forms/']"), 200
    if role == "administrator":
        yield "/settings/reminders", 200
        yield "/members", 403
        return
    yield "/settings/mail", 403
    yield "/jobs", 200
    for tab in TABS if role == "department" else TABS[1:2]:
        yield f"/members?size=8&tab={tab}", 200
    yield "/members?search=nobody", 200
    yield f"/members?size=8&tab={'violation' if role == 'department' else 'all'}", 200
    member = first("tbody th a")
    for part in ("", "/mending", "/choices", "/history"):
        yield member + part, 200
    yield first("a[href*='/history/']"), 200
    yield from board(page, demo, first)
    if role != "inspector":
        yield member + "/acts/brief", 200
        yield "/receipts", 200
        receipt = page.locator("tbody a[href^='/receipts/']")
        if receipt.count():
            yield first("tbody a[href^='/receipts/']"), 200
    if role in ("department", "college"):
        yield member + "/acts/correct", 200
        yield member + "/acts/correct?section=person", 200
        yield from waived(page, member)
        yield from many(page)
        yield from imports(page, first)
        yield "/law/decisions", 200
        yield "/law/what-if", 200
    if role == "department":
        yield from letters(page, first)
        yield from tried(page)


def waived(page: Any, member: str) -> Iterator[tuple[str, int]]:
    """The form by which a waiver is asked for, where something may be waived."""
    yield member, 200
    form = page.locator("a[href*='/waivers?']")
    if form.count():
        yield str(form.first.get_attribute("href")), 200


def many(page: Any) -> Iterator[tuple[str, int]]:
    """What an act would come to for two at once."""
    page.goto("/members?tab=all&size=8")
    for number in (0, 1):
        page.check(f"tbody input[name=member] >> nth={number}")
    page.select_option("#f-act", index=1)
    page.locator("#f-act").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/members/bulk?asked=*")
    yield re.sub(r"^https?://[^/]+", "", page.url), 200
    page.goto("/members?tab=all&size=8")
    page.check("input[name=whole]")
    page.select_option("#f-act", index=1)
    page.click(".bulk button")
    page.wait_for_url("**/members/bulk/jobs/*")
    page.wait_for_selector("input[name=look]", state="attached")
    yield re.sub(r"^https?://[^/]+", "", page.url), 200


def board(page: Any, demo: Any, first: Callable[[str], str]) -> Iterator[tuple[str, int]]:
    """The board, today and before, the list behind a number, the report."""
    day = demo.register.day()
    yield "/board", 200
    unit = page.locator("input[name=unit]").get_attribute("value")
    yield first("main a[href^='/members?']"), 200
    yield f"/board/waivers?unit={unit}", 200
    yield f"/board?unit={unit}&day={day - timedelta(days=3)}", 200
    yield f"/board/list?unit={unit}&day={day - timedelta(days=3)}", 200
    yield f"/board/report?unit={unit}", 200


def imports(page: Any, first: Callable[[str], str]) -> Iterator[tuple[str, int]]:
    """Files that were dropped, step by step, and what was imported before."""
    yield "/imports", 200
    past = page.locator("tbody a[href^='/imports/']:not([href*='uploads'])")
    if past.count():
        yield str(past.first.get_attribute("href")), 200
    yield "/imports/columns", 200
    page.goto("/imports")
    page.set_input_files("#files", {"name": "<b>台账.csv", "mimeType": "text/csv",
                                    "buffer": LEDGER.encode()})
    page.click("button.main")
    page.wait_for_url("**/imports/uploads/*")
    page.wait_for_selector(".tabs")
    address = re.sub(r"^https?://[^/]+", "", page.url)
    for tab in ("", "?tab=input", "?tab=new", "?tab=changed", "?tab=nameless"):
        yield address + tab, 200
    yield "/imports", 200


def letters(page: Any, first: Callable[[str], str]) -> Iterator[tuple[str, int]]:
    """What is printed, before it is and after."""
    for tab in ("print", "standing", "ended"):
        yield f"/letters?tab={tab}", 200
    page.goto("/letters?tab=standing")
    member = page.locator("tbody input[name=member]").first.get_attribute("value")
    paper = page.locator("select[name=paper]").input_value()
    yield f"/letters/print?paper={paper}&member={member}", 200
    page.click("form[action='/letters/print'] button.main")
    page.wait_for_url("**/letters/printed?*")
    yield re.sub(r"^https?://[^/]+", "", page.url), 200


def tried(page: Any) -> Iterator[tuple[str, int]]:
    """Another law tried, as a job."""
    page.goto("/law/what-if")
    page.fill("fieldset input[inputmode=numeric] >> nth=0", "1")
    page.click("form[method=post] button.main >> nth=-1")
    page.wait_for_url(re.compile(r"/law/what-if/[0-9a-f]{32}$"))
    job = page.url.rpartition("/")[2]
    page.wait_for_selector("#what-if:not([hx-trigger])")
    yield f"/law/what-if/{job}", 200
    yield f"/jobs/{job}", 200
    yield "/jobs", 200
