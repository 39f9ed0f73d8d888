"""The page of an audit in a real browser: read, filtered, sorted, by keyboard, aloud, on paper."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.page_reports import HOSTILE, hostile, html_of, many

from zhuanjie.engine.core.results import Outcome
from zhuanjie.report.wrap import printable

ROWS = "#list tbody tr"
COUNT = "#list .count"


def cells(page: Any, column: str) -> list[str]:
    return page.locator(f"{ROWS} td.{column}").all_inner_texts()  # type: ignore[no-any-return]


def settled(page: Any, count: int) -> None:
    """Wait until the page says that so many findings fit."""
    page.locator(COUNT).filter(has_text=re.compile(rf"(^|\D){count:,}(\D|$)")).wait_for()


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_has_nothing_to_say(open_page: Any, shown: dict[str, Path], lang: str, scheme: Any,
                                width: int) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page = open_page(shown[lang], color_scheme=scheme, bypass_csp=True,
                     viewport={"width": width, "height": 900})
    page.locator(ROWS).first.wait_for()
    found = Axe().run(page).response["violations"]
    assert [(v["id"], v["nodes"][0]["html"], v["nodes"][0]["failureSummary"]) for v in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_axe_can_object(open_page: Any, shown: dict[str, Path]) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page = open_page(shown["en"], bypass_csp=True)
    page.evaluate("document.querySelector('#list input').parentElement.replaceWith("
                  "document.querySelector('#list input'))")
    assert "label" in {v["id"] for v in Axe().run(page).response["violations"]}


def test_findings_are_filtered(open_page: Any, shown: dict[str, Path],
                               office: Callable[[str], Any]) -> None:
    found = office("zh").findings
    page = open_page(shown["zh"])
    settled(page, len(found))
    assert cells(page, "clause")[0].startswith(found[0].clause)
    broken = [f for f in found if f.outcome is Outcome.VIOLATION]
    page.select_option("select[name=outcome]", "violation")
    settled(page, len(broken))
    clause = broken[0].clause
    page.select_option("select[name=clause]", clause)
    settled(page, sum(f.clause == clause for f in broken))
    assert {text.split()[0] for text in cells(page, "clause")} == {clause}
    page.locator("#list fieldset button").click()
    settled(page, len(found))
    group = found[0].group
    page.select_option("select[name=group]", group)
    settled(page, sum(f.group == group for f in found))
    page.locator("#list fieldset button").click()
    page.fill("input[name=search]", found[0].record.upper())
    settled(page, sum(f.record == found[0].record for f in found))
    page.fill("input[name=search]", "no such text")
    page.locator(COUNT, has_text="没有").wait_for()
    assert page.locator(ROWS).count() == 0


def test_a_clause_leads_to_its_findings(open_page: Any, shown: dict[str, Path],
                                        office: Callable[[str], Any]) -> None:
    page = open_page(shown["en"])
    page.locator("section[aria-labelledby=broken] a[data-clause='1.6b']").click()
    found = [f for f in office("en").findings
             if f.clause == "1.6b" and f.outcome is Outcome.VIOLATION]
    settled(page, len(found))
    assert page.input_value("select[name=clause]") == "1.6b"
    assert page.url.endswith("#findings")


def test_findings_are_sorted(open_page: Any, shown: dict[str, Path],
                             office: Callable[[str], Any]) -> None:
    found = office("en").findings
    page = open_page(shown["en"])
    page.select_option("select[name=size]", "200")
    order = cells(page, "record")
    page.locator("th.late button").click()
    late = [int(text) for text in cells(page, "late") if text]
    assert late == sorted((f.days_late for f in found if f.days_late), reverse=True)
    assert page.get_attribute("th.late", "aria-sort") == "descending"
    page.locator("th.late button").click()
    assert [int(text) for text in cells(page, "late") if text] == late[::-1]
    page.locator("th.late button").click()
    assert cells(page, "record") == order
    assert page.get_attribute("th.late", "aria-sort") == "none"
    page.locator("th.due button").click()
    days = cells(page, "due")
    dated = [day for day in days if day]
    assert dated == sorted(dated) and days[:len(dated)] == dated  # blanks come last
    page.locator("th.outcome button").click()
    kinds = list(dict.fromkeys(text.split()[0] for text in cells(page, "outcome")))
    assert kinds == ["violation", "undetermined", "pending"]


def test_the_page_is_used_by_keyboard(open_page: Any, shown: dict[str, Path]) -> None:
    page = open_page(shown["en"])
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.focus("input[name=search]")
    reached = []
    for _ in range(12):
        page.keyboard.press("Tab")
        reached.append(page.evaluate(
            "document.activeElement.name || document.activeElement.innerText"))
    assert reached[:4] == ["outcome", "clause", "group", "clear filters"]
    assert "size" in reached and "next" in reached
    page.focus("th.record button")
    page.keyboard.press("Enter")
    assert page.get_attribute("th.record", "aria-sort") == "ascending"
    assert page.evaluate("document.activeElement.parentElement.className") == "record"
    page.focus("select[name=outcome]")
    page.keyboard.press("p")  # as in "pending"
    page.keyboard.press("Tab")
    assert set(cells(page, "outcome")) == {"pending"}


def test_fifty_thousand_findings_answer_at_once(open_page: Any) -> None:
    text = html_of(many(50_000))
    assert len(text.encode()) < 12_000_000
    began = time.monotonic()
    page = open_page(text)
    settled(page, 50_000)
    assert time.monotonic() - began < 20
    assert page.locator(ROWS).count() == 50
    for act in ("document.querySelector('th.record button').click()",
                "document.querySelector('th.late button').click()",
                "const s = document.querySelector('select[name=clause]'); s.value = '1.6b';"
                "s.dispatchEvent(new Event('change'))"):
        took = page.evaluate(f"() => {{ const t = performance.now(); {act};"
                             "return performance.now() - t }")
        assert took < 1000, act
    page.locator("#list fieldset button").click()
    page.fill("input[name=search]", "第49999项")
    settled(page, 1)
    assert "第49999项" in cells(page, "finding")[0]
    page.fill("input[name=search]", "")
    settled(page, 50_000)
    for _ in range(2):
        page.locator("#list .pages button:last-of-type").first.click()
    assert "3" in page.locator("#list .at").first.inner_text()


@pytest.mark.parametrize("scripts", [True, False])
def test_what_a_ledger_holds_stays_text(open_page: Any, scripts: bool) -> None:
    page = open_page(html_of(hostile(), "en"), java_script_enabled=scripts)
    page.wait_for_timeout(200)
    assert page.locator("img").count() == 0
    assert page.locator("script").count() == 2
    where = ROWS if scripts else "#plain tbody tr"
    texts = page.locator(f"{where} td.record").all_inner_texts()
    for given in HOSTILE:
        bare = printable(given).replace("\u2028", "")
        assert any(bare in text.replace("\u2028", "") for text in texts), given


def test_without_scripts_there_is_a_table_and_a_note(open_page: Any) -> None:
    page = open_page(html_of(many(1000), "en"), java_script_enabled=False)
    assert page.locator("#plain tbody tr").count() == 200
    assert "800" in page.locator("#plain .note").inner_text()
    assert not page.locator("#list").is_visible()


def test_it_prints_on_a4(open_page: Any, shown: dict[str, Path],
                         office: Callable[[str], Any]) -> None:
    page = open_page(shown["zh"])
    printed = page.pdf(prefer_css_page_size=True)
    sizes = set(re.findall(rb"/MediaBox \[([\d. ]+)\]", printed))
    assert {tuple(round(float(n)) for n in size.split()) for size in sizes} == {(0, 0, 595, 842)}
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator(ROWS).count() == len(office("zh").findings)
    page.set_viewport_size({"width": 688, "height": 1000})  # the width of A4 between its margins
    wide = page.evaluate("[...document.querySelectorAll('table')].filter("
                         "t => t.getBoundingClientRect().right > innerWidth + 1)"
                         ".map(t => t.caption.innerText)")
    assert wide == []
    assert not page.locator("#list fieldset").is_visible()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator(ROWS).count() == 50
