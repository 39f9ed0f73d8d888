"""Logins at a server of OpenID Connect, over real HTTP, and at one that lies."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from joserfc.jwk import RSAKey
from starlette.responses import JSONResponse, RedirectResponse, Response
from support.identity_servers import OidcServer, browse
from support.office import OURS, Clock, refused, sign_in

from zhuanjie.engine.api import UsageError
from zhuanjie.web.access.access import Access
from zhuanjie.web.access.providers import origin_of
from zhuanjie.web.access.settings import access_settings
from zhuanjie.web.store.errors import NotFoundError
from zhuanjie.web.store.event import SYSTEM

Lie = Callable[[OidcServer], dict[str, Any]]


def test_who_signs_in_elsewhere_acts_by_their_role_here(campus: Access) -> None:
    actor = campus.actor_of_session(sign_in(campus))
    assert (actor.id, actor.role, actor.unit, actor.second_factor) == (
        "li", "college", "maths", False)
    assert campus.user(SYSTEM, "li").name == "李四"
    assert campus.sign_ins.providers == {"campus": "campus", "old": "old"}
    begun = campus.sign_ins.begin("campus")
    query = httpx.URL(begun.url).params
    assert query["redirect_uri"] == f"{OURS}/api/v1/sign-in/campus/callback"
    for needed in ("state", "nonce", "code_challenge"):
        assert len(query[needed]) >= 43


def test_claims_make_users_by_data(campus: Access, oidc: OidcServer) -> None:
    oidc.claims = {"sub": "new", "groups": ["x", "registrars"], "amr": ["pwd", "otp"]}
    actor = campus.actor_of_session(sign_in(campus))
    assert (actor.id, actor.role, actor.unit, actor.second_factor) == (
        "new", "department", "office", True)
    oidc.claims = {"sub": "new", "groups": "colleges", "college": "physics"}
    assert campus.actor_of_session(sign_in(campus)).unit == "physics"
    oidc.claims = {"sub": "new"}  # nothing is said any more: they are what they were
    assert campus.actor_of_session(sign_in(campus)).unit == "physics"
    # What the token does not say may be asked for, of the same person.
    oidc.claims = {"sub": "third"}
    oidc.lie = {"userinfo": {"groups": ["registrars"]}}
    assert campus.actor_of_session(sign_in(campus)).role == "department"
    oidc.lie = {"userinfo": {"groups": ["registrars"], "sub": "somebody-else"}}
    assert refused(lambda: sign_in(campus)) == "provider-untrue"


@pytest.mark.parametrize("claims", [
    {"sub": "stranger"}, {"sub": "zhao"}, {"sub": "wang"}, {"sub": "no user id"}, {"sub": ""},
    {"sub": "x" * 65}, {"sub": "stranger", "groups": "colleges", "college": "no-such-unit"},
    {"sub": "stranger", "groups": "colleges"},
    {"sub": "zhao", "groups": ["registrars"]},
    {"sub": "stranger", "groups": {"registrars": 1}}])
def test_whom_nobody_knows_stays_outside(campus: Access, oidc: OidcServer,
                                         claims: dict[str, Any]) -> None:
    oidc.claims = claims
    assert refused(lambda: sign_in(campus)) in {"nobody", "provider-untrue"}
    campus.disable_user(SYSTEM, "li")
    oidc.claims = {"sub": "li", "groups": ["registrars"]}
    assert refused(lambda: sign_in(campus)) == "nobody"


def test_who_signs_in_elsewhere_has_no_password_here(campus: Access) -> None:
    for user in ("li", "wang"):
        assert refused(lambda u=user: campus.logins.log_in(u, "anything-at-all")) == "login"  # type: ignore[misc]
        with pytest.raises(UsageError):
            campus.reset_password(SYSTEM, user)


def _other_key(server: OidcServer) -> dict[str, Any]:
    return {"signed": ("RS256", RSAKey.generate_key(2048, {"kid": server.key.kid}))}


@pytest.mark.parametrize("lie", [
    lambda s: {"claims": {"iss": "https://other.example"}},
    lambda s: {"claims": {"iss": s.address + "/"}},
    lambda s: {"claims": {"iss": None}},
    lambda s: {"claims": {"aud": "another"}},
    lambda s: {"claims": {"aud": None}},
    lambda s: {"claims": {"aud": [s.client, "another"], "azp": "another"}},
    lambda s: {"claims": {"nonce": "another"}},
    lambda s: {"claims": {"nonce": None}},
    lambda s: {"claims": {"exp": int(s.now()) - 61}},
    lambda s: {"claims": {"exp": None}},
    lambda s: {"claims": {"exp": "soon"}},
    lambda s: {"claims": {"iat": int(s.now()) + 3600}},
    lambda s: {"claims": {"nbf": int(s.now()) + 3600}},
    lambda s: {"claims": {"sub": None}},
    lambda s: {"claims": {"sub": 7}},
    lambda s: {"claims": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}},
    lambda s: {"signed": ("none", None)},
    lambda s: {"signed": ("HS256", "public")},
    _other_key,
    lambda s: {"token": lambda: JSONResponse({"access_token": "access"})},
    lambda s: {"token": lambda: JSONResponse({"id_token": 5})},
    lambda s: {"token": lambda: JSONResponse({"id_token": "a.b.c"})},
    lambda s: {"token": lambda: JSONResponse({"id_token": "x" * 100_000})},
    lambda s: {"token": lambda: JSONResponse([1])},
    lambda s: {"token": lambda: Response("<html>")},
    lambda s: {"token": lambda: Response(b"{" * 2_000_000)},
    lambda s: {"token": lambda: Response(b"\x1f\x8b", headers={"content-encoding": "gzip"})},
    lambda s: {"token": lambda: RedirectResponse(f"{s.address}/loop")},
    lambda s: {"token": lambda: JSONResponse({}, 500)},
    lambda s: {"keys": {"keys": []}}, lambda s: {"keys": {"keys": "no"}}, lambda s: {"keys": {}},
    lambda s: {"keys": {"keys": [{"kty": "RSA"}]}},
    lambda s: {"about": {"issuer": "https://other.example"}},
    lambda s: {"about": {"token_endpoint": "http://127.0.0.1:1/token"}},
    lambda s: {"about": {"token_endpoint": "http://169.254.169.254/latest"}},
    lambda s: {"about": {"jwks_uri": "file:///etc/passwd"}},
    lambda s: {"about": {"authorization_endpoint": "javascript:alert(1)"}},
    lambda s: {"about": {"jwks_uri": None}},
    lambda s: {"describe": lambda: RedirectResponse(f"{s.address}/loop")},
    lambda s: {"describe": lambda: Response(b" " * 2_000_000)},
])
def test_a_provider_that_lies_lets_nobody_in(campus: Access, oidc: OidcServer, lie: Lie) -> None:
    oidc.lie = lie(oidc)
    assert refused(lambda: sign_in(campus)).startswith("provider-")
    assert "loop" not in oidc.asked  # no redirect is followed
    oidc.lie = {}
    if oidc.asked.count("keys") == 0:  # keys that were wrong are asked for again only later
        assert sign_in(campus)


def test_clocks_may_differ_a_little(campus: Access, oidc: OidcServer, clock: Clock) -> None:
    for seconds in (-50, 50):
        oidc.now = lambda s=seconds: clock().timestamp() + s  # type: ignore[misc]
        assert sign_in(campus)
    oidc.lie = {"claims": {"exp": int(clock().timestamp()) - 30}}
    assert sign_in(campus)


def test_new_keys_of_a_provider_are_asked_for(campus: Access, oidc: OidcServer,
                                              monkeypatch: pytest.MonkeyPatch) -> None:
    assert sign_in(campus)
    assert oidc.asked.count("keys") == 1
    oidc.rotate()
    # Whoever sends wrong tokens does not make us ask again and again.
    assert [refused(lambda: sign_in(campus)) for _ in range(3)] == ["provider-untrue"] * 3
    assert oidc.asked.count("keys") == 1
    monkeypatch.setattr("zhuanjie.web.access.oidc._ASK_AGAIN", 0)
    assert sign_in(campus)
    assert oidc.asked.count("keys") == 2


@pytest.mark.parametrize(("provider", "other"), [("campus", "old"), ("old", "campus")])
def test_what_comes_back_counts_once_for_the_browser_that_went(
        campus: Access, clock: Clock, provider: str, other: str) -> None:
    def over(name: str, params: dict[str, str], browser: str) -> bool:
        return refused(lambda: campus.sign_ins.finish(name, params, browser)) == "sign-in-over"

    begun, another = campus.sign_ins.begin(provider), campus.sign_ins.begin(provider)
    back = browse(begun.url)
    assert over(provider, {**back, "state": "x"}, begun.browser)
    assert over(provider, {**back, "state": ""}, begun.browser)
    assert over(provider, {k: v for k, v in back.items() if k != "state"}, begun.browser)
    assert over(provider, back, another.browser)  # one's own login, put upon somebody else
    assert over(provider, back, begun.browser)  # it is over by that
    begun = campus.sign_ins.begin(provider)
    assert over(other, browse(begun.url), begun.browser)
    begun = campus.sign_ins.begin(provider)
    back = browse(begun.url)
    clock.go_on(minutes=11)
    assert over(provider, back, begun.browser)


def test_other_answers_of_a_callback(campus: Access) -> None:
    assert refused(lambda: sign_in(campus, error="access_denied")) == "provider-refused"
    assert refused(lambda: sign_in(campus, code="")) == "provider-refused"
    assert refused(lambda: sign_in(campus, code="made-up")) == "provider-answer"
    assert refused(lambda: sign_in(campus, code="x" * 5000)) == "provider-refused"
    assert refused(lambda: sign_in(campus, iss="https://other.example")) == "provider-untrue"
    with pytest.raises(NotFoundError):
        campus.sign_ins.begin("nowhere")


def test_a_session_of_a_provider_ends_with_the_provider(campus: Access, clock: Clock) -> None:
    token = sign_in(campus)
    clock.go_on(minutes=29)
    assert campus.sessions.find(token, clock().timestamp()) is not None
    clock.at += timedelta(hours=12)
    assert campus.sessions.find(token, clock().timestamp()) is None


@pytest.mark.parametrize("said", [
    {"oidc": {"campus": {"issuer": "http://idp.example", "client_id": "x"}}},
    {"oidc": {"campus": {"issuer": "https://u:p@idp.example", "client_id": "x"}}},
    {"oidc": {"campus": {"issuer": "ftp://idp.example", "client_id": "x"}}},
    {"cas": {"old": {"base": "https://"}}},
    {"cas": {"old": {"base": "https://cas.example", "surprise": 1}}},
    {"cas": {"local": {"base": "https://cas.example"}}},
    {"cas": {"old": {"base": "https://cas.example", "assignments": [
        {"claim": "c", "value": "v", "role": "system", "unit": "office"}]}}},
    {"cas": {"old": {"base": "https://cas.example", "assignments": [
        {"claim": "c", "value": "v", "role": "college"}]}}},
    {"session": -1}, {"idle": "long"}, {"unknown": 1}])
def test_settings_that_cannot_be_are_refused(said: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        access_settings({"access": {"address": OURS, **said}})
    with pytest.raises(UsageError):
        access_settings({"access": {"cas": {"old": {"base": "https://cas.example"}}}})


def test_origins_are_told_apart() -> None:
    assert origin_of("https://A.example/x?y") == "https://a.example:443"
    assert origin_of("http://[::1]:8/x") == "http://[::1]:8"
    for odd in ("https://a.example@evil.example/", "https:///x", "//a.example", "https://a\\b/",
                "https://ä.example", "https://a.example/#x", "http://a.example", "https://a:x/"):
        with pytest.raises(ValueError, match=r"."):
            origin_of(odd)
