"""Members, as requests and answers have them. In: nothing. Out: models, with examples."""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import Field

from zhuanjie.web.api.models.base import AnswerModel, FindingShown, JudgedAnswer, Value


class MemberListed(AnswerModel):
    """A member in a list. Numbers that tell a person apart are masked."""

    id: str = Field(examples=["0b7e7d5a1f8e4c0f9a35c1f1a6f0f2aa"])
    unit: str = Field(examples=["数学系"])
    key: str | None = Field(examples=["06018"])
    name: str | None = Field(examples=["王一"])
    group: str | None = Field(examples=["数学系"])
    version: int = Field(description="the number of the last event that changed it", examples=[52])
    withdrawn: bool
    outcomes: dict[str, int] = Field(description="how many rules come out so",
                                     examples=[{"violation": 1, "pending": 2}])
    due: date | None = Field(description="the first day that something is due")


class DeadlineShown(AnswerModel):
    """A day by which something is to be done, or was."""

    rule: str
    clause: str
    due: date
    outcome: str
    days_late: int | None = None
    message: str


class MemberShown(JudgedAnswer):
    """A member, whole. A field that is in `columns` and not in `record` is blank; one that is not
    in `columns` is not kept by the tables that the member came from.
    """

    id: str
    unit: str
    version: int
    withdrawn: bool
    record: dict[str, Value] = Field(examples=[{"member.name": "王一", "member.id": "06018"}])
    columns: list[str]
    findings: list[FindingShown]
    deadlines: list[DeadlineShown]
    not_judged: list[str] = Field(description="clauses that only columns which are not kept could "
                                              "decide")
    inside: bool = Field(description="whether the policy speaks of the member")


class ValueChange(AnswerModel):
    """What a field held before an event, and since."""

    before: Value = None
    after: Value = None


class EventShown(AnswerModel):
    """What happened. Values that were erased are named in `erased`."""

    seq: int
    id: str
    at: str = Field(examples=["2026-06-30T08:00:00.000000Z"])
    kind: str = Field(examples=["member.issued"])
    member: str | None
    unit: str | None
    actor: str
    role: str
    via: str
    values: dict[str, ValueChange]
    data: dict[str, Any]
    reason: str | None
    erased: list[str]


class RegisterSummary(JudgedAnswer):
    """How many members, and how many rules come out how."""

    members: int
    outcomes: dict[str, int]
    by_clause: dict[str, dict[str, int]]
    by_unit: dict[str, dict[str, int]]
