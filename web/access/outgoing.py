"""Calls to providers. In: an address of the settings. Out: an answer, or nobody is let in.

Only the origins that the settings name are called: whoever writes those may name a server within
the office's network.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import orjson

from zhuanjie.engine.api import fail
from zhuanjie.web.access.errors import LoginError
from zhuanjie.web.access.providers import origin_of
from zhuanjie.web.outgoing.calls import Caller
from zhuanjie.web.outgoing.hosts import AllowedHosts, CallError

_LARGEST: Final = 512 * 1024
_SECONDS: Final = 10.0
_FORM: Final = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class ProviderCaller:
    """Calls the origins that are `allowed`; safe to share among threads."""

    allowed: frozenset[str]
    seconds: float = _SECONDS
    largest: int = _LARGEST
    _caller: Caller = field(init=False, repr=False)

    def __post_init__(self) -> None:
        within = frozenset(f"{at.hostname}:{at.port}" for at in map(urlsplit, self.allowed))
        object.__setattr__(self, "_caller", Caller(
            AllowedHosts(frozenset(), within), self.seconds, largest=self.largest))

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
        asked, sent = self.check(url), dict(headers or {})
        if params:
            asked += f"{'&' if urlsplit(asked).query else '?'}{urlencode(params)}"
        if auth is not None:
            sent["Authorization"] = f"Basic {base64.b64encode(':'.join(auth).encode()).decode()}"
        if form is not None:
            sent["Content-Type"] = _FORM
        try:
            answer = self._caller.call("GET" if form is None else "POST", asked,
                                       urlencode(form).encode() if form is not None else None, sent)
        except CallError as error:
            code = "answer" if error.code == "answer" else (
                "address" if error.never else "away")
            raise fail(LoginError, f"register.access.provider-{code}") from None
        if answer.status != 200:
            raise fail(LoginError, "register.access.provider-answer")
        return answer.body

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
