"""What waits is sent once, by a real mail server; what fails is tried again."""

from __future__ import annotations

import hashlib
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from support.mail_server import Certificate, certificate, mail_server

from zhuanjie.engine.api import UsageError
from zhuanjie.web.reminders import outbox
from zhuanjie.web.reminders.delivery import Delivery
from zhuanjie.web.reminders.mail import MailSender
from zhuanjie.web.reminders.outbox import Message
from zhuanjie.web.reminders.senders import TryAgainError, UndeliverableError
from zhuanjie.web.reminders.settings import MailSettings, Secret
from zhuanjie.web.reminders.tables import OUTBOX
from zhuanjie.web.store.database import RegisterDatabase

NOW = datetime(2026, 11, 30, 0, 0, tzinfo=UTC)
ID = hashlib.sha256(b"1").hexdigest()[:32]


def message(channel: str = "mail", target: str = "a@example.edu.cn", *, id: str = ID,
            subject: str = "数学系 2026-11-30 提醒", body: str = "1.6b：4 项\n") -> Message:
    return Message(id, channel, target, "maths", subject, body)


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture(scope="module")
def cert(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return certificate(tmp_path_factory.mktemp("cert"))


def mail_settings(port: int, cert: Certificate | None, **more: Any) -> MailSettings:
    said = {"encryption": "starttls" if cert else "none",
            "authorities": cert.file if cert else None, **more}
    return MailSettings(host="127.0.0.1", port=port, sender="register@example.edu.cn", timeout=5,
                        **said)


def put(database: RegisterDatabase, *messages: Message) -> None:
    with database.writing() as conn:
        for one in messages:
            outbox.put(conn, one, NOW)


def rows(database: RegisterDatabase) -> dict[str, Any]:
    with database.reading() as conn:
        return {row.id: row for row in conn.execute(select(OUTBOX))}


@pytest.mark.parametrize("tls", [False, True], ids=["starttls", "tls"])
def test_mail_goes_out_encrypted_and_signed_in(
        database: RegisterDatabase, cert: Certificate, tmp_path: Path, tls: bool) -> None:
    (tmp_path / "password").write_text("geheim\n")
    with mail_server(cert, tls=tls, users={"office": "geheim"}) as box:
        sender = MailSender(mail_settings(
            box.port, cert, encryption="tls" if tls else "starttls", user="office",
            password=Secret(file=Path("password"))), tmp_path)
        put(database, message())
        assert Delivery(database, {"mail": sender}, now=lambda: NOW).run() == 1
        assert Delivery(database, {"mail": sender}, now=lambda: NOW).run() == 0
    (mail,) = box.mails()
    assert (mail["to"], mail["subject"]) == ("a@example.edu.cn", "数学系 2026-11-30 提醒")
    assert mail["message-id"] == f"<{ID}@example.edu.cn>"
    assert mail.get_content().strip() == "1.6b：4 项"  # type: ignore[attr-defined]
    assert rows(database)[ID].state == "sent"


def test_a_password_that_is_wrong_or_gone_is_tried_again(cert: Certificate, tmp_path: Path) -> None:
    with mail_server(cert, users={"office": "geheim"}) as box:
        for text, fault in (("falsch", "register.outbox.login"), ("", "register.outbox.secret")):
            (tmp_path / "password").write_text(text)
            said = mail_settings(box.port, cert, user="office",
                                 password=Secret(file=tmp_path / "password"))
            with pytest.raises(TryAgainError) as caught:
                MailSender(said).send(message())
            assert caught.value.fault == fault
    assert box.envelopes == []


def test_a_certificate_that_nobody_vouches_for_gets_no_mail(cert: Certificate) -> None:
    with mail_server(cert) as box:
        with pytest.raises(TryAgainError) as caught:
            MailSender(mail_settings(box.port, cert, authorities=None)).send(message())
        assert caught.value.fault == "register.outbox.tls"
    assert box.envelopes == []
    with mail_server() as box, pytest.raises(TryAgainError):  # it offers no encryption
        MailSender(mail_settings(box.port, cert)).send(message())
    assert box.envelopes == []


def test_mail_leaves_this_machine_only_encrypted() -> None:
    with pytest.raises(UsageError):
        MailSender(MailSettings(host="mail.example.edu.cn", sender="a@b.cn", encryption="none"))


def test_no_header_can_be_put_into_a_mail() -> None:
    with mail_server() as box:
        sender = MailSender(mail_settings(box.port, None))
        sender.send(message(subject="a\r\nBcc: evil@example.com\r\n\r\nbody\u2028x"))
        with pytest.raises(UndeliverableError):
            sender.send(message(target="a@b.cn\r\nRCPT TO:<evil@example.com>"))
    (mail,), (envelope,) = box.mails(), box.envelopes
    assert mail["bcc"] is None
    assert envelope.rcpt_tos == ["a@example.edu.cn"]
    assert mail["subject"] == "a Bcc: evil@example.com body x"


@pytest.mark.parametrize(("answer", "state", "fault"), [
    ("554 no", "failed", "register.outbox.refused"),
    ("451 later", "waiting", "register.outbox.not-now")])
@pytest.mark.parametrize("at_recipient", [False, True])
def test_a_refusal_for_good_is_the_end_and_another_is_not(
        database: RegisterDatabase, answer: str, state: str, fault: str,
        at_recipient: bool) -> None:
    with mail_server() as box:
        box.answer, box.to_recipient = (answer, "") if not at_recipient else ("250 OK", answer)
        put(database, message())
        sender = MailSender(mail_settings(box.port, None))
        assert Delivery(database, {"mail": sender}, now=lambda: NOW).run() == 0
    row = rows(database)[ID]
    assert (row.state, row.fault, row.attempts) == (state, fault, 1)


def test_a_server_that_is_away_is_tried_less_and_less_often_then_no_more(
        database: RegisterDatabase) -> None:
    clock, results = Clock(), list[str]()
    with mail_server() as box:
        sender = MailSender(mail_settings(box.port, None))
    delivery = Delivery(database, {"mail": sender}, attempts=4, now=clock, told=results.append)
    put(database, message())
    waited = []
    for _ in range(4):
        delivery.run()
        row = rows(database)[ID]
        waited.append((datetime.fromisoformat(row.due_at) - clock.now) // timedelta(minutes=1))
        assert delivery.run() == 0  # not before its time
        clock.now = max(clock.now, datetime.fromisoformat(row.due_at))
    assert waited[:3] == [1, 5, 15]
    assert results == ["again", "again", "again", "failed"]
    assert rows(database)[ID].state == "failed"
    with database.writing() as conn:
        assert outbox.retry(conn, clock.now, ["another"]) == 0
        assert outbox.retry(conn, clock.now) == 1
    with database.writing() as conn:
        assert [m.attempts for m in outbox.claim(conn, "x", clock.now)] == [1]


class Slow:
    """Counts what is sent, each with a while in which another could send it too."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    def send(self, message: Message) -> None:
        threading.Event().wait(0.002)
        self.sent.append(message.id)


def test_several_runners_send_nothing_twice(database: RegisterDatabase) -> None:
    put(database, *(message(id=f"{n:032}") for n in range(60)))
    sender = Slow()
    threads = [threading.Thread(target=Delivery(database, {"mail": sender}, now=lambda: NOW).run)
               for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(sender.sent) == [f"{n:032}" for n in range(60)]
    assert {row.state for row in rows(database).values()} == {"sent"}


class Dying(Exception):
    """The process ends here."""


class DiesAfter:
    def __init__(self, sender: MailSender) -> None:
        self.sender = sender

    def send(self, message: Message) -> None:
        self.sender.send(message)
        raise Dying


def test_a_runner_that_dies_after_sending_leaves_a_doubt_and_the_same_id(
        database: RegisterDatabase) -> None:
    clock = Clock()
    with mail_server() as box:
        sender = MailSender(mail_settings(box.port, None))
        put(database, message())
        with pytest.raises(Dying):
            Delivery(database, {"mail": DiesAfter(sender)}, now=clock).run()
        other = Delivery(database, {"mail": sender}, now=clock)
        assert other.run() == 0  # it may still be at it
        clock.now += outbox.LEASE + timedelta(seconds=1)
        assert other.run() == 1
    first, second = box.mails()
    assert first["message-id"] == second["message-id"]
    assert rows(database)[ID].doubtful


def test_who_lost_the_claim_marks_nothing(database: RegisterDatabase) -> None:
    put(database, message())
    with database.writing() as conn:
        (slow,) = outbox.claim(conn, "slow", NOW)
    later = NOW + outbox.LEASE * 2
    with database.writing() as conn:
        (fast,) = outbox.claim(conn, "fast", later)
        assert not outbox.mark_failed(conn, slow, "slow", "x", later)
        assert outbox.mark_sent(conn, fast, "fast", later)
        assert not outbox.mark_sent(conn, slow, "slow", later)
    assert rows(database)[ID].state == "sent"
    with database.writing() as conn:
        assert outbox.forget_old(conn, later + timedelta(days=89)) == 0
        assert outbox.forget_old(conn, later + timedelta(days=91)) == 1
