"""What an office has set for HTTP. In: `[register.http]` of the settings. Out: it, checked."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from zhuanjie.engine.api import UsageError, fail

_KIB, _MIB = 1024, 1024 * 1024
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class LimitSettings(BaseModel):
    """How many requests a minute are answered; 0 for as many as come.

    `requests` and, of those that take seconds of a processor, `costly` are of one user or key;
    `strangers` of one address, from which nobody is signed in.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    requests: int = Field(default=12_000, ge=0)
    costly: int = Field(default=120, ge=0)
    strangers: int = Field(default=600, ge=0)


class HttpSettings(BaseModel):
    """How the register is reached, and what it bears.

    `address` is how people reach it (`https://register.example.edu.cn`): behind a proxy its host
    differs from the one that is listened on. `proxies` are the networks whose word of who asks, and
    over what, is taken. A body may have so many bytes, a file that is sent so many; whoever sends
    slower than `seconds` allows is cut off.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    address: str | None = None
    hosts: tuple[str, ...] = ()
    proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    body: int = Field(default=1 * _MIB, ge=_KIB)
    upload: int = Field(default=100 * _MIB, ge=_KIB)
    seconds: int = Field(default=60, ge=1)
    threads: int = Field(default=8, ge=1, le=256)
    streams: int = Field(default=200, ge=1)
    limits: LimitSettings = LimitSettings()

    @field_validator("address")
    @classmethod
    def _is_origin(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/") \
                or parts.query or parts.fragment or parts.username:
            raise ValueError("address")
        return f"{parts.scheme}://{parts.netloc.lower()}"

    @property
    def secure(self) -> bool:
        """Whether people reach it over TLS, by a proxy."""
        return self.address is not None and self.address.startswith("https://")

    def knows_host(self, host: str) -> bool:
        """Whether a request that names `host` is meant for this register."""
        return name_of(host) in self._names

    @property
    def _names(self) -> frozenset[str]:
        own = {urlsplit(self.address).hostname or ""} if self.address else set()
        return frozenset({*map(name_of, self.hosts), *own, *LOOPBACK})


def name_of(host: str) -> str:
    """A host's name without its port and brackets, as names are compared."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def http_settings(said: Mapping[str, Any]) -> HttpSettings:
    """The settings from the table `register` of the settings; raises UsageError."""
    given = said.get("http", {})
    try:
        return HttpSettings.model_validate(given)
    except ValidationError as error:
        key = ".".join(map(str, ("register", "http", *error.errors()[0]["loc"])))
        raise fail(UsageError, "register.http.settings", key=key) from None
