"""Imports in a browser: a workbook dropped, mended by keyboard, saved; for everybody, on any screen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
from axe_playwright_python.sync_playwright import Axe


def workbook(folder: Path, *rows: tuple[str, ...]) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    book.save(folder / "台账.xlsx")
    return folder / "台账.xlsx"


def test_a_workbook_is_dropped_mended_and_saved(signed_in: Callable[..., Any],
                                                tmp_path: Path) -> None:
    file = workbook(tmp_path, ("学号", "大名", "离校时间"),
                    ("web-1", "<img src=x onerror=alert(1)>", "2026年6月"), ("web-2", "李二", ""))
    page = signed_in("department", "/imports")
    page.set_input_files("#files", file)
    page.keyboard.press("Tab")
    page.click("button.main")
    page.wait_for_url("**/imports/uploads/*")
    assert page.locator(".how.unknown").count() == 1
    page.get_by_label("「大名」对应的栏目").fill("姓名")
    page.keyboard.press("Enter")  # a form's first button reads the files again
    page.wait_for_selector(".how.mapped")
    address = page.url
    for screen, lang, dark in (("desk", "zh", False), ("telephone", "en", True)):
        other = signed_in("department", address, screen=screen, lang=lang, dark=dark)
        for tab in ("", "?tab=input", "?tab=new"):
            other.goto(address + tab)
            assert Axe().run(other).response["violations"] == [], tab
            wide = other.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wide <= 0, (screen, tab)
    page.click("form[action$='/save'] button")
    page.wait_for_url("**/imports/*")
    page.wait_for_selector(".note.done")
    assert "web-1" in page.inner_text("table")
    assert Axe().run(page).response["violations"] == []
    page.go_back()
    page.reload()
    page.click("text=查看这次导入")
    page.click("summary:has-text('撤回')")
    page.fill("[name=reason]", "传错了")
    page.click("button.danger")
    page.wait_for_selector(".note.warn")
    assert "撤下 2 人" in page.inner_text("main")
