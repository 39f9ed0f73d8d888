"""The interface on PostgreSQL: what differs there is how rows are hidden, locked and compared."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from support import engines
from support.register_office import Office, office

pytestmark = pytest.mark.engine("postgresql")


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with office(tmp_path_factory.mktemp("office"), engines.fresh_database()) as made:
        yield made


def test_members_are_listed_found_and_hidden(at: Office) -> None:
    for order in ("id", "name", "changed"):
        seen: list[str] = []
        cursor = ""
        while True:
            page = at.ask("GET", f"/members?limit=1&order={order}{cursor}").json()
            seen += [m["id"] for m in page["items"]]
            if page["next"] is None:
                break
            cursor = f"&cursor={page['next']}"
        assert sorted(seen) == ["m1", "m2", "p1"]
    assert [m["id"] for m in at.ask("GET", "/members?search=NO-M").json()["items"]] == ["m1", "m2"]
    assert at.ask("GET", "/members/p1", "college", "maths").status_code == 404
    assert at.ask("GET", "/summary", "college", "maths").json()["members"] == 2
    shown = at.ask("GET", "/members/no-m1").json()
    assert shown["decision"] and shown["findings"]


def test_acts_are_done_once_and_in_turn(at: Office) -> None:
    seen = at.ask("GET", "/members/m1").headers["etag"]
    body = {"inputs": {"member.phone": "13900000000"}, "reason": "更正"}

    def ask(_: int) -> int:
        return int(at.ask("POST", "/members/m1/acts/correct", json=body,
                          headers={"if-match": seen}).status_code)

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(ask, range(6))) == [200, *[412] * 5]

    def again(_: int) -> str:
        return str(at.ask("POST", "/members/m2/acts/correct", json=body,
                          headers={"idempotency-key": "one"}).json()["event"])

    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(again, range(6)))) == 1


def test_what_belongs_to_units_is_written_and_hidden(at: Office) -> None:
    made = at.ask("POST", "/reminders", "college", "maths", json={
        "unit": "maths", "channel": "mail", "target": "li@example.edu.cn"})
    assert made.status_code == 201, made.text
    at.ask("POST", "/waivers", "college", "maths", json={
        "clause": "1.6b", "member": "m1", "reason": "封闭", "expires": "2026-09-30"})
    assert len(at.ask("GET", "/waivers", "college", "maths").json()) == 1
    assert at.ask("GET", "/waivers", "college", "physics").json() == []
    sent = at.ask("POST", "/imports", "college", "maths", files={
        "files": ("a.csv", "学号,姓名,性别\nno-9,李九,男\n".encode())}).json()
    saved = at.ask("POST", f"/imports/uploads/{sent['upload']}/save", "college", "maths",
                   json={"token": sent["token"]})
    assert saved.status_code == 200, saved.text
    assert at.ask("GET", "/members/no-9", "college", "physics").status_code == 404
    assert at.ask("GET", "/members/no-9", "college", "maths").json()["unit"] == "maths"
