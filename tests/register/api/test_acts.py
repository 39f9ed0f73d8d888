"""Acts over HTTP: done once, by the version that was seen, refused with clause and remedy."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from support.register_office import Office

CORRECT = {"inputs": {"member.phone": "13900000000"}, "reason": "号码有误"}


def version(at: Office, member: str = "m1") -> int:
    return int(at.ask("GET", f"/members/{member}").json()["version"])


def test_a_change_by_the_version_that_was_seen(at: Office) -> None:
    seen = at.ask("GET", "/members/m1").headers["etag"]
    done = at.ask("POST", "/members/m1/acts/correct", json=CORRECT, headers={"if-match": seen})
    assert done.status_code == 200, done.text
    assert done.headers["etag"] == f'"{done.json()["version"]}"' != seen
    late = at.ask("POST", "/members/m1/acts/correct", json=CORRECT, headers={"if-match": seen})
    said = late.json()
    assert (late.status_code, said["code"]) == (412, "register.acts.conflict")
    assert [(c["act"], c["fields"]) for c in said["changes"]] == [("correct", ["member.phone"])]
    assert "13900000000" not in late.text
    assert version(at) == done.json()["version"]
    same = at.ask("POST", "/members/m1/acts/correct", json=CORRECT)
    assert (same.status_code, same.json()["code"]) == (422, "register.acts.unchanged")
    assert version(at) == done.json()["version"]
    for phone, odd in (("13900000001", "W/" + done.headers["etag"]), ("13900000002", "*")):
        again = at.ask("POST", "/members/m1/acts/correct", headers={"if-match": odd}, json={
            **CORRECT, "inputs": {"member.phone": phone}})
        assert again.status_code == 200


@pytest.mark.parametrize("tag", ["x", '"x"', '"-1"', '"1", "2"', '"' + "9" * 30 + '"', "²"])
def test_a_version_that_is_none_is_refused(at: Office, tag: str) -> None:
    answer = at.ask("POST", "/members/m1/acts/correct", json=CORRECT,
                    headers={"if-match": tag.encode()})
    assert (answer.status_code, answer.json()["code"]) == (400, "register.http.version")


def test_the_same_request_twice_is_done_once(at: Office) -> None:
    def ask(_: int) -> Any:
        return at.ask("POST", "/members/m2/acts/correct", json=CORRECT,
                      headers={"idempotency-key": "a-key"})

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(8)))
    assert {a.status_code for a in answers} == {200}
    assert len({a.json()["event"] for a in answers}) == 1
    assert sum("idempotency-replayed" in a.headers for a in answers) == 7
    other = at.ask("POST", "/members/m2/acts/correct", json={**CORRECT, "reason": "另外"},
                   headers={"idempotency-key": "a-key"})
    assert (other.status_code, other.json()["code"]) == (409, "register.acts.key-used")
    # Another program's key of that name is its own.
    theirs = at.ask("POST", "/members/m2/acts/correct", "college", "maths", headers={
        "idempotency-key": "a-key"}, json={**CORRECT, "inputs": {"member.phone": "13900000003"}})
    assert theirs.status_code == 200 and "idempotency-replayed" not in theirs.headers


def test_of_two_writers_one_is_told_who_was_first(at: Office) -> None:
    seen = at.ask("GET", "/members/m1").headers["etag"]

    def ask(n: int) -> int:
        return int(at.ask("POST", "/members/m1/acts/correct", headers={"if-match": seen}, json={
            "inputs": {"member.phone": f"1370000000{n}"}, "reason": "并发"}).status_code)

    with ThreadPoolExecutor(8) as pool:
        codes = sorted(pool.map(ask, range(8)))
    assert codes == [200] + [412] * 7


def test_what_the_rules_forbid_is_refused_with_clause_and_decision(at: Office) -> None:
    at.add("f1", "maths", destination__kind="talent_service", destination__talent_level="town")
    answer = at.ask("POST", "/members/f1/acts/issue", json={
        "inputs": {"letter.origin_address": "泉州"}})
    said = answer.json()
    assert answer.status_code == 422, said
    assert said["findings"] and all(f["clause"] and f["message"] for f in said["findings"])
    decisions = at.ask("GET", "/events?kind=decision.made&limit=200").json()["items"]
    assert said["decision"] in {event["id"] for event in decisions}
    previewed = at.ask("POST", "/members/f1/acts/issue/preview", json={
        "inputs": {"letter.origin_address": "泉州"}})
    assert previewed.status_code == 422
    assert [f["clause"] for f in previewed.json()["findings"]] == [
        f["clause"] for f in said["findings"]]


def test_a_preview_keeps_nothing(at: Office) -> None:
    before = at.ask("GET", "/events?limit=200").json()
    answer = at.ask("POST", "/members/m1/acts/correct/preview", json=CORRECT)
    assert answer.status_code == 200 and "member.phone" in answer.json()["changes"]
    assert at.ask("GET", "/events?limit=200").json() == before


def test_what_can_be_done_is_told_with_reasons(at: Office) -> None:
    acts = {a["id"]: a for a in at.ask("GET", "/members/m1/acts").json()}
    assert acts["correct"]["possible"] and acts["correct"]["reason_needed"]
    assert not acts["receive"]["possible"] and acts["receive"]["why_not"]
    listed = at.ask("GET", "/acts").json()
    assert [a["id"] for a in listed] == list(acts)


@pytest.mark.parametrize(("body", "status"), [
    ({"inputs": {"member.phone": "1"}}, 422), ({"inputs": {"no.field": 1}, "reason": "x"}, 422),
    ({"inputs": {"member.left_on": "someday"}, "reason": "x"}, 422),
    ({"inputs": [], "reason": "x"}, 422), ({"unknown": 1}, 422), ([], 422), ("x", 422),
    ({"inputs": {"member.phone": "a\u0000b"}, "reason": "x"}, 422),
    ({"inputs": {"member.phone": {"deep": [1]}}, "reason": "x"}, 422),
    ({"inputs": {}, "reason": "x" * 5000}, 422)])
def test_what_makes_no_sense_is_refused(at: Office, body: Any, status: int) -> None:
    answer = at.ask("POST", "/members/m1/acts/correct", json=body)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_an_act_that_there_is_not(at: Office) -> None:
    answer = at.ask("POST", "/members/m1/acts/fly", json={})
    assert 400 <= answer.status_code < 500
    assert "fly" in answer.json()["detail"]


def test_numbers_are_listed_with_their_fate(at: Office) -> None:
    at.add("n1", "maths")
    body = {"inputs": {"letter.origin_address": "泉州师院组织部"}, "acknowledged": [
        "A25", "1.1a", "1.1b", "1.2", "1.3a", "1.3b", "1.3c", "1.3d", "1.6a"]}
    done = at.ask("POST", "/members/n1/acts/issue", json=body)
    assert done.status_code == 200, done.text
    number = done.json()["number"]
    page = at.ask("GET", "/series/letter/numbers").json()
    assert [(n["text"], n["state"], n["member"]) for n in page["items"]][-1] == (
        number, "standing", "n1")
    voided = at.ask("POST", "/members/n1/acts/void", json={"reason": "写错"})
    assert voided.status_code == 200, voided.text
    page = at.ask("GET", "/series/letter/numbers").json()
    assert {n["text"]: n["state"] for n in page["items"]}[number] == "voided"


def test_a_series_that_there_is_not_has_no_numbers(at: Office) -> None:
    answer = at.ask("GET", "/series/nothing/numbers")
    assert (answer.status_code, answer.json()["code"]) == (400, "register.acts.unknown-series")
