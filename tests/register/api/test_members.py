"""Members over HTTP: lists that go on where they ended, one of them whole, what happened to it."""

from __future__ import annotations

from typing import Any

import pytest
from support.register_office import Office


def pages(at: Office, query: str, **who: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor = None
    while True:
        more = f"&cursor={cursor}" if cursor else ""
        answer = at.ask("GET", f"/members?{query}{more}", **who).json()
        assert len(answer["items"]) <= 2
        found += answer["items"]
        cursor = answer["next"]
        if cursor is None:
            return found


@pytest.mark.parametrize("order", ["id", "name", "changed"])
def test_pages_have_every_member_once(at: Office, order: str) -> None:
    found = pages(at, f"limit=2&order={order}")
    assert sorted(m["id"] for m in found) == ["m1", "m2", "p1"]
    key = {"id": "id", "name": "name", "changed": "version"}[order]
    values = [m[key] for m in found]
    assert values == sorted(values, reverse=order == "changed")


def test_rows_that_come_meanwhile_move_no_other(at: Office) -> None:
    first = at.ask("GET", "/members?limit=1").json()
    at.add("a0", "maths")
    rest = at.ask("GET", f"/members?limit=5&cursor={first['next']}").json()["items"]
    assert [m["id"] for m in (*first["items"], *rest)] == ["m1", "m2", "p1"]
    at.ask("POST", "/members/a0/acts/withdraw", json={"reason": "重复"})
    assert [m["id"] for m in pages(at, "limit=2&withdrawn=true")] == ["a0"]


@pytest.mark.parametrize("cursor", [
    "x", "W10", "WyJpZCIsMSwyXQ", "WyJuYW1lIiwiYSIsImIiXQ", "/////", "WyJpZCIsICJcdTAwMDAiLCAiYSJd"])
def test_a_cursor_that_was_not_given_is_refused(at: Office, cursor: str) -> None:
    answer = at.ask("GET", f"/members?cursor={cursor}")
    assert (answer.status_code, answer.json()["code"]) == (400, "register.http.cursor")


@pytest.mark.parametrize(("query", "ids"), [
    ("unit=physics", ["p1"]), ("unit=maths&unit=physics", ["m1", "p1"]), ("search=王p", ["p1"]),
    ("search=no-m", ["m1", "m2"]), ("search=NO-M2", ["m2"]), ("search=%25", []),
    ("search=_", []), ("outcome=waived", []), ("clause=1.9z", [])])
def test_lists_have_what_is_asked_for(at: Office, query: str, ids: list[str]) -> None:
    assert [m["id"] for m in pages(at, f"limit=2&{query}")] == ids


def test_a_list_is_of_the_units_that_are_seen(at: Office) -> None:
    assert [m["id"] for m in pages(at, "limit=2", role="college", unit="maths")] == ["m1", "m2"]
    assert [m["id"] for m in pages(at, "limit=2", role="branch", unit="algebra")] == ["m2"]
    assert pages(at, "limit=2", role="administrator", unit="office") == []
    assert pages(at, "limit=2&unit=physics", role="college", unit="maths") == []
    assert at.ask("GET", "/summary", "college", "maths").json()["members"] == 2


def test_a_member_is_shown_whole(at: Office) -> None:
    answer = at.ask("GET", "/members/m1")
    shown = answer.json()
    assert answer.headers["etag"] == f'"{shown["version"]}"'
    assert answer.headers["cache-control"] == "no-store"
    assert shown["record"]["member.name"] == "王m1"
    assert set(shown["record"]) < set(shown["columns"])
    assert shown["as_of"] == "2026-06-30"
    assert len(shown["policy"]["sha256"]) == 64
    kept = at.ask("GET", "/events?kind=decision.made").json()["items"]
    assert shown["decision"] in {event["id"] for event in kept}
    assert all(f["clause"] and f["message"] for f in shown["findings"])
    assert {d["clause"] for d in shown["deadlines"]} <= {f["clause"] for f in shown["findings"]}
    # By the key of the ledger it is the same member.
    assert at.ask("GET", "/members/no-m1").json()["id"] == "m1"


def test_outcomes_are_told_in_the_language_that_is_wanted(at: Office) -> None:
    english = at.ask("GET", "/members/m1").json()["findings"]
    chinese = at.ask("GET", "/members/m1", headers={"accept-language": "zh"}).json()["findings"]
    assert [f["id"] for f in english] == [f["id"] for f in chinese]
    assert all(e["message"] != c["message"] for e, c in zip(english, chinese, strict=True))


def test_a_history_has_values_before_and_after(at: Office) -> None:
    at.ask("POST", "/members/m2/acts/correct",
           json={"inputs": {"member.phone": "13900000001"}, "reason": "号码有误"})
    first = at.ask("GET", "/members/m2/events?limit=1").json()
    assert [e["kind"] for e in first["items"]] == ["member.imported"]
    rest = at.ask("GET", f"/members/m2/events?cursor={first['next']}").json()
    event = rest["items"][-1]
    assert (event["kind"], event["reason"]) == ("member.corrected", "号码有误")
    assert event["values"]["member.phone"] == {"before": "13800000000", "after": "13900000001"}


@pytest.mark.parametrize("path", ["/members/nobody", "/members/p1", "/members/p1/events",
                                  "/members/p1/acts", "/members/p1/clearance",
                                  "/members/p1/attachments", "/members/no-p1"])
def test_what_is_not_seen_is_not_there(at: Office, path: str) -> None:
    answer = at.ask("GET", path, "college", "maths")
    assert (answer.status_code, answer.json()["code"]) == (404, "register.none")
