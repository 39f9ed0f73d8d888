"""Digests to a group's robot. In: a message, a webhook's settings. Out: it, posted.

企业微信 and 钉钉 both take Markdown and answer with `errcode`; 钉钉's may ask for a signature of
the time. Neither knows a message that it had before, so its id stands in the text.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote_plus, urlsplit

import orjson

from zhuanjie.engine.api import UsageError
from zhuanjie.web.outgoing.calls import CallAnswer, Caller
from zhuanjie.web.outgoing.hosts import CallError
from zhuanjie.web.reminders.outbox import Message
from zhuanjie.web.reminders.senders import TryAgainError, UndeliverableError
from zhuanjie.web.reminders.settings import WebhookSettings

LONGEST: Final = {"wecom": 4096, "dingtalk": 20_000}
"""How many bytes of text each takes."""
_BUSY: Final = frozenset({-1, 45009, 45033, 130101, 410100, 660026})
"""`errcode`s for: too many just now, or the service is busy."""
_MORE: Final = "\n\n…"


class WebhookSender:
    """Posts to the robots that the settings name."""

    def __init__(self, webhooks: Mapping[str, WebhookSettings], caller: Caller,
                 folder: Path | None = None,
                 now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """Paths in `webhooks` start from `folder`."""
        self._webhooks, self._caller, self._folder, self._now = webhooks, caller, folder, now

    def send(self, message: Message) -> None:
        """Post one message to the robot that it names."""
        hook = self._webhooks.get(message.target)
        if hook is None:
            raise UndeliverableError("register.outbox.no-webhook")
        try:
            url = hook.url.read(self._folder)
            if hook.secret is not None:
                url = signed(url, hook.secret.read(self._folder), self._now())
        except UsageError:
            raise TryAgainError("register.outbox.secret") from None
        _take(post(self._caller, url, orjson.dumps(payload(hook.kind, message))))


def post(caller: Caller, url: str, body: bytes) -> CallAnswer:
    """Post JSON; raises TryAgainError or UndeliverableError where there is no answer."""
    try:
        return caller.post(url, body)
    except CallError as error:
        fault = f"register.outbox.{error.code}"
        if error.never:
            raise UndeliverableError(fault) from None
        raise TryAgainError(fault, doubtful=error.sent) from None


def payload(kind: str, message: Message) -> dict[str, Any]:
    """A message as a robot takes it; what is too long is cut where a line ends, and says so."""
    mark = f"\n\n`{message.id[:12]}`"
    text = _cut(message.body, LONGEST[kind] - len(mark.encode())) + mark
    if kind == "wecom":
        return {"msgtype": "markdown", "markdown": {"content": text}}
    return {"msgtype": "markdown", "markdown": {"title": message.subject, "text": text}}


def signed(url: str, secret: str, at: datetime) -> str:
    """An address with 钉钉's signature: HMAC-SHA256 of the time in milliseconds and the secret."""
    stamp = str(int(at.timestamp() * 1000))
    digest = hmac.digest(secret.encode(), f"{stamp}\n{secret}".encode(), "sha256")
    joint = "&" if urlsplit(url).query else "?"
    return f"{url}{joint}timestamp={stamp}&sign={quote_plus(base64.b64encode(digest))}"


def _cut(text: str, limit: int) -> str:
    if len(text.encode()) <= limit:
        return text
    left, kept = limit - len(_MORE.encode()), list[str]()
    for line in text.splitlines():
        left -= len(line.encode()) + 1
        if left < 0:
            break
        kept.append(line)
    return "\n".join(kept) + _MORE


def _take(answer: CallAnswer) -> None:
    """Raise what an answer other than yes comes to."""
    if answer.status == 429 or answer.status >= 500:
        raise TryAgainError("register.outbox.not-now")
    if answer.status != 200:  # a redirect too: it is not followed
        raise UndeliverableError("register.outbox.refused")
    try:
        said = orjson.loads(answer.body)
        code = said["errcode"]
    except (ValueError, TypeError, KeyError):
        raise TryAgainError("register.outbox.answer", doubtful=True) from None
    if code in _BUSY:
        raise TryAgainError("register.outbox.not-now")
    if code != 0:
        raise UndeliverableError("register.outbox.refused")
