"""Robots of groups get their own form, and no address of a webhook leads where none should."""

from __future__ import annotations

import base64
import hashlib
import hmac
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest
from support.mail_server import Certificate, answering, certificate, webhook

from zhuanjie.web.outgoing.calls import Caller
from zhuanjie.web.outgoing.hosts import AllowedHosts, is_public
from zhuanjie.web.reminders import outbox
from zhuanjie.web.reminders.delivery import Delivery, senders_of
from zhuanjie.web.reminders.outbox import Message
from zhuanjie.web.reminders.senders import SendError, TryAgainError, UndeliverableError
from zhuanjie.web.reminders.settings import ReminderSettings, Secret, WebhookSettings
from zhuanjie.web.reminders.webhook import LONGEST, WebhookSender, payload, post, signed
from zhuanjie.web.store.database import RegisterDatabase

NOW = datetime(2026, 11, 30, 0, 0, tzinfo=UTC)
ID = hashlib.sha256(b"1").hexdigest()[:32]


def message(channel: str = "mail", target: str = "a@example.edu.cn", *, id: str = ID,
            subject: str = "数学系 2026-11-30 提醒", body: str = "1.6b：4 项\n") -> Message:
    return Message(id, channel, target, "maths", subject, body)


@pytest.fixture(scope="module")
def cert(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return certificate(tmp_path_factory.mktemp("cert"))


def put(database: RegisterDatabase, *messages: Message) -> None:
    with database.writing() as conn:
        for one in messages:
            outbox.put(conn, one, NOW)


@pytest.fixture
def robots(tmp_path: Path) -> Iterator[Any]:
    with webhook() as hook:
        host = urlsplit(hook.address).netloc
        (tmp_path / "wecom").write_text(f"{hook.address}/cgi-bin/webhook/send?key=K-1")
        (tmp_path / "ding").write_text(f"{hook.address}/robot/send?access_token=T-1")
        (tmp_path / "sign").write_text("SEC-geheim")
        settings = ReminderSettings(private_hosts=frozenset({host}), webhooks={
            "wecom": WebhookSettings(kind="wecom", url=Secret(file=Path("wecom"))),
            "ding": WebhookSettings(kind="dingtalk", url=Secret(file=Path("ding")),
                                    secret=Secret(file=Path("sign")))})
        yield hook, senders_of(settings, tmp_path, now=lambda: NOW)


def test_robots_get_their_own_form(database: RegisterDatabase, robots: Any) -> None:
    hook, senders = robots
    put(database, message("webhook", "wecom"), message("webhook", "ding", id="2" * 32))
    assert Delivery(database, senders, now=lambda: NOW).run() == 2
    posts = {p.path.split("?")[0]: p for p in hook.posts}
    wecom, ding = posts["/cgi-bin/webhook/send"], posts["/robot/send"]
    assert orjson.loads(wecom.body) == {"msgtype": "markdown", "markdown": {
        "content": f"1.6b：4 项\n\n\n`{ID[:12]}`"}}
    assert orjson.loads(ding.body) == {"msgtype": "markdown", "markdown": {
        "title": "数学系 2026-11-30 提醒", "text": "1.6b：4 项\n\n\n`222222222222`"}}
    query = {name: values[0] for name, values in parse_qs(urlsplit(ding.path).query).items()}
    stamp = str(int(NOW.timestamp() * 1000))
    expected = hmac.new(b"SEC-geheim", f"{stamp}\nSEC-geheim".encode(), hashlib.sha256).digest()
    assert query == {"access_token": "T-1", "timestamp": stamp,
                     "sign": base64.b64encode(expected).decode()}


def test_a_signature_is_escaped_in_the_address() -> None:
    # "+" and "/" of Base64 would else mean a space and a path.
    at = NOW
    while "+" not in (sign := parse_qs(urlsplit(signed("https://h/x?a=1", "S", at)).query)["sign"][0]):
        at += timedelta(milliseconds=1)
    assert base64.b64decode(sign, validate=True)


@pytest.mark.parametrize("kind", ["wecom", "dingtalk"])
def test_a_text_that_is_too_long_is_cut_at_a_line_and_says_so(kind: str) -> None:
    long = "\n".join(f"- 条款{n}：{n} 项" for n in range(2000))
    made = payload(kind, message(body=long))["markdown"]
    text = made.get("content") or made["text"]
    assert LONGEST[kind] - 100 < len(text.encode()) <= LONGEST[kind]
    assert f"项\n\n…\n\n`{ID[:12]}`" in text


@pytest.mark.parametrize(("answer", "kind", "fault"), [
    (answering(200, b'{"errcode":45009}'), TryAgainError, "register.outbox.not-now"),
    (answering(200, b'{"errcode":310000,"errmsg":"sign not match"}'), UndeliverableError,
     "register.outbox.refused"),
    (answering(200, b"<html>"), TryAgainError, "register.outbox.answer"),
    (answering(200, b"[]"), TryAgainError, "register.outbox.answer"),
    (answering(200, b" " * 100_000), TryAgainError, "register.outbox.answer"),
    (answering(503), TryAgainError, "register.outbox.not-now"),
    (answering(429), TryAgainError, "register.outbox.not-now"),
    (answering(404), UndeliverableError, "register.outbox.refused"),
    (answering(302, b"", Location="http://127.0.0.1:9/secret"), UndeliverableError,
     "register.outbox.refused"),
    (lambda handler: handler.connection.close(), TryAgainError, "register.outbox.no-answer")])
def test_what_a_robot_answers(robots: Any, answer: Any, kind: type[SendError], fault: str) -> None:
    hook, senders = robots
    hook.answers = [answer]
    with pytest.raises(kind) as caught:
        senders["webhook"].send(message("webhook", "wecom"))
    assert caught.value.fault == fault
    assert len(hook.posts) == 1  # no redirect is followed, nothing is posted again


def test_a_robot_that_is_not_set_any_more(robots: Any) -> None:
    with pytest.raises(UndeliverableError):
        robots[1]["webhook"].send(message("webhook", "gone"))


# Where a webhook may lead


def calls(url: str, *, public: tuple[str, ...] = (), private: tuple[str, ...] = (),
          at: tuple[str, ...] = ("127.0.0.1",), trust: ssl.SSLContext | None = None) -> bytes:
    caller = Caller(AllowedHosts(frozenset(public), frozenset(private)), 2,
                    lambda _host, _port: at, trust or ssl.create_default_context())
    return post(caller, url, b"{}").body


@pytest.mark.parametrize("url", [
    "https://evil.example/x", "https://qyapi.weixin.qq.com:8443/x",
    "https://qyapi.weixin.qq.com.evil.example/x", "https://evil.example/qyapi.weixin.qq.com",
    "https://qyapi.weixin.qq.com@evil.example/", "https://evil.example#@qyapi.weixin.qq.com/",
    "https://user:pass@qyapi.weixin.qq.com/", "http://qyapi.weixin.qq.com/",
    "ftp://qyapi.weixin.qq.com/", "file:///etc/passwd", "gopher://qyapi.weixin.qq.com/", "",
    "https://", "https://qyapi.weixin.qq.com/\r\nHost: x", "https://qyapi.weixin.qq.com/ x",
    "https://qyapi.weixin.qq.com:99999/", "https://[::1/", "//qyapi.weixin.qq.com/",
    "https://qyapi。weixin。qq。com/"])
def test_only_hosts_that_are_listed_are_called(url: str) -> None:
    with pytest.raises(UndeliverableError):
        calls(url, public=("qyapi.weixin.qq.com",))


@pytest.mark.parametrize("address", [
    "127.0.0.1", "127.8.8.8", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255", "192.0.2.1", "::1", "::", "fe80::1",
    "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1",
    "64:ff9b::a00:1", "2002:7f00:1::", "2001:0:7f00:1::", "nonsense"])
def test_a_name_that_leads_inside_is_not_called(address: str) -> None:
    assert not is_public(address)
    for found in ((address,), ("1.1.1.1", address)):
        with pytest.raises(UndeliverableError) as caught:
            calls("https://hook.example/", public=("hook.example",), at=found)
        assert caught.value.fault == "register.outbox.private"


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700::1111", "64:ff9b::101:101"])
def test_a_public_address_is_one(address: str) -> None:
    assert is_public(address)


def test_the_address_that_was_checked_is_the_one_that_is_called(cert: Certificate) -> None:
    trust = ssl.create_default_context(cafile=str(cert.file))
    with webhook(cert) as hook:
        port = urlsplit(hook.address).port
        seen = iter([("127.0.0.1",), ("10.0.0.1",)])  # a name that changes between two questions
        caller = Caller(AllowedHosts(frozenset(), frozenset({f"localhost:{port}"})), 2,
                        lambda _host, _port: next(seen), trust)
        assert post(caller, f"https://localhost:{port}/x", b"{}").status == 200
        assert next(seen) == ("10.0.0.1",)  # it was not asked again
        with pytest.raises(TryAgainError) as caught:  # the certificate is another name's
            calls(f"https://other.example:{port}/", private=(f"other.example:{port}",), trust=trust)
        assert caught.value.fault == "register.outbox.tls"
    assert hook.posts[0].headers["Host"] == f"localhost:{port}"


def test_an_answer_that_trickles_ends(robots: Any) -> None:
    def trickle(handler: Any) -> None:
        handler.send_response(200)
        handler.end_headers()
        with suppress(OSError):  # whoever asked has gone
            for _ in range(40):
                handler.wfile.write(b" ")
                threading.Event().wait(0.02)

    hook, _ = robots
    hook.answers = [trickle]
    host = urlsplit(hook.address).netloc
    caller = Caller(AllowedHosts(frozenset(), frozenset({host})), 0.2)
    with pytest.raises(TryAgainError) as caught:
        post(caller, hook.address, b"{}")
    assert caught.value.fault == "register.outbox.answer"


def test_without_a_webhook_for_it_the_sender_is_there_and_mail_is_not() -> None:
    found = senders_of(ReminderSettings())
    assert isinstance(found["webhook"], WebhookSender)
    assert "mail" not in found
