"""What every request passes first: hosts, sizes, methods, paths, proxies, headers, failures."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI, Request
from pydantic import ValidationError
from starlette.testclient import TestClient

from zhuanjie.engine.api import UsageError
from zhuanjie.web.api.gate import Gate
from zhuanjie.web.api.problem import handle_errors
from zhuanjie.web.api.settings import HttpSettings, http_settings

LIMIT = 2048


def application() -> FastAPI:
    app = FastAPI()
    handle_errors(app)

    @app.post("/echo")
    async def echo(request: Request) -> dict[str, Any]:
        return {"size": len(await request.body())}

    @app.get("/who")
    async def who(request: Request) -> dict[str, Any]:
        return {"client": request.client.host if request.client else None,
                "scheme": request.url.scheme}

    @app.get("/fail")
    async def fail() -> None:
        raise RuntimeError("王一 35010119840101123X")

    @app.get("/value/{number}")
    async def value(number: int) -> int:
        return number

    return app


def gated(**said: Any) -> FastAPI:
    settings = HttpSettings(**{"body": LIMIT, "upload": 4 * LIMIT, "seconds": 1, **said})
    app = application()
    app.add_middleware(Gate, settings=settings, takes_files=lambda path: path == "/upload")
    return app


def client(client_host: str = "127.0.0.1", **said: Any) -> TestClient:
    return TestClient(gated(**said), "http://localhost", client=(client_host, 5),
                      raise_server_exceptions=False)


@pytest.mark.parametrize(("host", "status"), [
    ("localhost", 200), ("localhost:8740", 200), ("127.0.0.1:1", 200), ("[::1]:8740", 200),
    ("evil.example", 421), ("localhost.evil.example", 421), ("", 421), ("[", 421),
    ("register.example", 200), ("REGISTER.example:443", 200), ("other.example", 200)])
def test_a_request_must_name_a_host_of_the_register(host: str, status: int) -> None:
    asked = client(address="https://register.example", hosts=("other.example",))
    assert asked.get("/who", headers={"host": host}).status_code == status


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND", "OPTIONS", "X" * 50, "get"])
def test_odd_methods_are_refused(method: str) -> None:
    answer = client().request(method, "/who")
    # The client writes methods in capitals.
    assert answer.status_code == (200 if method == "get" else 405)


def test_a_body_is_refused_before_it_is_read() -> None:
    answer = client().post("/echo", content=b"x" * (LIMIT + 1))
    assert (answer.status_code, answer.json()["code"]) == (413, "register.http.large")
    assert answer.json()["values"] == {"limit": LIMIT}
    assert client().post("/echo", content=b"x" * LIMIT).json() == {"size": LIMIT}


def test_a_body_that_does_not_say_how_long_it_is_is_cut_off() -> None:
    taken = []

    def chunks() -> Iterator[bytes]:
        for at in range(1000):
            taken.append(at)
            yield b"x" * 100

    answer = client().post("/echo", content=chunks())
    assert (answer.status_code, answer.json()["code"]) == (413, "register.http.large")


@pytest.mark.parametrize("length", ["-1", "1e3", "²", "0x10", "10, 10", "9" * 5000])
def test_a_length_that_is_none_is_refused(length: str) -> None:
    answer = client().post("/echo", content=b"", headers={"content-length": length.encode()})
    assert answer.status_code == 400


def test_whoever_sends_too_slowly_is_cut_off() -> None:
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(30)
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/echo", "raw_path": b"/echo",
             "query_string": b"", "headers": [(b"host", b"localhost")], "scheme": "http",
             "client": ("127.0.0.1", 5), "server": ("localhost", 80), "root_path": "",
             "http_version": "1.1", "asgi": {"version": "3.0"}}
    asyncio.run(asyncio.wait_for(gated()(scope, receive, send), 10))
    assert sent[0]["status"] == 408


@pytest.mark.parametrize("path", [
    "/..%2f..%2fetc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/a%00b", "/a\\..\\b", "/%5c..",
    "/who%0d%0aset-cookie:a=b"])
def test_paths_that_lead_elsewhere_are_not_there(path: str) -> None:
    assert client().get(path).status_code == 404


@pytest.mark.parametrize(("query", "status"), [
    ("a=b%00", 400), ("%1B=1", 400), ("a=%7f", 400), ("a=%0A%09%0d%20%E5%BC%A0", 200)])
def test_a_query_without_control_characters_is_read(query: str, status: int) -> None:
    assert client().get(f"/who?{query}").status_code == status


def test_what_is_too_long_is_refused() -> None:
    assert client().get("/" + "a" * 3000).status_code == 414
    assert client().get("/who?" + "a" * 9000).status_code == 414


@pytest.mark.parametrize(("peer", "forwarded", "seen"), [
    # Of a network that the settings do not know nothing is believed.
    ("203.0.113.9", "10.9.9.9", "203.0.113.9"),
    ("10.0.0.1", "198.51.100.7", "198.51.100.7"),
    # What stands before the last address that is no proxy of ours anybody can have written.
    ("10.0.0.1", "127.0.0.1, 198.51.100.7", "198.51.100.7"),
    ("10.0.0.1", "127.0.0.1, 198.51.100.7, 10.0.0.2", "198.51.100.7"),
    ("10.0.0.1", "nonsense", "10.0.0.1"), ("10.0.0.1", "", "10.0.0.1"),
    ("10.0.0.1", "198.51.100.7, unknown", "10.0.0.1")])
def test_a_proxy_is_believed_where_the_settings_know_it(peer: str, forwarded: str,
                                                        seen: str) -> None:
    asked = client(peer, proxies=["10.0.0.0/24"])
    answer = asked.get("/who", headers={"x-forwarded-for": forwarded, "x-forwarded-proto": "https"})
    believed = peer.startswith("10.")
    assert answer.json() == {"client": seen, "scheme": "https" if believed else "http"}
    assert ("strict-transport-security" in answer.headers) is believed


def test_every_answer_has_safe_headers() -> None:
    for path in ("/who", "/nowhere", "/fail", "/value/x"):
        headers = client().get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert headers["cache-control"] == "no-store"
        assert headers["x-frame-options"] == "DENY"
        assert "access-control-allow-origin" not in headers
        assert "server" not in headers
        assert len(headers["x-request-id"]) == 16


def test_a_failure_tells_nothing_of_the_program(caplog: pytest.LogCaptureFixture) -> None:
    answer = client().get("/fail", headers={"accept-language": "zh"})
    assert (answer.status_code, answer.headers["content-type"]) == (
        500, "application/problem+json")
    assert answer.json()["instance"].endswith(answer.headers["x-request-id"])
    for text in (answer.text, caplog.text):
        assert "王一" not in text and "35010119840101123X" not in text and "Traceback" not in text
    assert "RuntimeError" in caplog.text


@pytest.mark.parametrize(("wanted", "lang"), [
    ("zh-CN,zh;q=0.9,en;q=0.8", "zh"), ("en-GB,en;q=0.9", "en"), ("en;q=0.2, zh;q=0.3", "zh"),
    ("fr, en;q=0.1", "en"), ("ZH-hant", "zh"), ("zh;q=nonsense, en", "en")])
def test_a_problem_is_told_in_the_language_that_is_wanted(wanted: str, lang: str) -> None:
    answer = client().get("/value/x", headers={"accept-language": wanted})
    assert answer.headers["content-language"] == lang
    said = answer.json()
    assert (said["status"], said["code"]) == (422, "register.http.values")
    assert said["errors"] == [{"at": "path.number", "code": "int_parsing", "detail": (
        "这里要一个整数" if lang == "zh" else "write a whole number")}]


@pytest.mark.parametrize("address", [
    "register.example", "ftp://register.example", "https://user@register.example",
    "https://register.example/path", "https://"])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(ValidationError):
        HttpSettings(address=address)


def test_settings_that_nobody_reads_are_named() -> None:
    with pytest.raises(UsageError, match=r"register\.http\.bdy"):
        http_settings({"http": {"bdy": 5}})
