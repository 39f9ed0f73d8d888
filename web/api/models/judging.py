"""What is judged without being kept, and what the leaving system asks. In: nothing. Out: models."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import Field

from zhuanjie.web.api.fields import Line, Record
from zhuanjie.web.api.models.base import FindingShown, JudgedAnswer, Sent


class CheckAsked(Sent):
    """Records to judge, as they stand: nothing of them is kept but that they were judged."""

    records: list[Record] = Field(min_length=1, max_length=500, examples=[[
        {"member.name": "王一", "member.id": "06018", "letter.issued_on": "2007-06-30"}]])
    as_of: date | None = Field(default=None, description="today where it is left out")
    before: Line | None = Field(default=None, description="a moment of the policy",
                                examples=["issue"])
    all: bool = Field(default=False, description="whether every outcome is listed")


class RecordChecked(JudgedAnswer):
    """What is said of records."""

    findings: list[FindingShown]
    input: list[dict[str, Any]] = Field(description="what could not be read")
    outcomes: dict[str, int]


class ClearanceShown(JudgedAnswer):
    """Whether a member may pass a moment."""

    member: str
    answer: Literal["yes", "no", "unclear"]
    moment: str
    findings: list[FindingShown]
