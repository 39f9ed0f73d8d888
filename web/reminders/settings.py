"""What an office has set for reminders. In: `[register.reminders]`. Out: it, checked.

Passwords and addresses that are secrets by themselves stand in files of their own or in the
environment, never in the settings and never in the database.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import time
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from zhuanjie.engine.api import UsageError, fail, settings, settings_file

WECOM = "qyapi.weixin.qq.com"
DINGTALK = "oapi.dingtalk.com"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Secret(_Part):
    """Where a secret is: a file, or a variable of the environment; one of them."""

    file: Path | None = None
    variable: str | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.file is None) == (self.variable is None):
            raise ValueError("file or variable")
        return self

    def read(self, beside: Path | None = None) -> str:
        """The secret; raises UsageError where it is not there. A path starts from `beside`."""
        if self.variable is not None:
            text = os.environ.get(self.variable, "")
        else:
            assert self.file is not None
            file = (beside or Path()) / self.file.expanduser()
            try:
                text = file.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError):
                raise fail(UsageError, "register.reminders.secret", name=str(file)) from None
        if not text.strip():
            raise fail(UsageError, "register.reminders.secret",
                       name=self.variable or str(self.file))
        return text.strip()


class MailSettings(_Part):
    """A server that takes mail."""

    host: str
    port: int = Field(default=587, gt=0, lt=65536)
    sender: str
    encryption: Literal["starttls", "tls", "none"] = "starttls"
    user: str | None = None
    password: Secret | None = None
    timeout: float = Field(default=30, gt=0, le=300)
    authorities: Path | None = None
    """Certificates to trust beside the system's."""


class WebhookSettings(_Part):
    """A group's robot: its address holds a key, so it is a secret."""

    kind: Literal["wecom", "dingtalk"]
    url: Secret
    secret: Secret | None = None
    """What 钉钉 signs with."""


class ReminderSettings(_Part):
    """What `[register.reminders]` says."""

    at: time = time(8)
    weekdays: frozenset[int] = frozenset({1, 2, 3, 4, 5})
    """On which days, Monday being 1."""
    soon_days: int = Field(default=7, ge=0, le=366)
    address: str = ""
    """Where readers find the register: `https://…`. Without it digests have no links."""
    mail: MailSettings | None = None
    webhooks: Mapping[str, WebhookSettings] = Field(default_factory=dict)
    webhook_hosts: frozenset[str] = frozenset({WECOM, DINGTALK})
    """The hosts, or `host:port`, that are called at all."""
    private_hosts: frozenset[str] = frozenset()
    """Those of them that may be within the office's network, and may do without TLS."""
    attempts: int = Field(default=8, ge=1, le=50)

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.weekdays - set(range(1, 8)):
            raise ValueError("weekdays")
        if self.address and not self.address.startswith(("https://", "http://")):
            raise ValueError("address")
        return self


def reminder_settings(said: Mapping[str, Any] | None = None) -> ReminderSettings:
    """The settings of reminders, of `said` or the settings file; raises UsageError."""
    if said is None:
        said = settings().register.get("reminders", {})
    try:
        return ReminderSettings.model_validate(said)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise fail(UsageError, "register.reminders.settings",
                   key=".".join(map(str, ("register", "reminders", *first["loc"])))) from None


def settings_folder() -> Path | None:
    """Where paths of the settings start from."""
    file = settings_file()
    return file.resolve().parent if file is not None else None
