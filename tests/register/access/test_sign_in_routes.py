"""Logins at other servers with a browser: cookies, redirects, what is left in addresses."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from support.identity_servers import CasServer, OidcServer, browse
from support.office import BOX, OURS, QUICK
from support.values import replace

from zhuanjie.web.access.access import Access
from zhuanjie.web.access.passwords import PasswordHashes
from zhuanjie.web.access.settings import AccessSettings
from zhuanjie.web.api.app import make_app
from zhuanjie.web.api.settings import HttpSettings
from zhuanjie.web.service.register import open_register
from zhuanjie.web.store.event import SYSTEM

SIGN_IN = "/api/v1/sign-in"


@pytest.fixture
def browser(tmp_path: Path, providers: AccessSettings, oidc: OidcServer,
            monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """A browser at a register, over TLS by a proxy."""
    oidc.now = time.time
    monkeypatch.chdir(tmp_path)
    plain = open_register(f"sqlite:///{tmp_path / 'r.db'}")
    access = Access(plain.store, plain.guard, providers, box=BOX, hashes=PasswordHashes(QUICK))
    unit = access.office(SYSTEM, title="Office")
    for id, provider in (("li", "campus"), ("wang", "old")):
        access.add_user(SYSTEM, id, role="college", unit=unit, provider=provider)
    app = make_app(replace(plain, access=access), HttpSettings(address=OURS))
    yield TestClient(app, OURS, follow_redirects=False)
    plain.close()


@pytest.mark.parametrize(("provider", "user"), [("campus", "li"), ("old", "wang")])
def test_a_browser_goes_and_comes_back(browser: TestClient, cas: CasServer, provider: str,
                                       user: str) -> None:
    cas.user = "wang"
    assert browser.get(SIGN_IN).json() == {"campus": "campus", "old": "old"}
    gone = browser.get(f"{SIGN_IN}/{provider}")
    assert gone.status_code == 303
    said = gone.headers["set-cookie"].lower()
    for part in ("httponly", "secure", "samesite=lax", f"path={SIGN_IN}"):
        assert part in said
    back = browse(gone.headers["location"])
    stranger = browser.__class__(browser.app, OURS, follow_redirects=False)
    assert stranger.get(f"{SIGN_IN}/{provider}/callback", params=back).status_code == 401
    gone = browser.get(f"{SIGN_IN}/{provider}")
    back = browse(gone.headers["location"])
    come = browser.get(f"{SIGN_IN}/{provider}/callback", params=back)
    assert (come.status_code, come.headers["location"]) == (303, "/api/v1/session")
    assert browser.get(come.headers["location"]).json()["user"] == user
    assert browser.get(f"{SIGN_IN}/{provider}/callback", params=back).status_code == 401
    assert browser.get("/api/v1/session").json()["user"] == user
    if provider == "old":
        ended = ("<samlp:LogoutRequest xmlns:samlp='urn:oasis:names:tc:SAML:2.0:protocol'>"
                 f"<samlp:SessionIndex>{back['ticket']}</samlp:SessionIndex></samlp:LogoutRequest>")
        assert stranger.post(f"{SIGN_IN}/old/callback",
                             data={"logoutRequest": ended}).status_code == 204
        assert browser.get("/api/v1/session").status_code == 401


def test_odd_requests_are_refused_in_words(browser: TestClient) -> None:
    for ask, status in ((f"{SIGN_IN}/nowhere", 404), (f"{SIGN_IN}/nowhere/callback", 404),
                        (f"{SIGN_IN}/campus/callback", 401),
                        (f"{SIGN_IN}/old/callback?ticket=ST-1&state=x", 401)):
        answer = browser.get(ask)
        assert answer.status_code == status, ask
        assert answer.json()["code"].startswith("register.access.")
    for body in (b"", b"logoutRequest=%ff", b"\xff", b"&" * 100, b"logoutRequest=<a"):
        assert browser.post(f"{SIGN_IN}/old/callback", content=body).status_code == 204
    assert browser.post(f"{SIGN_IN}/old/callback", content=b"x" * 70_000).status_code == 413
    assert SIGN_IN not in browser.get("/api/v1/openapi.json").json()["paths"]
