"""Digests by mail. In: a message, a server's settings. Out: it, sent (RFC 5321, STARTTLS or TLS).

Nothing of a message becomes a header line of its own: `email` refuses line breaks in headers, and
an address with any of them is refused before.
"""

from __future__ import annotations

import ipaddress
import re
import smtplib
import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from typing import Final

from zhuanjie.engine.api import UsageError, fail
from zhuanjie.web.reminders.outbox import Message
from zhuanjie.web.reminders.senders import TryAgainError, UndeliverableError
from zhuanjie.web.reminders.settings import MailSettings

_LOCAL: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_ADDRESS: Final = re.compile(rf"{_LOCAL}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*")
_LONGEST: Final = 254  # RFC 5321, 4.5.3.1.3, without the angle brackets
_SINGLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def checked_address(text: str) -> str:
    """An address that mail can be sent to; raises UsageError for anything else."""
    if len(text) > _LONGEST or not _ADDRESS.fullmatch(text):
        raise fail(UsageError, "register.reminders.address")
    return text


class MailSender:
    """Sends to one reader at a time, on a connection of its own."""

    def __init__(self, settings: MailSettings, folder: Path | None = None,
                 now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """Paths in `settings` start from `folder`; raises UsageError for settings without sense."""
        self._settings, self._folder, self._now = settings, folder, now
        checked_address(settings.sender)
        if settings.encryption == "none" and not is_loopback(settings.host):
            raise fail(UsageError, "register.reminders.plain-mail", host=settings.host)

    def send(self, message: Message) -> None:
        """Send one message; the same message always has the same Message-ID."""
        try:
            mail = self._mail(message)
        except (ValueError, UsageError):
            raise UndeliverableError("register.reminders.address") from None
        try:
            server = self._connect()
            try:
                self._login(server)
                self._hand_over(server, mail)
            finally:
                _leave(server)
        except ssl.SSLError:
            raise TryAgainError("register.outbox.tls") from None
        except (OSError, smtplib.SMTPException):
            raise TryAgainError("register.outbox.no-server") from None

    def _mail(self, message: Message) -> EmailMessage:
        sender = self._settings.sender
        mail = EmailMessage(policy=SMTP)
        mail["From"] = Address(addr_spec=sender)
        mail["To"] = Address(addr_spec=checked_address(message.target))
        mail["Subject"] = _SINGLE.sub(" ", message.subject)
        mail["Date"] = format_datetime(self._now())
        mail["Message-ID"] = f"<{message.id}@{sender.rpartition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's absence answers it
        mail.set_content(message.body)
        return mail

    def _connect(self) -> smtplib.SMTP:
        said = self._settings
        if said.encryption == "tls":
            return smtplib.SMTP_SSL(said.host, said.port, timeout=said.timeout,
                                    context=self._trust())
        server = smtplib.SMTP(said.host, said.port, timeout=said.timeout)
        if said.encryption == "starttls":
            try:
                server.starttls(context=self._trust())
            except BaseException:
                server.close()
                raise
        return server

    def _trust(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if self._settings.authorities is not None:
            context.load_verify_locations((self._folder or Path()) / self._settings.authorities)
        return context

    def _login(self, server: smtplib.SMTP) -> None:
        said = self._settings
        if said.user is None:
            return
        try:
            password = said.password.read(self._folder) if said.password is not None else ""
            server.login(said.user, password)
        except UsageError:
            raise TryAgainError("register.outbox.secret") from None
        except smtplib.SMTPAuthenticationError:
            raise TryAgainError("register.outbox.login") from None

    @staticmethod
    def _hand_over(server: smtplib.SMTP, mail: EmailMessage) -> None:
        try:
            server.send_message(mail)
        except smtplib.SMTPRecipientsRefused as error:
            (code, _), = error.recipients.values()
            raise _refused(code) from None
        except smtplib.SMTPResponseException as error:
            # 4yz may pass, 5yz will not (RFC 5321, 4.2.1).
            raise _refused(error.smtp_code) from None
        except (OSError, smtplib.SMTPServerDisconnected):
            # The line broke: the server may have taken it before.
            raise TryAgainError("register.outbox.no-answer", doubtful=True) from None


def _leave(server: smtplib.SMTP) -> None:
    """End the talk; what the server says to that changes nothing."""
    try:
        server.quit()
    except (OSError, smtplib.SMTPException):
        server.close()


def _refused(code: int) -> TryAgainError | UndeliverableError:
    if 500 <= code < 600:
        return UndeliverableError("register.outbox.refused")
    return TryAgainError("register.outbox.not-now")


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, by its name or its address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
