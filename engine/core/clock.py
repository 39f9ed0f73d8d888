"""Which day it is. In: the settings. Out: the day of the office, or of the machine."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from zhuanjie.engine.core.settings import find_file, settings

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo


def now(zone: ZoneInfo | None) -> datetime:
    """The time by the clock of a zone, or of the machine."""
    return datetime.now(zone)


def office_day() -> date:
    """Today where the office is: in the time zone of the settings, else in the machine's."""
    return now(office_zone()).date()


def office_zone() -> ZoneInfo | None:
    """The time zone of the settings; None for the machine's."""
    file = find_file()
    if file is None:
        return None
    try:
        changed = file.stat().st_mtime_ns
    except OSError:
        changed = 0
    return _zone(file, changed)


@lru_cache(maxsize=4)
def _zone(_file: Path, _changed: int) -> ZoneInfo | None:
    """The time zone that the settings name, read once for each state of their file."""
    said = settings().options.get("timezone")
    return said.value if said else None
