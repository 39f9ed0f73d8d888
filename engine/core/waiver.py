"""What excuses a finding. In: nothing. Out: waivers, baselines, and what they came to."""

from __future__ import annotations

from datetime import date
from typing import Literal

from msgspec import Struct


class Waiver(Struct, frozen=True):
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


WaiverState = Literal["in_force", "expired", "later", "beyond"]
"""How a waiver stands on a day; one that is `beyond` would cover more records than it may."""


class WaiverUse(Struct, frozen=True):
    """A waiver, how it stands on the day of an audit, and of how many findings it speaks.

    These are waived where it is in force; where it expired they count again.
    """

    waiver: Waiver
    state: WaiverState
    findings: int
    file: str | None = None
    line: int | None = None


class StaleFinding(Struct, frozen=True):
    """A finding that a baseline knows and that is not there any more."""

    id: str
    rule: str
    record: str | None
    due: date | None
    first_seen: date


class BaselineUse(Struct, frozen=True):
    """What a baseline came to: of which day it is, what of it is still there, what is not."""

    file: str
    as_of: date
    known: int
    stale: tuple[StaleFinding, ...]
