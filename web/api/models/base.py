"""What models share. In: nothing. Out: their base, what an answer that judges carries."""

from __future__ import annotations

from datetime import date
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

_T = TypeVar("_T")


class Sent(BaseModel):
    """What a request has: a name that nobody knows is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class AnswerModel(BaseModel):
    """What an answer has."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


class Page(AnswerModel, Generic[_T]):
    """Some rows, in an order that stays; the next page begins after the last of them."""

    items: list[_T]
    next: str | None = Field(default=None, description="`cursor` of the next page; none follows "
                                                       "where it is null")


class PolicyUsed(AnswerModel):
    """By what was judged."""

    id: str = Field(examples=["fujian-2007-80"])
    version: str = Field(examples=["1.0.0"])
    sha256: str = Field(min_length=64, max_length=64)


class JudgedAnswer(AnswerModel):
    """What every answer that judges carries."""

    policy: PolicyUsed
    as_of: date = Field(examples=["2026-06-30"])
    decision: str | None = Field(
        description="the event of the trail that has this; null where nothing was judged yet",
        examples=["5f0d7c1e5b7b4b2d9d3a3f8a7c2c9e11"])


class FindingShown(AnswerModel):
    """How a rule comes out, in words."""

    model_config = ConfigDict(frozen=True, extra="allow")

    id: str
    record: str | None = None
    rule: str
    clause: str = Field(examples=["1.6b"])
    outcome: str = Field(examples=["violation"])
    severity: str = Field(examples=["error"])
    message: str
    due: date | None = None
    days_late: int | None = None
    missing: list[str] = Field(default_factory=list)
    fields: dict[str, Any] = Field(default_factory=dict)
    remedy: str = ""
    waiver: dict[str, Any] | None = None


Value = str | int | bool | None
"""A value of a field: days as `2026-06-30`, null where it is blank."""
