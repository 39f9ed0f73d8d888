"""Jobs, as requests and answers have them. In: nothing. Out: models."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field

from zhuanjie.web.api.fields import Id, Line, Paragraph
from zhuanjie.web.api.models.base import AnswerModel, Sent

Form = Literal["json", "jsonl", "csv", "xlsx", "html", "md", "parquet"]
"""The forms of a report, by the endings of their files."""


class AuditAsked(Sent):
    """An audit of the register."""

    as_of: date | None = Field(default=None, description="today where it is left out; a day that "
                                                         "has passed: as it stood then")
    formats: Annotated[list[Form], Field(min_length=1, max_length=7)] = Field(["json"])


class ExportAsked(Sent):
    """Records that are to leave the register."""

    as_of: date | None = Field(default=None, description="as they were at the end of a day; as "
                                                         "they are where it is left out")
    units: list[Id] = Field(default_factory=list, max_length=1000)
    formats: Annotated[list[Literal["csv", "jsonl", "xlsx", "parquet"]],
                       Field(max_length=4)] = Field(["csv"])
    lists: bool = Field(default=False, description="whether the domain's lists are written, each "
                                                   "with its records, and a cover")
    only: list[Line] = Field(default_factory=list, max_length=100, description="of these lists")
    full: bool = Field(default=False, description="whether masked values leave whole")


class VerifyAsked(Sent):
    """A verification of the trail, against checkpoints that somebody kept."""

    notes: list[Paragraph] = Field(default_factory=list, max_length=100)
    projections: bool = Field(default=False, description="whether the tables that are made from "
                              "events are made anew and compared; changes wait meanwhile")
    files: bool = Field(default=False, description="whether attachments are read, too")


class WhatIfAsked(Sent):
    """Another law to be tried."""

    policy: Id | None = Field(default=None, description="a pack; the law of the day where it is "
                                                        "left out")
    params: dict[Id, Line] = Field(default_factory=dict, max_length=100,
                                   description="values of its parameters: numbers, days")
    as_of: date | None = None


class JobShown(AnswerModel):
    """Work that takes long: how far it is, what came of it."""

    id: str
    kind: str
    state: Literal["waiting", "running", "done", "failed", "cancelled"]
    made_at: str
    done: int
    whole: int
    result: dict[str, Any] | None = Field(description="for an audit: policy, day, decision, counts")
    error: dict[str, Any] | None = None
    files: list[str]
