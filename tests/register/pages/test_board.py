"""The board's pages: figures open lists that are as long, by each role, in both languages."""

from __future__ import annotations

import io
import re

import openpyxl
import pytest
from support.register_office import DAY
from support.register_pages import PageClient, Pages

from zhuanjie.web.store.event import SYSTEM, EventDraft


@pytest.fixture(scope="module", autouse=True)
def cases(at: Pages) -> None:
    """A member whose slip is long due, and one whose name is a script."""
    at.office.add("late", "physics", **{
        "letter.serial": "9", "letter.stub_serial": "9", "letter.receipt_serial": "9",
        "letter.issued_on": "2026-01-05", "letter.form": "three_part"})
    with at.office.register.store.change(SYSTEM) as work:
        work.record(EventDraft("member.corrected", "p1", values={
            "member.name": ("王p1", "<img src=x onerror=alert(1)>")}))


def test_a_college_sees_itself_and_no_other(at: Pages) -> None:
    page = at.as_("college").page("/board")
    assert "代数支部" in page and "物理系" not in page
    at.as_("college").page("/board?unit=office", status=404)
    at.as_("college").page("/board/list?unit=physics", status=404)
    at.as_("college").page("/board/waivers?unit=physics", status=404)
    at.as_("administrator").page("/board", status=403)


def test_what_cannot_be_asked_for_is_said(at: Pages) -> None:
    browser = at.as_("department")
    for query in ("day=2026-13-01", "day=2027-01-01", "unit=nowhere", "against=x"):
        answer = browser.get(f"/board?{query}")
        assert answer.status_code in {400, 404, 422}, query
    for query in ("state=odd", "age=5", "clause=1.1a"):
        assert browser.get(f"/board/list?unit=office&{query}").status_code in {400, 422}, query


def test_a_name_is_a_text(at: Pages) -> None:
    page = at.as_("department", "en").page("/members?unit=physics")
    assert "&lt;img src=x" in page and "<img" not in page


def test_a_past_day_is_asked_for_and_waited_for(at: Pages) -> None:
    browser = at.as_("inspector")
    page = browser.page("/board?day=2026-06-29")
    assert "2026-06-29" in page and 'action="/board/days"' in page
    answer = browser.submit("/board/days", {"day": "2026-06-29"})
    assert re.fullmatch(r"/jobs/[0-9a-f]{32}", answer.headers["location"])
    browser.submit("/board/days", {"day": DAY.isoformat()}, status=400)


def test_a_report_has_its_checkpoint_and_no_name(at: Pages) -> None:
    browser: PageClient = at.as_("department")
    page = browser.page("/board/report")
    assert "月报" in page and "物理系" in page and "onerror" not in page
    note = at.office.register.trail.checkpoint(at.office.register.store).note
    assert note.splitlines()[0] in page
    file = browser.get("/board/report.html")
    assert file.status_code == 200 and "attachment" in file.headers["content-disposition"]
    assert file.text.count("<table>") == page.count("<table>")
    sheets = browser.get("/board/report.pdf").content
    assert sheets.startswith(b"%PDF-") and sheets == browser.get("/board/report.pdf").content
    book = openpyxl.load_workbook(io.BytesIO(browser.get("/board/report.xlsx").content))
    rows = list(book["各单位完成情况"].values)
    assert [row[:2] for row in rows] == [
        ("单位", "人数"), ("数学系", 2), ("物理系", 2), ("合计", 4)]
    assert any(note.splitlines()[0] in str(cell) for row in book["总况"].values for cell in row)
