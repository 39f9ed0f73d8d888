"""What of a finding may be another under other rules. In: nothing. Out: its aspects."""

from __future__ import annotations

from enum import StrEnum


class Aspect(StrEnum):
    """What of a finding may be another under another policy."""

    OUTCOME = "outcome"
    DUE = "due"
    LATE = "days_late"
    SEVERITY = "severity"
    CLAUSE = "clause"
