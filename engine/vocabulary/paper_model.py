"""What an office prints of its records. In: plain data of `register.yaml`. Out: frozen models.

A paper has texts with blanks in braces. What fills a blank is named, never composed: where a record
lacks it the blank stays an empty line, and that is said.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from zhuanjie.engine.core.models import FieldName, Filled, Name, Strict, Text

BLANK: Final = re.compile(r"\{([a-z][a-z0-9_]*)\}")
Millimetres = Annotated[float, Field(ge=-1000, le=1000)]
Width = Annotated[float, Field(gt=0, le=1000)]
Points = Annotated[float, Field(ge=5, le=60)]


def _several(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Fields = Annotated[tuple[FieldName, ...], BeforeValidator(
    _several, json_schema_input_type=FieldName | list[FieldName])]


class PaperBlank(Strict):
    """What fills a blank of a paper: the first of `field` that a record has, or what is taken.

    `as` is how it is written: `capital` numerals are those that nobody alters with a stroke of the
    pen, `choice` shows every value and strikes what does not hold, `age` is whole years on the day
    of the first of `on` that there is.
    """

    field: Fields = ()
    title: Text | None = Field(
        default=None, description="what it is called where places on a form are set; without it, "
                                  "as its first field")
    take: Literal["today", "count", "number", "unit", "first", "last", "replaces",
                  "hand"] | None = Field(
        default=None, description="the day, how many records, which of them, their unit, the first "
                                  "and the last number on a list, the number that was replaced; "
                                  "`hand` is to be written by hand")
    form: Literal["plain", "capital", "year", "month", "day", "capital_year", "capital_month",
                  "choice", "age", "masked"] = Field(default="plain", alias="as")
    on: Fields = ()
    width: Width = Field(default=30, description="of its line, in millimetres")
    end: str = Field(default="", description="how a value may end that the text goes on with: it "
                                             "is left out")
    said: bool = Field(default=True, description="whether it is said where nothing fills it")

    @model_validator(mode="after")
    def _one(self) -> PaperBlank:
        if bool(self.field) == (self.take is not None) or bool(self.on) != (self.form == "age"):
            raise ValueError("vocabulary.paper-blank")
        return self


class PaperLine(Strict):
    """A paragraph of a paper, with blanks in braces."""

    text: Filled
    align: Literal["left", "center", "right"] = "left"
    indent: bool = Field(default=False, description="whether its first line begins two signs in")
    size: Points | None = None
    bold: bool = False
    above: Annotated[float, Field(ge=0, le=200)] = Field(
        default=0, description="millimetres of room before it")
    only_with: Name | None = Field(
        default=None, description="the blank without which it is left out")


class PaperPlace(Strict):
    """Where a blank's line begins on a form that is printed already, in millimetres from the top
    left of its part.

    For a `choice`, `at` are where its values are struck, each if it does not hold.
    """

    blank: Name
    x: Millimetres = 0
    y: Millimetres = 0
    width: Width = 30
    size: Points | None = None
    at: dict[str, tuple[Millimetres, Millimetres, Width]] = Field(default_factory=dict)


class PaperPart(Strict):
    """A part of a paper, to be torn off: `corner` stands at its top right, `name` at its side."""

    name: Filled
    title: Filled
    corner: str = ""
    lines: tuple[PaperLine, ...]
    foot: str = ""
    height: Width = Field(description="in millimetres")
    when: Annotated[str, StringConstraints(min_length=1)] | None = Field(
        default=None, description="a CEL expression: the part is left out where it is false")
    places: tuple[PaperPlace, ...] = Field(
        default=(), description="where its blanks are on a form that is printed already; without "
                                "them they are where they are on the office's own")


class PaperColumn(Strict):
    """A column of a paper that lists records; one without a blank is to be written in by hand."""

    title: Filled
    blank: Name | None = None
    width: Annotated[float, Field(gt=0)] = Field(description="its share of the sheet's width")


class PaperSheet(Strict):
    """The sheet of paper, in millimetres."""

    width: Width = 210
    height: Width = 297
    margin: Annotated[float, Field(ge=0, le=60)] = 20
    size: Points = 12


class PaperCondition(Strict):
    """What must hold of a record that is printed, as CEL, and what is said where it does not."""

    holds: Filled
    words: Text


class Paper(Strict):
    """A paper: of `parts` one copy a record, of `columns` one list of all of them.

    With `counted` every print is an event, and a further one of the same number is marked as such.
    """

    title: Text
    permission: Name
    series: Name | None = Field(default=None, description="the series whose number it bears")
    counted: bool = False
    shows: tuple[FieldName, ...] = Field(
        default=(), description="what is shown beside a number where papers are chosen")
    language: Literal["zh", "en"] = "zh"
    sheet: PaperSheet = PaperSheet()
    possible: tuple[PaperCondition, ...] = ()
    blanks: dict[Name, PaperBlank]
    parts: tuple[PaperPart, ...] = ()
    reprint: str = Field(default="", description="what marks another print; {copy} is its number")
    cover: tuple[PaperLine, ...] = ()
    head: tuple[PaperLine, ...] = ()
    columns: tuple[PaperColumn, ...] = ()
    foot: tuple[PaperLine, ...] = ()
    by_unit: bool = Field(default=False, description="whether each unit has a list of its own")

    @model_validator(mode="after")
    def _one(self) -> Paper:
        if bool(self.parts) == bool(self.columns) or (self.counted and not self.parts):
            raise ValueError("vocabulary.paper-parts")
        return self


class Awaited(Strict):
    """Something that has to come for each of some records, and how long it has been awaited.

    `since` is the first of these days that a record has, `act` records that it came, `chase` that
    somebody went after it. `ages` are days that part the ages.
    """

    title: Text
    holds: Annotated[str, StringConstraints(min_length=1), Field(
        description="a CEL expression, of no day: it is awaited")]
    since: Fields
    ages: tuple[Annotated[int, Field(ge=1, le=3650)], ...] = (30, 60, 90)
    act: Name
    chase: Name | None = None
    shows: tuple[FieldName, ...] = ()

    @model_validator(mode="after")
    def _upwards(self) -> Awaited:
        if list(self.ages) != sorted(set(self.ages)) or not self.ages or not self.since:
            raise ValueError("vocabulary.awaited-ages")
        return self
