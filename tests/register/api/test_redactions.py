"""Values erased over HTTP: who may, with what shown, what is left of them and what is not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyotp
import pytest
from sqlalchemy import select
from starlette.testclient import TestClient
from support.register_office import Office, office

from zhuanjie.web.evidence.flaws import Flaws
from zhuanjie.web.evidence.keys import verifiers_of
from zhuanjie.web.evidence.projections import compare_projections
from zhuanjie.web.evidence.verify import verify
from zhuanjie.web.store.event import SYSTEM, EventDraft
from zhuanjie.web.store.tables import EVENT_VALUES, EVENTS, MEMBER_KEYS, MEMBERS

API = "/api/v1"
GONE = "不应留下的"


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with office(tmp_path_factory.mktemp("office")) as made:
        for user, role, unit in (("zhao", "department", "office"), ("li", "college", "maths")):
            made.register.access.add_user(SYSTEM, user, role=role, unit=unit)
        yield made


def first_password(at: Office, user: str) -> tuple[TestClient, str]:
    """A browser in which a user is signed in, and the password that they have."""
    browser = at.signed_in(user)
    said = browser.get(f"{API}/session").json()
    assert said["second_factor"] is False
    told = at.register.access.reset_password(SYSTEM, user)
    own = f"{told} {told}"
    for path, body in (("/session", {"user": user, "password": told}),
                       ("/session/password", {"password": told, "new": own})):
        answer = browser.post(f"{API}{path}", json=body)
        browser.headers["x-csrf-token"] = answer.json()["csrf"]
    return browser, own


def with_code(at: Office, user: str) -> tuple[TestClient, pyotp.TOTP, str, list[str]]:
    """A browser of somebody who enrolled for codes in it; the app, password, recovery codes."""
    browser, own = first_password(at, user)
    uri = browser.post(f"{API}/session/codes", json={"password": own}).json()["uri"]
    app = pyotp.parse_uri(uri)
    assert isinstance(app, pyotp.TOTP)
    wrong = browser.post(f"{API}/session/codes/confirm", json={"code": "000000"})
    assert wrong.status_code == 401
    done = browser.post(f"{API}/session/codes/confirm", json={"code": code(at, app, -1)})
    assert done.status_code == 200, done.text
    assert done.json()["second_factor"] is True
    browser.headers["x-csrf-token"] = done.json()["csrf"]
    return browser, app, own, done.json()["recovery_codes"]


def code(at: Office, app: pyotp.TOTP, steps: int) -> str:
    return app.at(int(at.register.store.now().timestamp()) + 30 * steps)


def everything(at: Office) -> str:
    with at.register.database.reading() as conn:
        rows = [tuple(row) for table in (EVENTS, EVENT_VALUES, MEMBERS, MEMBER_KEYS)
                for row in conn.execute(select(table))]
    return " ".join(v.decode(errors="replace") if isinstance(v, bytes) else str(v)
                    for row in rows for v in row)


def flaws(at: Office) -> list[Any]:
    with at.register.database.reading() as conn:
        found = list(verify(conn, verifiers_of(at.register.place.folder)).flaws)
    more = Flaws()
    compare_projections(at.register.store, more)
    return [*found, *more]


def test_a_member_is_erased_with_a_code_and_the_trail_holds(at: Office) -> None:
    at.add("z1", "maths", member__name=f"{GONE}甲", member__phone="13911112222")
    browser, _, own, recovery = with_code(at, "zhao")
    asked = {"member": "z1", "fields": ["member.name", "member.phone"], "reason": "本人申请"}
    # Whoever has the password alone is asked for a code.
    plain = TestClient(at.app, "http://localhost:8740", headers={"origin": "http://localhost:8740"},
                       raise_server_exceptions=False)
    lacks = plain.post(f"{API}/session", json={"user": "zhao", "password": own})
    assert (lacks.status_code, lacks.json()["code"]) == (401, "register.access.code")
    # No token of the page: another site asked.
    stranger = browser.post(f"{API}/redactions", json=asked, headers={"x-csrf-token": "x"})
    assert stranger.status_code == 403
    assert GONE in everything(at)

    done = browser.post(f"{API}/redactions", json=asked)
    assert done.status_code == 200, done.text
    assert [(e["kind"], e["actor"], e["via"], e["reason"]) for e in done.json()] == [
        ("values.redacted", "zhao", "session", "本人申请")]
    shown = browser.get(f"{API}/members/z1").json()["record"]
    assert "member.name" not in shown and "member.phone" not in shown
    assert shown["destination.org"] == "某公司党委"
    history = browser.get(f"{API}/members/z1/events").json()["items"]
    imported = next(e for e in history if e["kind"] == "member.imported")
    assert set(imported["erased"]) >= {"member.name", "member.phone"}
    assert "member.name" not in imported["values"]
    assert GONE not in everything(at) and "13911112222" not in everything(at)
    assert flaws(at) == []
    proof = browser.get(f"{API}/trail/events/{imported['seq']}/proof")
    assert proof.status_code == 200 and GONE not in proof.text
    # A recovery code stands in for the app, once.
    for expected in (200, 401):
        again = plain.post(f"{API}/session", json={
            "user": "zhao", "password": own, "code": recovery[0]})
        assert again.status_code == expected, again.text
    # Once more there is nothing left to erase.
    more = browser.post(f"{API}/redactions", json=asked)
    assert more.status_code in {400, 404}, more.text


def test_one_event_is_erased(at: Office) -> None:
    browser, *_ = with_code_again(at)
    at.add("z2", "maths", member__name=f"{GONE}乙")
    imported = next(e for e in browser.get(f"{API}/members/z2/events").json()["items"]
                    if e["kind"] == "member.imported")
    done = browser.post(f"{API}/redactions", json={"event": imported["seq"], "reason": "误录"})
    assert done.status_code == 200, done.text
    assert GONE not in everything(at)
    assert flaws(at) == []
    nobody = browser.post(f"{API}/redactions", json={"event": 10**9, "reason": "x"})
    assert nobody.status_code == 404


def with_code_again(at: Office) -> tuple[TestClient, pyotp.TOTP, str, list[str]]:
    at.register.access.reset_codes(SYSTEM, "zhao")
    return with_code(at, "zhao")


def test_one_who_sees_a_unit_alone_erases_there(at: Office) -> None:
    """What happened before the case came to the unit goes as well."""
    at.register.access.add_user(SYSTEM, "sun", role="department", unit="maths")
    at.add("z4", "physics", member__name=f"{GONE}丁")
    with at.register.store.change(SYSTEM) as work:
        work.record(EventDraft("member.moved", "z4", "maths"))
    browser, *_ = with_code(at, "sun")
    done = browser.post(f"{API}/redactions", json={"member": "z4", "reason": "本人申请"})
    assert done.status_code == 200, done.text
    assert GONE not in everything(at)
    assert flaws(at) == []
    hidden = browser.post(f"{API}/redactions", json={"member": "p1", "reason": "x"})
    assert hidden.status_code == 404


def test_without_a_code_or_the_right_nothing_is_erased(at: Office) -> None:
    at.add("z3", "maths", member__name="王丙丙")
    asked = {"member": "z3", "reason": "本人申请"}
    at.register.access.reset_codes(SYSTEM, "zhao")
    plain, _ = first_password(at, "zhao")
    refused = plain.post(f"{API}/redactions", json=asked)
    assert (refused.status_code, refused.json()["code"]) == (403, "register.access.second-factor")
    assert refused.json()["hint"]
    college, *_ = with_code(at, "li")
    refused = college.post(f"{API}/redactions", json=asked)
    assert (refused.status_code, refused.json()["code"]) == (403, "register.access.forbidden")
    hidden = college.post(f"{API}/redactions", json={"member": "p1", "reason": "x"})
    assert hidden.status_code == 404
    assert at.ask("POST", "/redactions", json=asked).json()["code"] == "register.access.person"
    assert at.ask("GET", "/members/z3").json()["record"]["member.name"] == "王丙丙"
    for wrong in ({"reason": "x"}, {"member": "z3", "reason": ""}, {"event": 0, "reason": "x"}):
        assert at.ask("POST", "/redactions", json=wrong).status_code in {400, 403, 404, 422}
