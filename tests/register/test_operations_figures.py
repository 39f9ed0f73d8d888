"""Health, figures and logs say how a register does, and nothing of anybody."""

from __future__ import annotations

import io
import json
import logging
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from zhuanjie.web.operations.health import Readiness, checks_of
from zhuanjie.web.operations.logs import ActorId, JsonLines, Observed, RouteTemplate, log_to
from zhuanjie.web.operations.metrics import RegisterMetrics
from zhuanjie.web.operations.migrating import Revisions
from zhuanjie.web.operations.routes import operation_routes
from zhuanjie.web.operations.schema import whole_schema
from zhuanjie.web.store.database import RegisterDatabase
from zhuanjie.web.store.event import Actor, EventDraft
from zhuanjie.web.store.store import RegisterStore

PERSONAL = ("王小明", "11010519491231002X", "110105194912310021", "2026第0123号", "A-0042", "6222020200112230", "Wang Xiaoming",
            "wang@example.edu.cn")

whole_schema()  # before a database is made


@pytest.fixture
def ready(database: RegisterDatabase, tmp_path: Path) -> Iterator[tuple[TestClient, Readiness, RegisterMetrics]]:
    Revisions().upgrade(database)
    metrics, readiness = RegisterMetrics(database), Readiness(checks_of(database, tmp_path))
    app = Starlette(routes=operation_routes(readiness, metrics, "t0ken"))
    yield TestClient(app, client=("127.0.0.1", 5000)), readiness, metrics


def test_a_register_is_healthy_and_ready(ready: Any) -> None:
    client, readiness, _ = ready
    assert client.get("/healthz").json() == {"status": "ok"}
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "checks": {
        "database": True, "schema": True, "disk": True, "key": True, "serving": True}})
    readiness.draining = True
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["checks"]["serving"]) == (503, False)
    assert client.get("/healthz").status_code == 200


def test_what_is_wrong_is_said_by_a_word(
        database: RegisterDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checks = checks_of(database, tmp_path, signs=lambda: False)
    assert Readiness(checks).state() == {
        "database": True, "schema": False, "disk": True, "key": False, "serving": True}
    Revisions().upgrade(database)
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage._replace(free=1000))
    assert Readiness(checks).state()["disk"] is False
    monkeypatch.setattr(database, "reading", lambda: database.engine.connect().execute(
        text("SELECT nothing FROM nowhere")))
    assert Readiness(checks).state()["database"] is False


@pytest.mark.parametrize(("client", "headers", "status"), [
    ("127.0.0.1", {}, 200), ("127.0.0.5", {}, 200), ("::1", {}, 200),
    ("192.0.2.1", {}, 404), ("testclient", {}, 404),
    ("127.0.0.1", {"x-forwarded-for": "127.0.0.1"}, 404), ("127.0.0.1", {"forwarded": "for=x"}, 404),
    ("192.0.2.1", {"authorization": "Bearer t0ken"}, 200),
    ("192.0.2.1", {"authorization": "Bearer t0ke"}, 404),
    ("192.0.2.1", {"authorization": "t0ken"}, 404), ("192.0.2.1", {"authorization": "Bearer "}, 404),
    ("192.0.2.1", {"authorization": "Bearer \xff"}, 404)])
def test_who_may_ask_for_figures(client: str, headers: dict[str, str], status: int) -> None:
    app = Starlette(routes=operation_routes(Readiness({}), RegisterMetrics(), "t0ken"))
    given = {name: value.encode("latin-1") for name, value in headers.items()}
    assert TestClient(app, client=(client, 1)).get("/metrics", headers=given).status_code == status
    no_token = Starlette(routes=operation_routes(Readiness({}), RegisterMetrics()))
    assert TestClient(no_token, client=("192.0.2.1", 1)).get(
        "/metrics", headers={"authorization": "Bearer None"}).status_code == 404


def figure(metrics: RegisterMetrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels)


def test_figures_follow_what_happens(ready: Any, database: RegisterDatabase) -> None:
    client, _, metrics = ready
    store = RegisterStore(database, {}, projectors=(), hooks=[metrics.timed(lambda _work: None), metrics.hook])
    store.begin()
    with store.change(Actor("li", "department")) as work:
        work.record_all([EventDraft("member.imported", "m1", "maths"), EventDraft("member.set", "m1")])
    metrics.refused("register.act.refused")
    metrics.sent("again")
    metrics.duty("judge", True)
    assert figure(metrics, "zhuanjie_trail_size") == 2
    assert figure(metrics, "zhuanjie_changes_total") == 1
    assert figure(metrics, "zhuanjie_events_total") == 2
    assert figure(metrics, "zhuanjie_judging_seconds_count") == 1
    assert figure(metrics, "zhuanjie_refused_total", code="register.act.refused") == 1
    assert figure(metrics, "zhuanjie_reminders_total", result="again") == 1
    assert figure(metrics, "zhuanjie_duties_total", duty="judge", result="done") == 1
    assert figure(metrics, "zhuanjie_outbox", state="failed") == 0
    answer = client.get("/metrics")
    assert "zhuanjie_database_up 1.0" in answer.text
    assert answer.headers["content-type"].startswith("text/plain")


def test_a_database_that_is_away_is_a_figure_too(tmp_path: Path) -> None:
    metrics = RegisterMetrics(RegisterDatabase(f"sqlite:///{tmp_path / 'empty.db'}"))
    assert b"zhuanjie_database_up 0.0" in metrics.text()


def test_no_label_takes_endless_values() -> None:
    metrics = RegisterMetrics()
    for n in range(1000):
        metrics.answered(f"M{n}", f"/{n}", 200, 0.01)
        metrics.refused(f"code.{n}")
    lines = metrics.text().decode().splitlines()
    assert len([x for x in lines if x.startswith("zhuanjie_http_requests_total")]) <= 201
    assert len([x for x in lines if x.startswith("zhuanjie_refused_total")]) <= 201
    assert figure(metrics, "zhuanjie_refused_total", code="other") == 800


# Logs


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level, out = root.handlers[:], root.level, io.StringIO()
    log_to(out)
    yield out
    root.handlers[:], root.level = handlers, level
    logging.getLogger("uvicorn.access").disabled = False


def said(out: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


async def fails(request: Request) -> Response:
    raise ValueError(f"{PERSONAL} {request.url}")


async def good(request: Request) -> Response:
    request.scope["state"] |= {"actor": Actor("u-17", "college"), "refused": "register.act.refused"}
    return PlainTextResponse("good")


class GivesId:
    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        scope.setdefault("state", {})["id"] = "0123456789abcdef"
        await self.app(scope, receive, send)


def test_a_request_is_a_line_with_its_route_and_never_its_path(lines: io.StringIO) -> None:
    metrics = RegisterMetrics()
    app = Starlette(routes=[
        Mount("/api", routes=[Route("/members/{key}", good, methods=["GET", "PUT"]),
                              Route("/bad/{key}", fails)])],
        middleware=[Middleware(GivesId), Middleware(Observed, metrics=metrics)])
    client = TestClient(app, raise_server_exceptions=False)
    for name in PERSONAL:
        assert client.get(f"/api/members/{name}", params={"q": name}, headers={
            "user-agent": "x", "x-request-id": "y", "referer": "z"}).status_code == 200
        assert client.get(f"/api/bad/{name}").status_code == 500
        assert client.get(f"/{name}").status_code == 404
    client.request("SECRET" * 20, "/")
    first = next(line for line in said(lines) if line.get("route", "").endswith("/members/{key}"))
    assert {name: first[name] for name in ("request", "method", "status", "actor", "message")} == {
        "request": "0123456789abcdef", "method": "GET", "status": 200, "actor": "u-17", "message": "answered"}
    assert figure(metrics, "zhuanjie_refused_total", code="register.act.refused") == len(PERSONAL)
    everything = lines.getvalue() + metrics.text().decode()
    for name in (*PERSONAL, "SECRET"):
        assert name not in everything
        assert name.encode("unicode_escape").decode() not in everything
    assert {line["status"] for line in said(lines) if "status" in line} == {200, 404, 500}


@pytest.mark.parametrize("value", PERSONAL)
def test_nobody_is_in_a_line_whichever_field_a_name_is_put_into(value: str, lines: io.StringIO) -> None:
    log = logging.getLogger("somebody.else")
    try:
        raise KeyError(value)
    except KeyError:
        log.exception(f"{value} failed", extra={"request": value})
        log.exception("for %s", value, stack_info=True)
    for field in ("request", "method", "route", "status", "ms", "actor", "duty", "member", "color_message"):
        log.warning("a change of %s", value, extra={field: value})
    log.warning(value)
    log.warning("%s", [value])
    log.warning({"name": value})  # type: ignore[arg-type]
    log.warning("x" + value)
    log.error("SELECT * FROM members WHERE id = '%s'" % value)  # noqa: UP031
    assert value not in lines.getvalue()
    assert value not in json.dumps(said(lines), ensure_ascii=False)
    assert value.encode("unicode_escape").decode() not in lines.getvalue()
    found = said(lines)
    assert found[1]["message"] == "for %s"
    assert found[0]["failure"]["kind"] == "builtins.KeyError"
    assert found[0]["failure"]["at"][0].startswith("test_operations_figures.py:")
    assert all({"at", "level", "log", "from"} <= line.keys() for line in found)


def test_what_is_known_to_be_nobodys_is_said(lines: io.StringIO) -> None:
    logging.getLogger("zhuanjie.x").info("answered", extra={
        "request": "0a" * 16, "method": "GET", "route": RouteTemplate("/members/{key}"), "status": 404,
        "ms": 1.5, "actor": ActorId("u-1"), "duty": "judge"})
    (line,) = said(lines)
    assert {k: v for k, v in line.items() if k not in {"at", "from"}} == {
        "level": "info", "log": "zhuanjie.x", "message": "answered", "request": "0a" * 16, "method": "GET",
        "route": "/members/{key}", "status": 404, "ms": 1.5, "actor": "u-1", "duty": "judge"}


def test_a_message_that_was_put_together_is_not_a_text_of_the_source() -> None:
    record = logging.LogRecord("x", 20, __file__, 1, '"""Health', None, None)
    assert "message" not in json.loads(JsonLines().format(record))
