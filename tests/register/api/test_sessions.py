"""Signing in over HTTP: cookies that no script reads, and changes that no other site can ask for."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from support.register_office import Office, office

from zhuanjie.web.store.event import SYSTEM

OWN = "http://localhost:8740"
PASSWORD = "一个够长的密码 for tests"
_NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with office(tmp_path_factory.mktemp("office")) as made:
        made.register.access.add_user(SYSTEM, "li", role="college", unit="maths")
        yield made


@pytest.fixture(scope="module")
def browser(at: Office) -> TestClient:
    """A browser that is signed in, for what leaves it so; it sends its own Origin."""
    at.register.access.add_user(SYSTEM, "zhou", role="college", unit="maths")
    return at.signed_in("zhou")


def test_a_first_password_is_changed_before_all_else(at: Office) -> None:
    told = at.register.access.reset_password(SYSTEM, "li")
    client = TestClient(at.app, OWN, headers={"origin": OWN}, raise_server_exceptions=False)
    begun = client.post("/api/v1/session", json={"user": "li", "password": told})
    assert begun.json()["must_change"] is True
    assert client.get("/api/v1/members").json()["code"] == "register.access.must-change"
    changed = client.post("/api/v1/session/password", json={"password": told, "new": PASSWORD},
                          headers={"x-csrf-token": begun.json()["csrf"]})
    assert changed.status_code == 200, changed.text
    assert client.get("/api/v1/members").status_code == 200
    # The token belongs to the session before.
    late = client.post("/api/v1/members/m1/acts/notify", json={"inputs": {}},
                       headers={"x-csrf-token": begun.json()["csrf"]})
    assert late.json()["code"] == "register.http.token"


def test_the_cookie_is_for_this_register_alone(at: Office) -> None:
    told = at.register.access.reset_password(SYSTEM, "li")
    asked = {"user": "li", "password": told}
    plain = TestClient(at.app, OWN, headers={"origin": OWN}).post("/api/v1/session", json=asked)
    said = plain.headers["set-cookie"].lower()
    assert said.startswith("zhuanjie-session=")
    assert "httponly" in said and "samesite=lax" in said and "path=/" in said
    assert "domain" not in said and "secure" not in said
    secure = TestClient(at.app, "https://localhost:8740",
                        headers={"origin": "https://localhost:8740"})
    answer = secure.post("/api/v1/session", json=asked)
    said = answer.headers["set-cookie"].lower()
    assert said.startswith("__host-zhuanjie-session=") and "; secure" in said
    assert "strict-transport-security" in answer.headers


def test_a_session_is_another_after_every_login(at: Office) -> None:
    browser = at.signed_in("li")
    before = browser.cookies["zhuanjie-session"]
    browser.cookies.set("zhuanjie-session", before)
    again = browser.post("/api/v1/session", json={"user": "li", "password": "wrong"})
    assert again.status_code == 401
    assert browser.get("/api/v1/session").json()["user"] == "li"
    assert browser.delete("/api/v1/session").status_code == 204
    browser.cookies.set("zhuanjie-session", before)
    assert browser.get("/api/v1/session").status_code == 401


def changing() -> dict[str, Any]:
    """What changes a member, each time: what changes nothing is refused."""
    return {"inputs": {"member.ethnicity": f"族{next(_NUMBERS)}"}, "reason": "核对"}


@pytest.mark.parametrize(("headers", "status"), [
    ({"origin": OWN}, 200),
    ({"origin": OWN, "sec-fetch-site": "same-origin"}, 200),
    ({"sec-fetch-site": "same-origin"}, 200),
    ({"sec-fetch-site": "none"}, 200),
    ({"sec-fetch-site": "same-site"}, 403),
    ({"sec-fetch-site": "cross-site"}, 403),
    ({"origin": OWN, "sec-fetch-site": "cross-site"}, 403),
    ({"origin": "http://evil.example", "sec-fetch-site": "same-origin"}, 403),
    ({"origin": "http://evil.example"}, 403),
    ({"origin": "http://localhost:8741"}, 403),
    ({"origin": "https://localhost:8740"}, 403),
    ({"origin": "http://localhost:8740.evil.example"}, 403),
    ({"origin": "null"}, 403),
    ({"referer": OWN}, 403),
    ({}, 403)])
@pytest.mark.parametrize("token", [True, False])
def test_changes_by_cookie_come_from_a_page_of_this_register(
        browser: TestClient, headers: dict[str, str], status: int, token: bool) -> None:
    sent: dict[str, Any] = {**headers, "accept-language": "en"}
    if token:
        sent["x-csrf-token"] = browser.headers["x-csrf-token"]
    bare = TestClient(browser.app, OWN, cookies=dict(browser.cookies),
                      raise_server_exceptions=False)
    answer = bare.post("/api/v1/members/m1/acts/correct", json=changing(), headers=sent)
    if status == 200 and not token:
        assert (answer.status_code, answer.json()["code"]) == (403, "register.http.token")
    else:
        assert answer.status_code == status, answer.text
        assert status == 200 or answer.json()["code"] == "register.http.origin"
    # What changes nothing may come from anywhere: no other site can read the answer.
    assert bare.get("/api/v1/members", headers=headers).status_code == 200


@pytest.mark.parametrize("token", ["", "0" * 64, "é", "x"])
def test_a_token_that_is_not_the_sessions_is_refused(browser: TestClient, token: str) -> None:
    answer = browser.post("/api/v1/members/m1/acts/notify", json={"inputs": {}},
                          headers={"x-csrf-token": token.encode()})
    assert answer.json()["code"] == "register.http.token"


def test_a_key_needs_no_token_and_gives_none(at: Office) -> None:
    answer = at.ask("POST", "/members/m1/acts/correct", json=changing())
    assert answer.status_code == 200, answer.text
    assert at.ask("GET", "/session").status_code == 401


@pytest.mark.parametrize("header", [
    "", "Bearer", "Bearer ", "Bearer x", "Basic bGk6eA==", "Bearer zhuanjie_000000000000_" + "a" * 43])
def test_who_is_not_known_is_told_to_sign_in(at: Office, header: str) -> None:
    answer = at.client.get("/api/v1/members", headers={"authorization": header})
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_key_that_was_ended_opens_nothing(at: Office) -> None:
    made = at.ask("POST", "/keys", "administrator", json={
        "title": "门户", "role": "college", "unit": "maths",
        "expires": "2099-01-01T00:00:00Z"})
    assert made.status_code in {400, 422}  # not for so long
    known, key = at.register.access.make_key(
        SYSTEM, title="门户", role="college", unit="maths",
        expires=at.register.store.now().replace(microsecond=0) + (
            __import__("datetime").timedelta(days=2)))
    headers = {"authorization": f"Bearer {key}"}
    assert at.client.get("/api/v1/members", headers=headers).status_code == 200
    assert at.ask("DELETE", f"/keys/{known.id}", "administrator").status_code == 204
    assert at.client.get("/api/v1/members", headers=headers).status_code == 401


def test_whoever_tries_too_often_has_to_wait(at: Office) -> None:
    at.register.access.add_user(SYSTEM, "wang", role="branch", unit="algebra")
    client = TestClient(at.app, OWN, headers={"origin": OWN})
    answers = [client.post("/api/v1/session", json={"user": "wang", "password": f"no{n}"})
               for n in range(8)]
    assert [a.status_code for a in answers[:5]] == [401] * 5
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) > 0


def test_login_comes_from_a_page_of_this_register_too(at: Office) -> None:
    client = TestClient(at.app, OWN, headers={"sec-fetch-site": "cross-site"})
    answer = client.post("/api/v1/session", json={"user": "li", "password": "x"})
    assert answer.json()["code"] == "register.http.origin"


def test_nothing_of_a_password_is_said_again(at: Office) -> None:
    client = TestClient(at.app, OWN, headers={"origin": OWN}, raise_server_exceptions=False)
    for body in ({"user": "li", "password": ["秘密"]}, {"user": "li", "password": "秘密", "x": "秘密"}):
        answer = client.post("/api/v1/session", json=body)
        assert answer.status_code == 422 and "秘密" not in answer.text


def test_everything_is_kept_in_one_folder(tmp_path: Path) -> None:
    with office(tmp_path):
        assert {p.name for p in tmp_path.iterdir()} >= {"register.db", "register.data"}
        assert (tmp_path / "register.data").stat().st_mode & 0o077 == 0
