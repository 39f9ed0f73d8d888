"""Where else people can sign in. In: `[register.access.oidc.…]`, `…cas.…`. Out: it, checked.

What a provider says of a person becomes a user by data: which claim names the user, and which
claims make which role in which unit. Whom none fits has to have been made here beforehand.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, model_validator

from zhuanjie.engine.api import UsageError, fail
from zhuanjie.web.access.permissions import permission_table

_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_USER: Final = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")


def origin_of(url: str) -> str:
    """Scheme, host and port of an address; raises ValueError for one without TLS, or none."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    if not host or parts.username is not None or parts.fragment or "\\" in url or not url.isascii():
        raise ValueError("no address")
    if parts.scheme != "https" and not (parts.scheme == "http" and host in _LOOPBACK):
        raise ValueError("an address without TLS")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}:{port}"


def _address(url: str) -> str:
    origin_of(url)
    return url.rstrip("/")


def _issuer(url: str) -> str:
    origin_of(url)
    return url  # compared to the letter


Address = Annotated[str, AfterValidator(_address)]
Issuer = Annotated[str, AfterValidator(_issuer)]


class Assignment(BaseModel):
    """Whoever has `value` in `claim` gets this role in this unit, or in the one of `unit_claim`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    claim: str
    value: str
    role: str
    unit: str | None = None
    unit_claim: str | None = None

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.role not in permission_table().assignable:
            raise ValueError("no role")
        if (self.unit is None) == (self.unit_claim is None):
            raise ValueError("unit or unit_claim")
        return self


class _Provider(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str = ""
    user: str | None = None
    """The claim that names the user; without one it is the provider's own name of them."""
    name: str | None = None
    email: str | None = None
    assignments: Sequence[Assignment] = ()
    """The first that fits counts. Whom none fits must have been made here beforehand."""

    def user_of(self, subject: str, claims: Mapping[str, Any]) -> str | None:
        """The user's id here; None where the provider names nobody that could be one."""
        said = subject if self.user is None else _texts(claims.get(self.user))[:1]
        text = said if isinstance(said, str) else "".join(said)
        text = text.strip().lower()
        return text if _USER.fullmatch(text) else None

    def place_of(self, claims: Mapping[str, Any]) -> tuple[str, str] | None:
        """Role and unit by what is claimed, if any assignment fits."""
        for each in self.assignments:
            if each.value in _texts(claims.get(each.claim)):
                if each.unit is not None:
                    return each.role, each.unit
                units = _texts(claims.get(each.unit_claim or ""))
                if len(units) == 1:
                    return each.role, units[0]
        return None

    def text_of(self, claim: str | None, claims: Mapping[str, Any]) -> str | None:
        """What a claim holds, as one text."""
        found = _texts(claims.get(claim)) if claim else []
        return found[0][:200] if found and found[0].isprintable() else None


class OidcProvider(_Provider):
    """A server of OpenID Connect.

    `origins` are further hosts that its addresses may be at; `secret_variable` is the variable of
    the environment that holds the client's secret.
    """

    issuer: Issuer
    client_id: str
    secret_variable: str | None = None
    scope: str = "openid profile email"
    origins: Sequence[Address] = ()
    second_factor: Sequence[str] = ()
    """Values of `amr` or `acr` that say that a second factor was shown there."""

    @property
    def secret(self) -> str | None:
        """The client's secret; raises UsageError where the environment lacks it."""
        if self.secret_variable is None:
            return None
        found = os.environ.get(self.secret_variable, "").strip()
        if not found:
            raise fail(UsageError, "register.access.secret", name=self.secret_variable)
        return found

    @property
    def allowed(self) -> frozenset[str]:
        """The origins that are called at all."""
        return frozenset(map(origin_of, (self.issuer, *self.origins)))


class CasProvider(_Provider):
    """A server of CAS 3.0; `base` is what comes before `/login` and `/p3/serviceValidate`."""

    base: Address

    @property
    def allowed(self) -> frozenset[str]:
        """The origins that are called at all."""
        return frozenset({origin_of(self.base)})


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, list | tuple):
        return [each for each in value if isinstance(each, str)]
    return []
