"""Logins at a server of CAS, over real HTTP, and at one that answers oddly."""

from __future__ import annotations

import httpx
import pytest
from starlette.responses import Response
from support.identity_servers import CasServer, browse
from support.office import OURS, Clock, refused, sign_in

from zhuanjie.web.access.access import Access
from zhuanjie.web.access.cas import ended_ticket, parse


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


def test_xml_is_plain_or_nothing() -> None:
    root = parse(b"<a xmlns='u'><b c='d'>e</b></a>")
    assert root is not None
    assert (root.tag, root[0].tag, root[0].text) == ("{u}a", "{u}b", "e")
    assert parse(b"<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>") is None
    assert ended_ticket({"logoutRequest": "\ud800"}) is None
