"""Acts, as requests and answers have them. In: nothing. Out: models, with examples."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from zhuanjie.web.api.fields import Id, Line, Paragraph, Whole
from zhuanjie.web.api.models.base import AnswerModel, JudgedAnswer, Sent, Value

GivenValue = Paragraph | bool | Whole | None
"""What is given for a field: a text as a cell of a ledger would have it, a number, yes or no."""
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class FileRef(Sent):
    """A file that was sent before, by `POST /attachments`."""

    sha256: Sha256
    size: int = Field(ge=1, lt=2**40)
    type: Line
    name: Line = ""


class ActAsked(Sent):
    """What is asked to be done to a member."""

    inputs: dict[Line, GivenValue] = Field(
        default_factory=dict, max_length=300, description="values by field; null empties one",
        examples=[{"letter.origin_address": "泉州师院组织部"}])
    reason: Paragraph | None = Field(default=None, examples=["纸质信遗失"])
    attachments: list[FileRef] = Field(default_factory=list, max_length=20)
    acknowledged: list[Line] = Field(
        default_factory=list, max_length=100,
        description="clauses whose missing evidence was taken note of")


class BulkAsked(ActAsked):
    """The same act for several members."""

    members: dict[Id, Whole | None] = Field(
        min_length=1, max_length=1000,
        description="by member, the version that was seen; null for whichever",
        examples=[{"0b7e7d5a1f8e4c0f9a35c1f1a6f0f2aa": 52}])


class ActDone(JudgedAnswer):
    """What an act came to."""

    act: str
    member: str
    event: str
    version: int
    changes: dict[str, Value]
    number: str | None = Field(default=None, description="the number that was given")
    ended: str | None = Field(default=None, description="the number that was ended")
    findings: list[dict[str, Any]] = Field(default_factory=list)


class ActPreview(JudgedAnswer):
    """What an act would come to now."""

    act: str
    member: str
    version: int
    changes: dict[str, Value]
    number: str | None = None
    findings: list[dict[str, Any]] = Field(default_factory=list)


class ActListed(AnswerModel):
    """An act of the domain."""

    id: str = Field(examples=["issue"])
    title: str = Field(examples=["开具介绍信"])
    permission: str
    moment: str | None = Field(description="the moment of the policy before it")
    inputs: dict[str, bool] = Field(description="fields that it takes, and whether it needs them")
    reason_needed: bool
    files: tuple[int, int]


class ActPossible(ActListed):
    """An act, and whether it can be done to a member now."""

    possible: bool
    why_not: list[str]
    against: list[dict[str, Any]]
    asked_about: list[dict[str, Any]]


class BulkLine(AnswerModel):
    """What became, or would become, of one member."""

    member: str
    done: dict[str, Any] | None = None
    problem: dict[str, Any] | None = None


class BulkDone(JudgedAnswer):
    """What became of each, in the order in which they were given."""

    results: list[BulkLine]
    succeeded: int
    failed: int


class WaiverAsked(Sent):
    """A waiver that is asked for: one clause or one rule, for a member or by a condition."""

    expires: date
    reason: Paragraph
    clause: Line | None = None
    rule: Line | None = None
    member: Id | None = None
    where: Paragraph | None = None
    at_most: int | None = Field(default=None, ge=1, lt=2**31)
    basis: Line | None = None
    granted_on: date | None = None


class WaiverShown(AnswerModel):
    """A waiver as the register has it."""

    id: str
    member: str | None
    clause: str | None
    rule: str | None
    where: str | None
    at_most: int | None
    reason: str | None
    basis: str | None
    state: str
    asked_by: str
    answered_by: str | None
    granted_on: str | None
    expires: str


class Reason(Sent):
    """Why."""

    reason: Paragraph = Field(min_length=1)


class MaybeReason(Sent):
    """Why, where it is to be said."""

    reason: Paragraph | None = None


class NumberShown(AnswerModel):
    """A number of a series, and what became of it."""

    text: str
    number: int | None
    state: str
    member: str | None
    given: int | None
    ended: int | None
    replaces: str | None
    replaced_by: str | None


class SeriesSet(Sent):
    """How a series goes on."""

    unit: Line = ""
    year: int | None = Field(default=None, ge=1900, le=2200)
    prefix: Line | None = None
    next: int | None = Field(default=None, ge=1, lt=2**53)
    reason: Paragraph | None = None
