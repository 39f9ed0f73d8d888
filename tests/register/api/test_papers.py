"""Papers over HTTP: what they lack, PDF that is counted once a request, whose they are."""

from __future__ import annotations

import pytest
from support.register_office import Office

LETTER = {"members": ["m1"]}


@pytest.fixture(scope="module")
def paper(at: Office) -> str:
    """A counted paper, and a letter of m1 to print it of."""
    found = at.ask("GET", "/papers").json()
    return str(next(p["id"] for p in found if p["counted"] and p["parts"]))


def prints(at: Office) -> list[dict]:
    return [e for e in at.ask("GET", "/events").json()["items"] if e["kind"] == "member.printed"]


def issue(at: Office) -> None:
    """A letter of m1."""
    said = {"inputs": {"letter.origin_address": "厦门", "letter.origin_phone": "1",
                       "letter.valid_days": 90}}
    asked = at.ask("POST", "/members/m1/acts/issue/preview", json=said).json()
    done = at.ask("POST", "/members/m1/acts/issue", json={**said, "acknowledged": sorted(
        {each["clause"] for each in asked["findings"] if each["outcome"] == "undetermined"})})
    assert done.status_code == 200, done.text


def test_a_letter_is_printed_once_a_request(at: Office, paper: str) -> None:
    before = at.ask("POST", f"/papers/{paper}/prints", json=LETTER)
    assert before.status_code == 422 and not prints(at), before.text  # no letter was issued
    why = at.ask("POST", f"/papers/{paper}/preview", json=LETTER).json()
    assert why[0]["why_not"] and why[0]["member"] == "m1"
    issue(at)
    key = {"Idempotency-Key": "print-1"}
    first = at.ask("POST", f"/papers/{paper}/prints", json=LETTER, headers=key)
    assert first.status_code == 200, first.text
    assert first.headers["content-type"] == "application/pdf" and first.content[:5] == b"%PDF-"
    assert at.ask("POST", f"/papers/{paper}/prints", json=LETTER,
                  headers=key).content == first.content
    assert len(prints(at)) == 1
    further = at.ask("POST", f"/papers/{paper}/prints", json=LETTER)
    assert further.content != first.content and len(prints(at)) == 2  # it is marked
    line, = at.ask("POST", f"/papers/{paper}/preview", json=LETTER).json()
    assert (line["prints"], line["why_not"]) == (2, []) and line["number"]


def test_who_may_print_and_what(at: Office, paper: str) -> None:
    for role, unit in (("college", "maths"), ("branch", "algebra"), ("inspector", "office")):
        answer = at.ask("POST", f"/papers/{paper}/prints", role, unit, json=LETTER)
        assert answer.status_code in {403, 404}, (role, answer.text)
        assert at.ask("GET", f"/papers/{paper}/sample", role, unit).status_code == 403
    assert at.ask("POST", f"/papers/{paper}/prints", json={"members": ["nobody"]}).status_code == 404
    theirs = {"members": ["m1", "p1"]}  # of another unit
    for path in ("prints", "preview"):
        answer = at.ask("POST", f"/papers/{paper}/{path}", "department", "maths", json=theirs)
        assert answer.status_code == 404 and "王p1" not in answer.text
    assert at.ask("POST", "/papers/none/prints", json=LETTER).status_code == 404
    assert at.ask("POST", f"/papers/{paper}/prints", json={"members": []}).status_code == 422
    for mode in ("test", "form"):
        sheet = at.ask("GET", f"/papers/{paper}/sample?mode={mode}")
        assert sheet.content[:5] == b"%PDF-", sheet.text


def test_the_offices_offset_holds_unless_another_is_said(at: Office, paper: str) -> None:
    line, = at.ask("POST", f"/papers/{paper}/preview", json=LETTER).json()
    if line["why_not"]:  # no other test has issued one here
        issue(at)
    at.ask("PUT", f"/settings/forms/{paper}", json={"value": {"right": 30}})
    once = {"Idempotency-Key": "offset"}
    moved = at.ask("POST", f"/papers/{paper}/prints", json={**LETTER, "mode": "over"}, headers=once)
    same = at.ask("POST", f"/papers/{paper}/prints", headers=once,
                  json={**LETTER, "mode": "over", "right": 30, "down": 0})
    other = at.ask("POST", f"/papers/{paper}/prints", headers=once,
                   json={**LETTER, "mode": "over", "right": 0})
    assert moved.status_code == 200, moved.text
    assert moved.content == same.content != other.content
    assert at.ask("POST", f"/papers/{paper}/prints",
                  json={**LETTER, "right": 5000}).status_code == 422
