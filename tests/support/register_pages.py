"""Pages of a register that a test looks at: who is signed in, what forms hold."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from starlette.testclient import TestClient

from support.register_office import DAY, Office, office
from zhuanjie.web.access.passwords import PasswordHashes
from zhuanjie.web.pages.rooms import ROUTERS
from zhuanjie.web.pages.site import make_site
from zhuanjie.web.store.event import SYSTEM

OWN = "http://localhost:8740"
PLACES = {"branch": "algebra", "college": "maths", "department": "office", "inspector": "office",
          "administrator": "office"}
_CHEAP = PasswordHashes()


def page_routes() -> list[tuple[str, str]]:
    """Every page's method and template."""
    app = FastAPI()
    for router in ROUTERS:
        app.include_router(router)
    return [(method.upper(), path) for path, methods in app.openapi()["paths"].items()
            for method in methods]


class PageClient(TestClient):
    """A browser without scripts: forms are sent with the token of the page that was looked at."""

    token = ""

    def page(self, path: str, *, status: int = 200, **more: Any) -> str:
        """The page at `path`."""
        answer = self.get(path, **more)
        assert answer.status_code == status, (answer.status_code, text_of(answer.text)[:900])
        found = re.search(r'name="csrf" value="([0-9a-f]+)"', answer.text)
        if found:
            self.token = found[1]
        return answer.text

    def submit(self, path: str, data: Any = None, *, status: int = 303, **more: Any) -> Any:
        """The answer to a form."""
        if not self.token:
            self.page("/account")
        answer = self.post(path, data={"csrf": self.token, **(data or {})}, **more)
        assert answer.status_code == status, (answer.status_code, text_of(answer.text)[:900])
        return answer


@dataclass
class Pages:
    """An office (members m1 in maths, m2 in algebra, p1 in physics) with pages."""

    office: Office
    app: FastAPI
    _browsers: dict[tuple[str, str], PageClient] = field(default_factory=dict)

    def browser(self, *, lang: str = "zh") -> PageClient:
        """A browser in which nobody is signed in."""
        return PageClient(self.app, OWN, follow_redirects=False, raise_server_exceptions=False,
                          headers={"origin": OWN, "accept-language": lang})

    def password(self, role: str) -> str:
        """The password of a role's user, made where there is none."""
        register, password = self.office.register, f"password of {role} 27"
        known = {user.id for user in register.access.users(SYSTEM)}
        if role not in known:
            register.access.add_user(SYSTEM, role, role=role, unit=PLACES[role], name=f"李{role}")
            made = _CHEAP.hash(password)
            with register.store.change(SYSTEM) as work:
                register.access.logins.keep(work.conn, role, made, once=False)
        return password

    def as_(self, role: str, lang: str = "zh") -> PageClient:
        """A browser in which the user of a role is signed in."""
        if (role, lang) not in self._browsers:
            browser = self.browser(lang=lang)
            answer = browser.post("/login", data={"user": role, "password": self.password(role)})
            assert answer.status_code == 303, answer.text
            self._browsers[role, lang] = browser
        return self._browsers[role, lang]


@contextmanager
def pages(folder: Path, **more: Any) -> Iterator[Pages]:
    """An office whose pages can be looked at, by `TestClient`."""
    with office(folder, **{"day": DAY, **more}) as made:
        yield Pages(made, make_site(made.register))


def text_of(html: str) -> str:
    """What a page says, without its markup."""
    body = re.sub(r"<(script|style|head)\b.*?</\1>", " ", html, flags=re.S)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())
