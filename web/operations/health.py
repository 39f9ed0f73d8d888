"""Whether a register can serve. In: a register's database and folder. Out: what holds and what not.

What is said names no reason beyond a word a check, for anybody may ask.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from zhuanjie.engine.api import ZhuanjieError
from zhuanjie.web.operations.migrating import Revisions, SchemaState
from zhuanjie.web.store.database import RegisterDatabase

FREE: Final = 256 * 1024 * 1024
"""Bytes that have to be left for a register to take anything in."""
HealthCheck = Callable[[], bool]


class Readiness:
    """What has to hold before requests are sent here; `draining` is set when it is to stop."""

    def __init__(self, checks: Mapping[str, HealthCheck]) -> None:
        self._checks = checks
        self.draining = False

    def state(self) -> dict[str, bool]:
        """Each check, by name."""
        return {name: _holds(check) for name, check in self._checks.items()} | {
            "serving": not self.draining}


def checks_of(database: RegisterDatabase, folder: Path, *, revisions: Revisions | None = None,
              signs: HealthCheck = lambda: True) -> dict[str, HealthCheck]:
    """The checks of a register. `signs` says whether its key can be used."""
    known = revisions or Revisions()

    def answers() -> bool:
        with database.reading() as conn:
            return bool(conn.execute(text("SELECT 1")).scalar() == 1)

    def is_current() -> bool:
        with database.reading() as conn:
            return known.standing(conn).state is SchemaState.CURRENT

    def has_room() -> bool:
        return shutil.disk_usage(folder).free >= FREE

    return {"database": answers, "schema": is_current, "disk": has_room, "key": signs}


def _holds(check: HealthCheck) -> bool:
    try:
        return check()
    except (SQLAlchemyError, OSError, ZhuanjieError):
        return False
