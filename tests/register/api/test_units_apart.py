"""Another unit's ids, asked for on every route that the interface describes: they are not there."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from support.register_office import ROLES, Office

from zhuanjie.web.api.app import PREFIX
from zhuanjie.web.store.event import SYSTEM, Actor

PNG = (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00"
       b"\x1f\x15\xc4\x89\x00\x00\x00\rIDATx\xdac\xfc\xcf\xc0P\x0f\x00\x04\x85\x01\x80"
       b"\x84\xa9\x8c!\x00\x00\x00\x00IEND\xaeB`\x82")

WITHOUT_IDS = re.compile(r"\{(act|series|name|paper)\}")
"""Parts of paths that name nothing of a unit's."""
BODIES: dict[str, Any] = {
    "/members/{key}/acts/{act}": {"inputs": {}}, "/members/{key}/acts/{act}/preview": {"inputs": {}},
    "/waivers/{id}/approve": {}, "/waivers/{id}/refuse": {"reason": "不"},
    "/waivers/{id}/revoke": {"reason": "不"}, "/imports/{id}/undo": {"reason": "错"},
    "/imports/uploads/{upload}/save": {"token": "1-" + "0" * 32},
    "/units/{id}": {"title": "改名", "parent": "office"}, "/users/{id}": {"name": "改名"},
    "/members/{key}/attachments/{sha256}": {"reason": "错"}}
OF_ALL = {"/trail/events/{seq}/proof", "/series/{series}", "/series/{series}/numbers",
          "/settings/{kind}", "/settings/{kind}/{thing}", "/settings/{kind}/test",
          "/settings/{kind}/{thing}/test"}
"""What is of no unit, in which is nothing personal: the trail, and what the office sets, which is
for whoever may set it (`test_settings.py`)."""


def operations(at: Office) -> list[tuple[str, str]]:
    described = at.client.get(f"{PREFIX}/openapi.json").json()["paths"]
    return [(method.upper(), path.removeprefix(PREFIX)) for path, methods in described.items()
            for method in methods if "{" in WITHOUT_IDS.sub("", path)]


@pytest.fixture(scope="module")
def theirs(at: Office) -> dict[str, str]:
    """What physics has, by the names of parts of paths."""
    register = at.register
    sent = at.ask("POST", "/attachments", files={"file": ("a.png", PNG)})
    assert sent.status_code == 201, sent.text
    file = sent.json()
    done = at.ask("POST", "/members/p1/acts/apply", json={
        "inputs": {"retention.reason": "考研"}, "attachments": [file]})
    assert done.status_code == 200, done.text
    asked = at.ask("POST", "/waivers", "college", "physics", json={
        "clause": "1.6b", "member": "p1", "reason": "封闭", "expires": "2026-09-30"})
    assert asked.status_code == 201, asked.text
    waiver = asked.json()
    register.access.add_user(SYSTEM, "newton", role="college", unit="physics")
    known, _ = register.access.make_key(SYSTEM, title="k", role="college", unit="physics",
                                        expires=datetime.now(UTC) + timedelta(days=1))
    upload = at.ask("POST", "/imports", "college", "physics", files={
        "files": ("a.csv", "学号,姓名,性别\nno-p7,王七,男\n".encode())}).json()
    saved = at.ask("POST", f"/imports/uploads/{upload['upload']}/save", "college", "physics",
                   json={"token": upload["token"]})
    assert saved.status_code == 200, saved.text
    job = at.ask("POST", "/audits", "college", "physics", json={}).json()
    at.app.state.jobs.cancel(job["id"], Actor(f"key:{at.key('college', 'physics')[9:21]}", "college",
                                         "physics"))
    reminder = at.ask("POST", "/reminders", "college", "physics", json={
        "unit": "physics", "channel": "mail", "target": "a@example.edu.cn"}).json()
    calendar = at.signed_in("newton").post("/api/v1/calendars", json={"unit": "physics"}).json()
    return {"reminder": reminder["id"], "calendar": calendar["id"], "key": "p1", "act": "notify", "sha256": file["sha256"], "upload": upload["upload"],
            "series": "letter", "name": "audit.json", "seq": "5", "moment": "departure",
            "waiver": waiver["id"], "user": "newton", "api_key": known.id, "import": saved.json()["id"],
            "job": job["id"], "unit": "physics"}


def path_of(path: str, theirs: dict[str, str]) -> str:
    kind = {"waivers": "waiver", "imports": "import", "users": "user", "keys": "api_key",
            "jobs": "job", "units": "unit", "reminders": "reminder",
            "calendars": "calendar"}.get(path.split("/")[1], "")

    def part(found: re.Match[str]) -> str:
        return theirs[kind if found[1] == "id" else found[1]]

    return re.sub(r"\{(\w+)\}", part, path)


def test_every_route_that_names_something_is_tried(at: Office) -> None:
    assert len(operations(at)) > 25
    described = {path for _, path in operations(at)}
    assert set(BODIES) <= described
    assert "/trail/events/{seq}/proof" in described


@pytest.mark.parametrize("role", ROLES)
def test_another_units_ids_are_not_there(at: Office, theirs: dict[str, str], role: str) -> None:
    wrong = []
    before = at.ask("GET", "/members/p1").json()["version"]
    for method, path in operations(at):
        if path in OF_ALL:
            continue
        body = BODIES.get(path)
        more = {"json": body} if body is not None and method not in {"GET", "DELETE"} else {}
        if method == "DELETE" and body is not None:
            more = {"content": b'{"reason": "x"}', "headers": {"content-type": "application/json"}}
        answer = at.ask(method, path_of(path, theirs), role, "maths", **more)
        # Who may not do such a thing even in their own unit is told so: it says nothing of others.
        own = answer.status_code == 403 and answer.json()["code"] == "register.access.forbidden"
        if answer.status_code != 404 and not own:
            wrong.append((method, path, answer.status_code, answer.text[:200]))
        assert "王p1" not in answer.text
    assert wrong == []
    assert at.ask("GET", "/members/p1").json()["version"] == before


@pytest.mark.parametrize("role", ["branch", "college", "department", "inspector"])
def test_lists_have_nothing_of_another_unit(at: Office, theirs: dict[str, str], role: str) -> None:
    described = at.client.get(f"{PREFIX}/openapi.json").json()["paths"]
    for whole, methods in described.items():
        path = whole.removeprefix(PREFIX)
        if "get" not in methods or "{" in path or path == "/events/stream":
            continue
        text = at.ask("GET", path, role, "maths").text
        for name in ("waiver", "import", "job", "sha256", "reminder", "calendar"):
            assert theirs[name] not in text, path
        assert "王p1" not in text and "物理" not in text, path


def test_bulk_acts_reach_no_other_unit(at: Office) -> None:
    answer = at.ask("POST", "/acts/notify", "college", "maths",
                    json={"members": {"p1": None, "m1": None}}).json()
    assert (answer["succeeded"], answer["failed"]) == (1, 1)
    assert answer["results"][0]["problem"]["status"] == 404
