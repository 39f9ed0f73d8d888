"""What an office has set for access. In: `[register.access]` of the settings. Out: it, checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from zhuanjie.engine.api import UsageError, fail
from zhuanjie.web.access.providers import CasProvider, OidcProvider

_MINUTE, _HOUR = 60, 3600


class LockOut(BaseModel):
    """After how many failures whoever tries has to wait, and how long (doubled each time)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    free: int = Field(ge=1)
    first_wait: int = Field(default=30, ge=1)
    longest_wait: int = Field(default=15 * _MINUTE, ge=1)
    forgotten_after: int = Field(default=24 * _HOUR, ge=1)


class AccessSettings(BaseModel):
    """How people and programs show who they are.

    Times are in seconds. `address` is how people reach the register: providers send them back to
    it, whatever a request says of its host. `skew` is by how much a provider's clock may differ.
    Failures of an `account` are counted from each address, `everywhere` all that it has, `network`
    those of an address.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    idle: int = Field(default=30 * _MINUTE, ge=_MINUTE)
    session: int = Field(default=12 * _HOUR, ge=_MINUTE)
    one_time_password: int = Field(default=72 * _HOUR, ge=_MINUTE)
    longest_key_days: int = Field(default=366, ge=1)
    account: LockOut = LockOut(free=5)
    everywhere: LockOut = LockOut(free=100)
    network: LockOut = LockOut(free=30)
    sign_in: int = Field(default=10 * _MINUTE, ge=_MINUTE)
    skew: int = Field(default=60, ge=0, le=300)
    address: str | None = None
    oidc: Mapping[str, OidcProvider] = Field(default_factory=dict)
    cas: Mapping[str, CasProvider] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _sound(self) -> Self:
        names = [*self.oidc, *self.cas]
        if len(set(names)) < len(names) or "local" in names:
            raise ValueError("a name that two providers have")
        if names and self.address is None:
            raise ValueError("providers need the address of the register")
        return self


def access_settings(said: Mapping[str, Any]) -> AccessSettings:
    """The settings from the table `register` of the settings; raises UsageError."""
    try:
        return AccessSettings.model_validate(said.get("access", {}))
    except ValidationError as error:
        key = ".".join(map(str, ("register", "access", *error.errors()[0]["loc"])))
        raise fail(UsageError, "register.access.settings", key=key) from None
