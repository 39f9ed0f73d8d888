"""A register that is served, and pages of it in a browser, signed in. In: nothing. Out: fixtures."""

from __future__ import annotations

import io
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import register as demonstration
import uvicorn
from support.browser import chromium
from support.register_office import database_in

from zhuanjie.web.api.server import listen, url_of
from zhuanjie.web.api.settings import HttpSettings
from zhuanjie.web.pages.site import make_site
from zhuanjie.web.service.register import Register

RECORDS = 120
SCREENS = {"desk": (1366, 768), "small": (1280, 720), "telephone": (390, 844)}
Written = Callable[[Register, dict[str, str]], None]


@dataclass
class Demonstration:
    """What `make serve` serves: the register, its address, the password of each role's user."""

    register: Register
    url: str
    passwords: dict[str, str]


@contextmanager
def served(folder: Path, records: int = RECORDS,
           before: Written | None = None) -> Iterator[Demonstration]:
    """The demonstration, served by a thread of this process; `before` writes something into it."""
    told = io.StringIO()
    with redirect_stdout(told):
        register = demonstration.make(folder, records, 2026, database_in(folder))
    passwords = dict(line.split() for line in told.getvalue().splitlines())
    if before is not None:
        before(register, passwords)
    with listen("127.0.0.1", 0, HttpSettings(), insecure=False) as listening:
        config = uvicorn.Config(make_site(register), log_config=None, access_log=False,
                                lifespan="on", timeout_graceful_shutdown=2, ws="none")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.02)
        try:
            yield Demonstration(register, url_of(listening), passwords)
        finally:
            server.should_exit = True
            thread.join(20)
            register.close()


@pytest.fixture(scope="module")
def written() -> Written | None:
    """What writes into the demonstration before it is served: nothing; a module may say another."""
    return None


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, written: Written | None,
         ) -> Iterator[Demonstration]:
    """The demonstration, for the tests of a module."""
    with served(tmp_path_factory.mktemp("demonstration"), before=written) as made:
        yield made


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A browser; it goes with its module."""
    with chromium() as running:
        yield running


@pytest.fixture
def signed_in(browser: Any, demo: Demonstration) -> Iterator[Callable[..., Any]]:
    """`signed_in("department", "/members", lang="en", screen="telephone", dark=True, scripts=True)`
    is a page; an error on its console, or a request to another host, fails the test.

    A role of "" is nobody. What the server answers with 4xx is an error on the console, too: a test
    that asks for one says `refused=True`.
    """
    contexts, asked, said = [], [], []
    kept: dict[str, Any] = {}

    def opened(role: str, path: str = "/", *, lang: str = "zh", screen: str = "desk",
               dark: bool = False, scripts: bool = True, refused: bool = False) -> Any:
        width, height = SCREENS[screen]
        context = browser.new_context(
            base_url=demo.url, viewport={"width": width, "height": height},
            locale={"zh": "zh-CN", "en": "en-GB"}[lang], java_script_enabled=scripts,
            color_scheme="dark" if dark else "light", storage_state=kept.get(role))
        contexts.append(context)
        context.set_default_timeout(120_000)
        page = context.new_page()
        page.on("request", lambda r: r.url.startswith((demo.url, "data:", "blob:"))
                or asked.append(r.url))
        page.on("pageerror", lambda e: said.append(str(e)))
        page.on("console", lambda m: m.type == "error" and not (
            refused and re.match("Failed to load resource|Response Status Error Code 4", m.text))
            and said.append(m.text))
        if role and role not in kept:
            page.goto("/login")
            page.fill("[name=user]", role)
            page.fill("[name=password]", demo.passwords[role])
            page.press("[name=password]", "Enter")
            page.wait_for_url(lambda url: "/login" not in url)
            kept[role] = context.storage_state()
        page.goto(path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert asked == []
    assert said == []
