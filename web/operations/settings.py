"""What an office has set for operations. In: `[register.operations]`. Out: it, checked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from zhuanjie.engine.api import UsageError, fail, settings
from zhuanjie.web.reminders.settings import Secret


class OperationSettings(BaseModel):
    """What `[register.operations]` says."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    judge_at: time = time(0, 10)
    """When, each day, what the clock changes is judged."""
    backups: Path | None = None
    """The folder to save the register to each day; without it that is left to others."""
    backup_at: time = time(2)
    backups_kept: int = Field(default=14, ge=1)
    metrics_token: Secret | None = None
    """What asks for figures from another machine."""
    answers_kept_days: int = Field(default=7, ge=1)
    """How long the answer to an act is kept for whoever sends it again."""


def operation_settings(said: Mapping[str, Any] | None = None) -> OperationSettings:
    """The settings of operations, of `said` or the settings file; raises UsageError."""
    if said is None:
        said = settings().register.get("operations", {})
    try:
        return OperationSettings.model_validate(said)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise fail(UsageError, "register.operations.settings",
                   key=".".join(map(str, ("register", "operations", *first["loc"])))) from None
