"""A browser, and the pages that the tests look at. In: nothing. Out: fixtures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from support.browser import chromium

from zhuanjie.engine import audit
from zhuanjie.engine.core.results import Report

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A browser; it goes with its module, since its driver keeps a loop that other tests cannot have."""
    with chromium() as running:
        yield running


@pytest.fixture(scope="session")
def office() -> Callable[[str], Report]:
    """The shipped ledger of an office, audited in a language."""
    return lambda lang: audit(
        ROOT / "fixtures" / "ledgers" / "office-2007.xlsx", "fujian-2007-80",
        as_of=date(2007, 12, 31), roster=ROOT / "fixtures" / "rosters" / "roster-2007.csv",
        lang=lang)  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def shown(office: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Its page in each language."""
    folder = tmp_path_factory.mktemp("pages")
    for lang in ("zh", "en"):
        office(lang).save(folder / f"{lang}.html")
    return {lang: folder / f"{lang}.html" for lang in ("zh", "en")}


@pytest.fixture
def open_page(browser: Any, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Opens a page, given as a file or as text; whatever it asks of a network fails the test."""
    contexts, asked, said = [], [], []

    def opened(given: Path | str, **options: Any) -> Any:
        options.setdefault("viewport", {"width": 1280, "height": 900})
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda r: r.url.startswith("file:") or asked.append(r.url))
        page.on("dialog", lambda d: (said.append(d.message), d.dismiss()))
        page.on("pageerror", lambda e: said.append(str(e)))
        page.on("console", lambda m: m.type == "error" and said.append(m.text))
        if isinstance(given, str):
            (tmp_path / "page.html").write_text(given, encoding="utf-8")
            given = tmp_path / "page.html"
        page.goto(given.as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()
    assert asked == []
    assert said == []
