"""A register with an office, its colleges, members of each, and a key of every role."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Any

from fastapi import FastAPI
from starlette.testclient import TestClient

from support import engines
from zhuanjie.web.api.app import make_app
from zhuanjie.web.api.settings import HttpSettings
from zhuanjie.web.service.register import Register, open_register
from zhuanjie.web.store.event import SYSTEM, EventDraft
from zhuanjie.web.store.members import column_set

DAY = date(2026, 6, 30)
ROLES = ("branch", "college", "department", "inspector", "administrator")
UNITS = (("office", None, "组织部"), ("maths", "office", "数学系"), ("algebra", "maths", "代数支部"),
         ("physics", "office", "物理系"))
RECORD: dict[str, Any] = {
    "member.sex": "male", "member.category": "full", "member.cohort": 2026,
    "member.left_on": "2026-06-20", "education.briefed_on": "2026-06-01",
    "education.notice_on": "2026-06-01", "education.notice_form": "written",
    "destination.kind": "employer_org", "destination.org": "某公司党委",
    "employment.employed": True, "employment.employer_has_party_org": True,
    "member.phone": "13800000000"}

_MAKING = Lock()

@dataclass
class Office:
    """The register, its application, and the keys of programs by role and unit."""

    register: Register
    app: FastAPI
    client: TestClient
    keys: dict[tuple[str, str], str] = field(default_factory=dict)

    def key(self, role: str, unit: str) -> str:
        """A key of a role in a unit, made once."""
        with _MAKING:  # each key is somebody else: those who ask at once are to have the same
            if (role, unit) not in self.keys:
                _, self.keys[role, unit] = self.register.access.make_key(
                    SYSTEM, title=f"{role} {unit}", role=role, unit=unit,
                    expires=datetime.now(UTC) + timedelta(days=1))
            return self.keys[role, unit]

    def headers(self, role: str, unit: str) -> dict[str, str]:
        """What a program of a role sends."""
        return {"authorization": f"Bearer {self.key(role, unit)}", "accept-language": "en"}

    def ask(self, method: str, path: str, role: str = "department", unit: str = "office",
            **more: Any) -> Any:
        """An answer to a program of a role; `path` is below the interface's prefix."""
        headers = {**self.headers(role, unit), **more.pop("headers", {})}
        return self.client.request(method, f"/api/v1{path}", headers=headers, **more)

    def signed_in(self, user: str) -> TestClient:
        """A browser in which a user is signed in."""
        told = self.register.access.reset_password(SYSTEM, user)
        origin = "http://localhost:8740"
        browser = TestClient(self.app, origin, headers={"origin": origin},
                             raise_server_exceptions=False)
        for path, body in (("/session", {"user": user, "password": told}),
                           ("/session/password", {"password": told, "new": f"{told} {told}"})):
            answer = browser.post(f"/api/v1{path}", json=body)
            assert answer.status_code == 200, answer.text
            browser.headers["x-csrf-token"] = answer.json()["csrf"]
        return browser

    def add(self, id: str, unit: str, **more: Any) -> None:
        """A member who is there already."""
        title = {name: title for name, _, title in UNITS}[unit]
        record = {**RECORD, "member.id": f"no-{id}", "member.name": f"王{id}",
                  "member.school_branch": title,
                  **{name.replace("__", "."): value for name, value in more.items()}}
        with self.register.store.change(SYSTEM) as work:
            columns = column_set(work.conn, [f.name for f in self.register.vocabulary.fields])
            work.record(EventDraft(
                "member.imported", id, unit, {n: (None, v) for n, v in record.items()},
                {"import": "test", "new": True, "unit": unit, "columns": ""}, columns=columns))


ON_SERVER = os.environ.get("ZHUANJIE_REGISTER") == "postgresql"
"""Whether registers that say no database are on PostgreSQL."""


def database_in(folder: Path) -> str:
    """The address of an empty database: a file in `folder`, or one on a server."""
    return engines.fresh_database() if ON_SERVER else f"sqlite:///{folder / 'register.db'}"


NO_LIMITS = {"requests": 0, "costly": 0, "strangers": 0}
"""One who asks as often as tests do would have to wait."""


@contextmanager
def office(folder: Path, url: str | None = None, *, http: Mapping[str, Any] | None = None,
           day: date = DAY) -> Iterator[Office]:
    """An office with two members in mathematics and one in physics."""
    register = open_register(url or database_in(folder), folder=folder / "register.data",
                             day=lambda: day)
    try:
        for id, parent, title in UNITS:
            register.access.set_unit(SYSTEM, id, title=title, parent=parent)
        app = make_app(register, HttpSettings(**{"limits": NO_LIMITS, **(http or {})}))
        with TestClient(app, "http://localhost:8740", raise_server_exceptions=False) as client:
            made = Office(register, app, client)
            for id, unit in (("m1", "maths"), ("m2", "algebra"), ("p1", "physics")):
                made.add(id, unit)
            yield made
    finally:
        register.close()
