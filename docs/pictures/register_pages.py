"""The pictures of the register in the README. In: nothing. Out: PNGs of its pages, and of a letter.

A register is filled as `make serve` fills it and served; Chromium shows its pages in a window of a
usual size, in each README's language; typst draws the first page of a letter that is printed.
"""

from __future__ import annotations

import io
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, redirect_stdout
from pathlib import Path

import typst
from playwright.sync_api import Browser, Page, sync_playwright

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "fixtures"))
import register as demonstration  # noqa: E402  # it lies beside the package, not in it

USER = "department"
LANGUAGES = {"zh": "zh-CN", "en": "en-GB"}
WINDOW = {"width": 1366, "height": 640}
SECONDS = 120


@contextmanager
def served(folder: Path) -> Iterator[tuple[str, str]]:
    """The demonstration, served: its address, and the user's password."""
    told = io.StringIO()
    with redirect_stdout(told):
        demonstration.make(folder, 300, 2026).close()
    password = dict(line.split() for line in told.getvalue().splitlines())[USER]
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = subprocess.Popen([
        Path(sys.executable).with_name("zhuanjie"), "serve", "--port", str(port), "--database",
        f"sqlite:///{folder / 'register.db'}"], stderr=subprocess.DEVNULL)
    try:
        for _ in range(SECONDS * 10):
            with closing(socket.socket()) as tried:
                if tried.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}", password
    finally:
        program.terminate()
        program.wait()


@contextmanager
def signed_in(browser: Browser, url: str, password: str, lang: str) -> Iterator[Page]:
    """A page of somebody who is signed in."""
    with browser.new_context(base_url=url, locale=LANGUAGES[lang], color_scheme="light",
                             viewport=WINDOW) as context:  # type: ignore[arg-type]  # a size
        context.set_default_timeout(SECONDS * 1000)
        page = context.new_page()
        page.goto("/login")
        page.fill("[name=user]", USER)
        page.fill("[name=password]", password)
        page.press("[name=password]", "Enter")
        page.wait_for_url(lambda at: "/login" not in at)
        yield page


def pictures(page: Page, lang: str) -> None:
    """The list, a case, the board."""
    page.goto("/members?tab=violation&order=name")
    page.screenshot(path=HERE / f"register-list-{lang}.png")
    # Of those with most that is wrong, one that has acts to choose from.
    page.locator("tbody tr", has=page.locator(".outcome.pending")).first.locator("th a").click()
    page.wait_for_selector("#mending-body :is(ol, ul, .dim)")
    page.wait_for_selector(".htmx-request", state="detached")
    page.screenshot(path=HERE / f"register-member-{lang}.png")
    page.goto("/board")
    page.screenshot(path=HERE / f"register-board-{lang}.png")


def letter(page: Page, folder: Path) -> None:
    """The first page of a letter that is printed."""
    page.goto("/letters?tab=standing")
    page.locator("tbody input[name=member]").first.check()
    page.locator("main form[action='/letters/print'] button").first.click()
    page.wait_for_url("**/letters/print?*")
    page.locator("form[action='/letters/print'] button.main").click()
    page.wait_for_url("**/letters/printed?*")
    link = page.locator("a[href^='/letters/pdf']").first.get_attribute("href")
    (folder / "letter.pdf").write_bytes(page.request.get(str(link)).body())
    shown = folder / "letter.typ"
    shown.write_text('#set page(width: auto, height: auto, margin: 6pt, fill: luma(225))\n'
                     '#block(fill: white, image("letter.pdf", width: 560pt))', encoding="utf-8")
    typst.compile(str(shown), output=str(HERE / "register-letter.png"), format="png", ppi=96.0)


if __name__ == "__main__":
    chosen = shutil.which("chromium") or shutil.which("google-chrome")
    with tempfile.TemporaryDirectory() as at, served(Path(at)) as (address, secret), \
            sync_playwright() as play:
        for language, locale in LANGUAGES.items():
            window = play.chromium.launch(
                executable_path=chosen, args=["--no-sandbox", f"--lang={locale}"],
                env={**os.environ, "LANGUAGE": language})
            with signed_in(window, address, secret, language) as view:
                pictures(view, language)
                if language == "zh":
                    letter(view, Path(at))
            window.close()
