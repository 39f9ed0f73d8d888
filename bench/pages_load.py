"""People who look at a register's pages, for locust. In: who they are. Out: requests.

Each has a session, as a browser has. `bench/pages.py` starts it, and says by a file who there is.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import re
import time
from html import unescape
from pathlib import Path

from locust import HttpUser, between, task

KNOWN = json.loads(Path(os.environ["PAGES"]).read_text())
PACE = float(os.environ["PAGES_PACE"])
TABS = ("", "?tab=overdue", "?tab=violation", "?tab=soon", "?tab=pending", "?tab=waiting",
        "?tab=done", "?order=changed", "?order=name", "?search=王")
_NUMBERS = itertools.count()
_OK, _TOO_MANY = 200, 429


class Looker(HttpUser):
    """Somebody who opens a list, turns its pages, opens cases; now and then the board."""

    # Not all at once: people are not in step with one another.
    wait_time = between(0.5 * PACE, 1.5 * PACE)

    def on_start(self) -> None:
        self.next_page: str | None = None
        self.figures: list[str] = []
        number = next(_NUMBERS) % KNOWN["people"]
        self.client.headers["origin"] = self.host or ""
        # All come from one address, of which only so many get in a second.
        while not self._signed_in(number):
            time.sleep(1)
        self.cases: list[str] = []

    def _signed_in(self, number: int) -> bool:
        with self.client.post("/login", {
                "user": f"looker{number}", "password": KNOWN["password"], "next": "/account"},
                name="sign in", catch_response=True) as answer:
            answer.success()
            return answer.status_code != _TOO_MANY

    def see(self, address: str, name: str, *, elsewhere: bool = False) -> str:
        """A page, perhaps at another address; anything else than a page is a failure."""
        with self.client.get(address, name=name, catch_response=True,
                             allow_redirects=elsewhere) as answer:
            if answer.status_code != _OK:
                answer.failure(f"{answer.status_code}")
            return str(answer.text)

    @task(6)
    def list(self) -> None:
        """A tab of the list, or the page after the last one."""
        address, self.next_page = self.next_page or f"/members{random.choice(TABS)}", None
        page = self.see(address, "list")
        self.cases = re.findall(r'href="/members/([\w-]{20,})"', page) or self.cases
        found = re.search(r'href="([^"]+)" rel="next"', page)
        if found and random.random() < 0.5:
            self.next_page = unescape(found[1])

    @task(6)
    def member(self) -> None:
        """A case of the list."""
        if self.cases:
            self.see(f"/members/{random.choice(self.cases)}", "member")

    @task(3)
    def board(self) -> None:
        """The board."""
        page = self.see("/board", "board")
        self.figures = [unescape(href) for href in re.findall(
            r'<a href="(/(?:members|board/list)\?[^"]*)">[\d,]+</a>', page)]

    @task(3)
    def figure(self) -> None:
        """The list behind a figure of the board."""
        if self.figures:
            self.see(random.choice(self.figures), "list behind a figure")

    @task(1)
    def clause(self) -> None:
        """The law, or a clause of it."""
        name = random.choice(["", f"/clauses/{random.choice(KNOWN['clauses'])}"])
        self.see(f"/law{name}", "law", elsewhere=True)  # an earlier law's clauses are with it

    @task(1)
    def receipts(self) -> None:
        """What has not come."""
        self.see("/receipts", "receipts")

    @task(1)
    def report(self) -> None:
        """The monthly report."""
        self.see("/board/report", "report")
