"""Calls to providers. In: an address of the settings. Out: an answer, within bounds.

Only the origins that the settings name are called; no redirect is followed, no proxy of the
environment asked, nothing unpacked; the size of an answer and the time for it are bounded.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
import orjson

from zhuanjie.engine.api import fail
from zhuanjie.web.access.errors import LoginError
from zhuanjie.web.access.providers import origin_of

_LARGEST: Final = 512 * 1024
_SECONDS: Final = 10.0


@dataclass(frozen=True)
class ProviderCaller:
    """Calls the origins that are `allowed`; safe to share among threads."""

    allowed: frozenset[str]
    seconds: float = _SECONDS
    largest: int = _LARGEST
    _client: httpx.Client = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_client", httpx.Client(
            trust_env=False, follow_redirects=False, timeout=self.seconds,
            headers={"accept-encoding": "identity", "user-agent": "zhuanjie"}))

    def check(self, url: object) -> str:
        """`url`, if it may be called; raises LoginError for another."""
        try:
            if isinstance(url, str) and origin_of(url) in self.allowed:
                return url
        except ValueError:
            pass
        raise fail(LoginError, "register.access.provider-address")

    def call(self, url: str, *, params: Mapping[str, str] | None = None,
             form: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None,
             auth: tuple[str, str] | None = None) -> bytes:
        """The body of the answer, posted for where there is a `form`; raises LoginError.

        An answer that is no success, a redirect among them, is none.
        """
        deadline = time.monotonic() + self.seconds
        try:
            with self._client.stream(
                    "GET" if form is None else "POST", self.check(url), params=params, data=form,
                    headers=headers, auth=auth) as answer:
                if answer.status_code != 200 or answer.headers.get(
                        "content-encoding", "identity") != "identity":
                    raise fail(LoginError, "register.access.provider-answer")
                body = b""
                for part in answer.iter_raw():
                    body += part
                    if len(body) > self.largest or time.monotonic() > deadline:
                        raise fail(LoginError, "register.access.provider-answer")
                return body
        except (httpx.HTTPError, httpx.InvalidURL):
            raise fail(LoginError, "register.access.provider-away") from None

    def json(self, url: str, **options: Any) -> dict[str, Any]:
        """The same, as a JSON object."""
        body = self.call(url, **options)
        try:
            found = orjson.loads(body)
        except orjson.JSONDecodeError:
            found = None
        if not isinstance(found, dict):
            raise fail(LoginError, "register.access.provider-answer")
        return found
