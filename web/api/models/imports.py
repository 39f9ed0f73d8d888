"""Imports, as requests and answers have them. In: nothing. Out: models."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, Field

from zhuanjie.web.api.fields import Line
from zhuanjie.web.api.models.base import AnswerModel, Sent
from zhuanjie.web.transfer.kept_columns import MOST


class ImportPreviewShown(AnswerModel):
    """What was understood of files, and what saving them would change, member by member."""

    model_config = ConfigDict(frozen=True, extra="allow")

    upload: str = Field(description="where `POST /imports/{upload}/save` finds the files")
    token: str = Field(description="stands for what is shown here")
    sha256: str
    counts: dict[str, int] = Field(examples=[{"new": 40, "changed": 2, "unchanged": 118}])
    before: dict[str, Any] | None = Field(description="the import of the same files that stands")
    tables: list[dict[str, Any]]
    input: list[dict[str, Any]]
    members: list[dict[str, Any]]
    missing: list[dict[str, Any]]
    nameless: list[dict[str, Any]]
    strays: dict[str, int]


class ImportSave(Sent):
    """That what was shown is to be saved."""

    token: Line


class ImportSavedShown(AnswerModel):
    """What was saved."""

    id: str | None = Field(description="the import; null where nothing changed")
    counts: dict[str, int]
    before: dict[str, Any] | None = None


class ImportUndoneShown(AnswerModel):
    """What was taken back, and what was not, for it was changed since."""

    id: str
    restored: int
    withdrawn: int
    already: bool
    kept: list[dict[str, str | None]]


class KeptColumnShown(AnswerModel):
    """A heading and the field that it is taken for; an empty one sets it aside."""

    heading: str = Field(examples=["党员编号"])
    field: str = Field(examples=["member.id"])
    unit: str = Field(description="the unit that keeps it so")


class KeptColumnsAsked(Sent):
    """Headings, and the fields that a unit is to take them for."""

    columns: dict[Line, Line | None] = Field(
        min_length=1, max_length=MOST, examples=[{"党员编号": "member.id", "备用": ""}],
        description="an empty field sets a heading aside, null forgets what was kept of it")
    unit: Line = ""
