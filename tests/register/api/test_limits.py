"""How often somebody may ask: users, keys and addresses apart, costly routes, what is answered."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from support.register_office import Office, office

from zhuanjie.engine.api import UsageError
from zhuanjie.web.api.app import PREFIX
from zhuanjie.web.api.limits import COSTLY, Allowance
from zhuanjie.web.api.settings import http_settings
from zhuanjie.web.store.event import SYSTEM

FILE = {"files": ("a.csv", "学号,姓名,性别\nno-9,王九,女\n".encode(), "text/csv")}


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """An office where one may ask 20 times a minute, 3 times what is costly."""
    with office(tmp_path_factory.mktemp("strict"), http={
            "limits": {"requests": 20, "costly": 3, "strangers": 6}}) as made:
        yield made


def key(at: Office, role: str = "department", unit: str = "office") -> dict[str, str]:
    access = at.register.access
    _, told = access.make_key(SYSTEM, title="x", role=role, unit=unit,
                              expires=at.register.store.now() + timedelta(days=1))
    return {"authorization": f"Bearer {told}"}


def test_costly_routes_by_key(strict: Office) -> None:
    first, second = key(strict), key(strict)
    answers = [strict.client.post("/api/v1/imports", files=FILE, headers=first) for _ in range(4)]
    assert [a.status_code for a in answers] == [201, 201, 201, 429], answers[0].text
    last = answers[-1]
    assert last.headers["content-type"] == "application/problem+json"
    assert last.json()["code"] == "register.http.too-many"
    assert 1 <= int(last.headers["retry-after"]) <= 20
    # What costs little is answered, and so is another key.
    assert strict.client.get("/api/v1/members", headers=first).status_code == 200
    assert strict.client.post("/api/v1/imports", files=FILE, headers=second).status_code == 201


def test_all_requests_of_one_key(strict: Office) -> None:
    mine = key(strict)
    states = [strict.client.get("/api/v1/acts", headers=mine).status_code for _ in range(22)]
    assert states[:20] == [200] * 20
    assert states[-1] == 429


def test_strangers_by_address(strict: Office) -> None:
    mine = key(strict)
    wrong = {"authorization": "Bearer zhuanjie_0000_0000"}
    states = [strict.client.get("/api/v1/members", headers=wrong).status_code for _ in range(8)]
    assert states == [401] * 6 + [429] * 2
    answer = strict.client.post("/api/v1/session", json={"user": "x", "password": "y"})
    assert (answer.status_code, answer.json()["code"]) == (429, "register.http.too-many")
    assert "retry-after" in answer.headers
    # Who is let in does not pay for what others do behind the same address.
    assert strict.client.get("/api/v1/members", headers=mine).status_code == 200


def test_costly_routes_are_routes(strict: Office) -> None:
    paths = strict.client.get(f"{PREFIX}/openapi.json").json()["paths"]
    there = {(method.upper(), path) for path, methods in paths.items() for method in methods}
    assert {(method, PREFIX + path) for method, path in COSTLY} <= there


def test_an_allowance_fills_up_again() -> None:
    clock = [100.0]
    allowance = Allowance(6, lambda: clock[0])
    assert [allowance.take("a") for _ in range(6)] == [0.0] * 6
    assert allowance.take("a") == allowance.take("a") == pytest.approx(10)
    assert allowance.take("b") == 0
    clock[0] += 10
    assert allowance.take("a") == 0
    assert allowance.take("a") > 0
    clock[0] += 1000
    assert [allowance.take("a") for _ in range(7)][5:] == [0, pytest.approx(10)]
    assert all(Allowance(0).take("a") == 0 for _ in range(1000))


def test_memory_is_bounded_and_who_used_most_is_kept() -> None:
    allowance = Allowance(2, lambda: 5.0)
    for _ in range(3):
        allowance.take("a")
    for number in range(45_000):
        allowance.take(str(number))
    assert len(allowance._used) <= 20_000
    assert allowance.take("a") > 0


def test_settings() -> None:
    assert http_settings({"http": {"limits": {"costly": 5}}}).limits.costly == 5
    with pytest.raises(UsageError) as failed:
        http_settings({"http": {"limits": {"costly": -1}}})
    assert failed.value.diagnostics[0].args["key"] == "register.http.limits.costly"
