"""The outbox, emptied. In: an outbox, ways to send. Out: what was sent, and the rest marked."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from zhuanjie.web.outgoing.calls import Caller
from zhuanjie.web.outgoing.hosts import AllowedHosts
from zhuanjie.web.reminders import outbox
from zhuanjie.web.reminders.mail import MailSender
from zhuanjie.web.reminders.outbox import Message
from zhuanjie.web.reminders.projection import MAIL, WEBHOOK
from zhuanjie.web.reminders.senders import Sender, TryAgainError, UndeliverableError
from zhuanjie.web.reminders.settings import ReminderSettings
from zhuanjie.web.reminders.webhook import WebhookSender
from zhuanjie.web.store.database import RegisterDatabase

_AT_ONCE: Final = 100
Clock = Callable[[], datetime]


class Delivery:
    """Sends what waits; any number of processes may do so at once."""

    def __init__(self, database: RegisterDatabase, senders: Mapping[str, Sender], *,
                 attempts: int = 8, now: Clock = lambda: datetime.now(UTC),
                 told: Callable[[str], None] = lambda _result: None) -> None:
        """`told` hears the result of each attempt: sent, again or failed."""
        self._database, self._senders, self._now = database, senders, now
        self._attempts, self._told = attempts, told
        self._runner = uuid.uuid4().hex

    def run(self, stopping: Callable[[], bool] = lambda: False) -> int:
        """Send what is due now, a message at a time; returns how many were sent."""
        sent = 0
        for _ in range(_AT_ONCE):
            if stopping():
                break
            with self._database.writing() as conn:
                claimed = outbox.claim(conn, self._runner, self._now())
            if not claimed:
                break
            sent += self._send(claimed[0])
        return sent

    def _send(self, message: Message) -> bool:
        sender, again = self._senders.get(message.channel), False
        fault, doubtful = "register.outbox.no-channel", False
        try:
            if sender is not None:
                sender.send(message)
                with self._database.writing() as conn:
                    outbox.mark_sent(conn, message, self._runner, self._now())
                self._told("sent")
                return True
        except UndeliverableError as error:
            fault = error.fault
        except TryAgainError as error:
            fault, doubtful = error.fault, error.doubtful
            again = message.attempts < self._attempts
        with self._database.writing() as conn:
            if again:
                outbox.mark_again(conn, message, self._runner, fault, self._now(),
                                  doubtful=doubtful)
            else:
                outbox.mark_failed(conn, message, self._runner, fault, self._now())
        self._told("again" if again else "failed")
        return False


def senders_of(settings: ReminderSettings, folder: Path | None = None, *,
               now: Clock = lambda: datetime.now(UTC),
               caller: Caller | None = None) -> dict[str, Sender]:
    """The ways to send that the settings open; raises UsageError for settings without sense."""
    hosts = AllowedHosts(settings.webhook_hosts, settings.private_hosts)
    found: dict[str, Sender] = {
        WEBHOOK: WebhookSender(settings.webhooks, caller or Caller(hosts), folder, now)}
    if settings.mail is not None:
        found[MAIL] = MailSender(settings.mail, folder, now)
    return found
