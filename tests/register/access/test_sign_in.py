"""Logins at other servers, over real HTTP: OpenID Connect and CAS, and servers that lie."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc.jwk import RSAKey
from register.access.people import QUICK, Clock, guarded
from starlette.responses import JSONResponse, RedirectResponse, Response
from support.identity_servers import CasServer, OidcServer, browse, serving

from zhuanjie.engine.api import UsageError
from zhuanjie.web.access.access import Access
from zhuanjie.web.access.cas import ended_ticket, parse
from zhuanjie.web.access.errors import LoginError
from zhuanjie.web.access.passwords import PasswordHashes
from zhuanjie.web.access.providers import origin_of
from zhuanjie.web.access.settings import access_settings
from zhuanjie.web.store.database import RegisterDatabase
from zhuanjie.web.store.errors import NotFoundError
from zhuanjie.web.store.event import SYSTEM

OURS = "https://register.example.edu.cn"
Lie = Callable[[OidcServer], dict[str, Any]]


@pytest.fixture(scope="module")
def oidc_server() -> Iterator[OidcServer]:
    server = OidcServer()
    with serving(server.app()) as server.address:
        yield server


@pytest.fixture(scope="module")
def cas_server() -> Iterator[tuple[CasServer, str]]:
    server = CasServer()
    with serving(server.app()) as address:
        yield server, address


@pytest.fixture
def oidc(oidc_server: OidcServer, clock: Clock) -> OidcServer:
    oidc_server.lie, oidc_server.claims = {}, {"sub": "li", "name": "李四"}
    oidc_server.now = lambda: clock().timestamp()
    oidc_server.asked.clear()
    return oidc_server


@pytest.fixture
def cas(cas_server: tuple[CasServer, str]) -> CasServer:
    server = cas_server[0]
    server.answer, server.inside, server.user, server.attributes = None, "", "li", {}
    return server


@pytest.fixture
def campus(tmp_path: Path, clock: Clock, oidc: OidcServer, cas: CasServer,
           cas_server: tuple[CasServer, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Access]:
    """An office whose li signs in by OpenID Connect, wang by CAS, and zhao has a password."""
    monkeypatch.setenv("CAMPUS_SECRET", oidc.secret)
    assignments = [{"claim": "groups", "value": "registrars", "role": "department",
                    "unit": "office"},
                   {"claim": "groups", "value": "colleges", "role": "college",
                    "unit_claim": "college"}]
    settings = access_settings({"access": {
        "address": OURS,
        "oidc": {"campus": {"issuer": oidc.address, "client_id": oidc.client, "name": "name",
                            "secret_variable": "CAMPUS_SECRET", "second_factor": ["otp"],
                            "assignments": assignments}},
        "cas": {"old": {"base": f"{cas_server[1]}/cas/", "assignments": assignments}}}})
    database = RegisterDatabase(f"sqlite:///{tmp_path / 'r.db'}")
    database.create()
    store, guard = guarded(database, now=clock)
    access = Access(store, guard, settings, hashes=PasswordHashes(QUICK))
    for id, provider in (("li", "campus"), ("wang", "old"), ("zhao", "local")):
        access.add_user(SYSTEM, id, role="college", unit="maths", provider=provider)
    yield access
    database.close()


def sign_in(access: Access, provider: str = "campus", **changed: str) -> str:
    begun = access.sign_ins.begin(provider)
    return access.sign_ins.finish(provider, {**browse(begun.url), **changed}, begun.browser).token


def refused(do: Callable[[], object]) -> str:
    with pytest.raises(LoginError) as error:
        do()
    return error.value.diagnostics[0].code.removeprefix("register.access.")


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
    lambda s: {"signed": ("HS256", s.key_of_public())},
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


def test_what_comes_back_counts_once_for_the_browser_that_went(campus: Access,
                                                               clock: Clock) -> None:
    for provider in ("campus", "old"):
        begun, other = campus.sign_ins.begin(provider), campus.sign_ins.begin(provider)
        back = browse(begun.url)
        for params, browser in (
                ({**back, "state": "x"}, begun.browser), ({**back, "state": ""}, begun.browser),
                ({k: v for k, v in back.items() if k != "state"}, begun.browser)):
            assert refused(lambda p=params, b=browser: campus.sign_ins.finish(  # type: ignore[misc]
                provider, p, b)) == "sign-in-over"
        assert refused(lambda: campus.sign_ins.finish(provider, back, other.browser)
                       ) == "sign-in-over"  # somebody else's login, put upon another
        assert refused(lambda: campus.sign_ins.finish(provider, back, begun.browser)
                       ) == "sign-in-over"  # it is over by that
        begun = campus.sign_ins.begin(provider)
        back = browse(begun.url)
        wrong_way = "old" if provider == "campus" else "campus"
        assert refused(lambda: campus.sign_ins.finish(wrong_way, back, begun.browser)
                       ) == "sign-in-over"
        begun = campus.sign_ins.begin(provider)
        back = browse(begun.url)
        clock.go_on(minutes=11)
        assert refused(lambda: campus.sign_ins.finish(provider, back, begun.browser)
                       ) == "sign-in-over"


def test_other_answers_of_a_callback(campus: Access) -> None:
    assert refused(lambda: sign_in(campus, error="access_denied")) == "provider-refused"
    assert refused(lambda: sign_in(campus, code="")) == "provider-refused"
    assert refused(lambda: sign_in(campus, code="made-up")) == "provider-answer"
    assert refused(lambda: sign_in(campus, code="x" * 5000)) == "provider-refused"
    assert refused(lambda: sign_in(campus, iss="https://other.example")) == "provider-untrue"
    with pytest.raises(NotFoundError):
        campus.sign_ins.begin("nowhere")


def test_cas_says_who_it_is(campus: Access, cas: CasServer) -> None:
    cas.user = "Wang"
    actor = campus.actor_of_session(sign_in(campus, "old"))
    assert (actor.id, actor.role, actor.unit) == ("wang", "college", "maths")
    cas.user, cas.attributes = "chen", {"groups": ["a", "colleges"], "college": ["physics"]}
    assert campus.actor_of_session(sign_in(campus, "old")).unit == "physics"
    for cas.user in ("li", "zhao", "stranger & co", "<b/>"):
        cas.attributes = {}
        assert refused(lambda: sign_in(campus, "old")) == "nobody"


def test_a_ticket_is_taken_once_for_our_address_alone(campus: Access, cas: CasServer) -> None:
    cas.user = "wang"
    begun = campus.sign_ins.begin("old")
    back = browse(begun.url)
    assert httpx.URL(begun.url).params["service"].startswith(
        f"{OURS}/api/v1/sign-in/old/callback?state=")
    assert campus.sign_ins.finish("old", back, begun.browser)
    again = campus.sign_ins.begin("old")  # the ticket of before, in a login of one's own
    state = browse(again.url)["state"]
    cas.answer = lambda _ticket: cas.said("<cas:authenticationSuccess><cas:user>wang</cas:user>"
                                          "</cas:authenticationSuccess>")  # however it is taken
    assert refused(lambda: campus.sign_ins.finish(
        "old", {"state": state, "ticket": back["ticket"]}, again.browser)) == "provider-refused"
    cas.answer = None
    # A ticket that somebody was given for another service.
    elsewhere = browse(begun.url.replace("register.example", "evil.example"))["ticket"]
    assert refused(lambda: sign_in(campus, "old", ticket=elsewhere)) == "provider-refused"
    for odd in ("", "PT-1-proxy", "ST-", "ST-1&service=x", "ST-\n", "ST-" + "x" * 300):
        assert refused(lambda t=odd: sign_in(campus, "old", ticket=t)) == "provider-refused"  # type: ignore[misc]


_YES = "<cas:authenticationSuccess><cas:user>wang</cas:user></cas:authenticationSuccess>"


@pytest.mark.parametrize("body", [
    "", "wang", "yes\nwang", "<a", "<serviceResponse><authenticationSuccess><user>wang</user>"
    "</authenticationSuccess></serviceResponse>",
    f"<x xmlns:cas='urn:other'>{_YES}</x>",
    f"<cas:serviceResponse xmlns:cas='http://www.yale.edu/tp/cas'>{_YES}{_YES}</cas:serviceResponse>",
    "<cas:serviceResponse xmlns:cas='http://www.yale.edu/tp/cas'><x>" + _YES + "</x></cas:serviceResponse>",
    "<!DOCTYPE r [<!ENTITY u 'wang'>]><cas:serviceResponse xmlns:cas='http://www.yale.edu/tp/cas'>"
    "<cas:authenticationSuccess><cas:user>&u;</cas:user></cas:authenticationSuccess></cas:serviceResponse>",
    "<!DOCTYPE r SYSTEM 'file:///etc/passwd'><cas:serviceResponse xmlns:cas='http://www.yale.edu/tp/cas'>"
    + _YES + "</cas:serviceResponse>",
    "<cas:serviceResponse xmlns:cas='http://www.yale.edu/tp/cas'><cas:authenticationSuccess><cas:user>wang</cas:user>"
    "<cas:proxies><cas:proxy>https://p</cas:proxy></cas:proxies></cas:authenticationSuccess></cas:serviceResponse>",
    "<cas:serviceResponse xmlns:cas='http://www.yale.edu/tp/cas'><cas:authenticationSuccess>"
    "</cas:authenticationSuccess></cas:serviceResponse>",
    "<a>" * 10_000, "x" * 2_000_000,
    f"<cas:serviceResponse xmlns:cas='http://www.yale.edu/tp/cas'>{_YES}<!-- {'x' * 70_000} --></cas:serviceResponse>",
])
def test_odd_answers_of_cas_let_nobody_in(campus: Access, cas: CasServer, body: str) -> None:
    cas.answer = lambda _ticket: Response(body, media_type="application/xml")
    assert refused(lambda: sign_in(campus, "old")).startswith("provider-")


def test_cas_ends_its_sessions(campus: Access, cas: CasServer, clock: Clock) -> None:
    cas.user = "wang"
    tokens, tickets = [], []
    for _ in range(2):
        begun = campus.sign_ins.begin("old")
        back = browse(begun.url)
        tickets.append(back["ticket"])
        tokens.append(campus.sign_ins.finish("old", back, begun.browser).token)

    def request(ticket: str) -> dict[str, str]:
        return {"logoutRequest": (
            "<samlp:LogoutRequest xmlns:samlp='urn:oasis:names:tc:SAML:2.0:protocol' ID='1'>"
            f"<samlp:SessionIndex>{ticket}</samlp:SessionIndex></samlp:LogoutRequest>")}

    for form in ({}, {"logoutRequest": "x"}, request("ST-unknown"), request("*"),
                 {"logoutRequest": "<!DOCTYPE a>" + request(tickets[0])["logoutRequest"]}):
        assert campus.sign_ins.log_out_from("old", form) == 0
    assert campus.sign_ins.log_out_from("campus", request(tickets[0])) == 0
    assert campus.sign_ins.log_out_from("old", request(tickets[0])) == 1
    assert [campus.sessions.find(t, clock().timestamp()) is None for t in tokens] == [True, False]


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


def test_xml_is_plain_or_nothing() -> None:
    root = parse(b"<a xmlns='u'><b c='d'>e</b></a>")
    assert root is not None
    assert (root.tag, root[0].tag, root[0].text) == ("{u}a", "{u}b", "e")
    assert parse(b"<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>") is None
    assert ended_ticket({"logoutRequest": "\ud800"}) is None
