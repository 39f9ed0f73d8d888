"""What is shown once: a new key, a first password. In: how it is made. Out: it, for one page.

A form that makes such a thing sends the browser on, as every other does, so that loading the page
anew makes no second one. Until the page has shown it, it is kept here and nowhere else.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final

from fastapi import Request

from zhuanjie.web.pages.visitors import Visitor

_SECONDS: Final = 3600.0
"""For how long it is known that a form was sent."""
_WAITS: Final = 120.0
"""For how long something waits for its page."""


@dataclass(slots=True)
class _Made:
    at: float
    shown: Any


class ShownOnce:
    """What was made and is not shown yet; safe to share among threads."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now, self._lock = now, Lock()
        self._made: dict[tuple[str, str], _Made] = {}

    def make(self, visitor: Visitor, once: str, make: Callable[[], Any]) -> None:
        """Have `make` make what the page after this form is to show; of a form sent twice, once."""
        key = visitor.token, once
        with self._lock:  # held while it is made: the second of two at once waits for the first
            now = self._now()
            self._made = {k: m for k, m in self._made.items() if now - m.at < _SECONDS}
            if not once or key not in self._made:
                self._made[key] = _Made(now, make())

    def take(self, visitor: Visitor, once: str) -> Any | None:
        """What a page shows, this once; None for what was shown, or never made."""
        with self._lock:
            made = self._made.get((visitor.token, once))
            if made is None:
                return None
            found, made.shown = made.shown, None
            return found if self._now() - made.at < _WAITS else None


def shown_once(request: Request) -> ShownOnce:
    """What is kept between a form and the page after it."""
    kept: ShownOnce = request.app.state.shown_once
    return kept
