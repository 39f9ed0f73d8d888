"""The site of packs in a browser: readable by everybody, searchable without a network."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import pytest
from support.marks import few

from zhuanjie.engine.api import load_policy, pack_cases
from zhuanjie.report.site.site import pages

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("fujian-2007-80", "quanzhou-normal-2007-23")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    packs = [(policy, pack_cases(policy)) for policy in map(load_policy, NAMES)]
    for name, pieces in pages(packs, "zh"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("".join(pieces), encoding="utf-8")
    return folder


@pytest.mark.parametrize(("name", "lang", "scheme", "width"), few(
    product(("index.html", f"pack-{NAMES[1]}.html"), ("zh", "en"), ("light", "dark"), (1280, 390)),
    ("index.html", "zh", "dark", 390)))
def test_axe_has_nothing_to_say(open_page: Any, site: Path, name: str, lang: str, scheme: Any,
                                width: int) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page = open_page(site / lang / name, color_scheme=scheme, bypass_csp=True,
                     viewport={"width": width, "height": 900})
    page.fill("#search-for", "1.6")
    found = Axe().run(page).response["violations"]
    assert [(v["id"], v["nodes"][0]["html"], v["nodes"][0]["failureSummary"])
            for v in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_the_search_finds_and_leads_there(open_page: Any, site: Path) -> None:
    page = open_page(site / "index.html")
    page.fill("#search-for", "回执 RECEIPT.returned_on")
    page.locator("#search-found li").first.wait_for()
    first = page.locator("#search-found a").first
    assert "receipt" in first.inner_text()
    page.press("#search-for", "Enter")
    assert page.evaluate("document.activeElement.closest('#search-found') !== null")
    page.keyboard.press("Enter")
    page.wait_for_url("**/zh/pack-fujian-2007-80.html#*")
    assert page.evaluate("document.querySelector(':target') !== null")
    page.locator(".ways a").last.click()
    page.wait_for_url("**/en/pack-fujian-2007-80.html")
    page.fill("#search-for", "zzzz")
    assert page.locator("#search-count").inner_text() == "Nothing found"
    assert page.locator("#search-found li").count() == 0
    page.press("#search-for", "Escape")
    assert page.input_value("#search-for") == ""


def test_without_a_script_there_is_no_search_and_all_the_rest(open_page: Any, site: Path) -> None:
    page = open_page(site / "zh" / f"pack-{NAMES[0]}.html", java_script_enabled=False)
    assert not page.locator("#search").is_visible()
    assert page.locator(".rule").count() == len(load_policy(NAMES[0]).rules)
