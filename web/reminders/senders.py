"""What a way of sending answers. In: nothing. Out: the protocol, and the two ways to fail."""

from __future__ import annotations

from typing import Protocol

from zhuanjie.web.reminders.outbox import Message


class SendError(Exception):
    """A message was not sent. `fault` is a code of the catalogue: it quotes no answer."""

    def __init__(self, fault: str) -> None:
        super().__init__(fault)
        self.fault = fault


class TryAgainError(SendError):
    """Not now. `doubtful` where it may have been sent all the same."""

    def __init__(self, fault: str, *, doubtful: bool = False) -> None:
        super().__init__(fault)
        self.doubtful = doubtful


class UndeliverableError(SendError):
    """Not ever, as things are set."""


class Sender(Protocol):
    """One way to send."""

    def send(self, message: Message) -> None:
        """Send it; raises TryAgainError or UndeliverableError."""
