"""What a waiver says. In: nothing. Out: the approval that a violation may stand for a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Waiver:
    """An approval under which a violation may stand until a day, that day included.

    A finding carries the one that covers it, or the one that did until it expired; `in_force` tells
    which, as of the day of the audit.
    """

    id: str
    reason: str
    requested_by: str
    approved_by: str
    granted_on: date
    expires: date
    basis: str | None = None
    in_force: bool = True
