"""What a register of a domain can do. In: plain data of `register.yaml`. Out: frozen models.

Which acts there are, what each sets and asks, which numbers it gives: all of it is data, so that
the program that keeps a register knows no act by name.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from zhuanjie.engine.core.models import FieldName, Filled, Name, Strict, Text
from zhuanjie.engine.vocabulary.paper_model import Awaited, Paper

_WORDS = {"today": {"take": "today"}, "actor": {"take": "actor"}, "input": {"input": "required"},
          "optional": {"input": "optional"}, "blank": {"blank": True},
          "day": {"input": "optional", "otherwise": {"take": "today"}, "past": True}}
"""Settings that one word says; `day` is a day that has come, today unless another is given."""


def _setting(value: Any) -> Any:
    return _WORDS.get(value, value) if isinstance(value, str) else value


class Setting(Strict):
    """Where an act takes a field's value from: exactly one source.

    `input` is what whoever acts gives; `otherwise` stands for it where it may be left out and is.
    """

    input: Literal["required", "optional"] | None = None
    otherwise: Annotated[Setting, BeforeValidator(
        _setting, json_schema_input_type=Literal["today", "actor", "blank"] | Any)] | None = Field(
        default=None, description="what stands for an optional input that is not given")
    take: Literal["today", "actor"] | None = Field(
        default=None, description="the day of the office, or whoever acts")
    series: Name | None = Field(default=None, description="the next number of this series")
    field: FieldName | None = Field(default=None, description="what another field holds")
    value: bool | int | str | None = None
    blank: Literal[True] | None = Field(default=None, description="the field is emptied")
    past: bool = Field(default=False, description="whether a day that is given must have come")

    @model_validator(mode="after")
    def _one(self) -> Setting:
        given = [self.input, self.take, self.series, self.field, self.value, self.blank]
        if sum(each is not None for each in given) != 1:
            raise ValueError("vocabulary.act-source")
        if (self.otherwise is not None and self.input != "optional") or (
                self.past and self.input is None):
            raise ValueError("vocabulary.act-otherwise")
        return self


AnySetting = Annotated[Setting, BeforeValidator(
    _setting, json_schema_input_type=Literal[
        "today", "actor", "input", "optional", "blank", "day"] | Setting)]


class ActCondition(Strict):
    """What must definitely hold, as CEL over the record, and what is said where it does not."""

    holds: Annotated[str, StringConstraints(min_length=1), Field(description="a CEL expression")]
    words: Text


class Attachments(Strict):
    """How many files an act takes."""

    least: Annotated[int, Field(ge=0)] = 0
    most: Annotated[int, Field(ge=1)] = 5

    @model_validator(mode="after")
    def _upwards(self) -> Attachments:
        if self.least > self.most:
            raise ValueError("vocabulary.act-attachments")
        return self


class EndsNumber(Strict):
    """The number of a series that the record bears is given up: voided, or replaced by another."""

    series: Name
    kind: Literal["voided", "replaced"] = Field(alias="as")


class Closes(Strict):
    """A request that waits is answered; where `by_other`, by another person than who asked."""

    request: Name
    answer: Name = Field(alias="as")
    by_other: bool = False


class RegisterAct(Strict):
    """Something that an office does to a record.

    Its event is called `event`; whoever does it needs `permission`. Before it the record, as it
    would be, is judged by the rules of the moment `before`.
    """

    title: Text
    event: Name
    permission: Name
    of: Literal["standing", "withdrawn"] = Field(
        default="standing", description="whether it is done to records that were withdrawn")
    sets: dict[FieldName, AnySetting] = Field(default_factory=dict)
    sets_any: bool = Field(
        default=False, description="whether any field may be given besides, but for `not_fields`")
    not_fields: tuple[FieldName, ...] = ()
    reason: Literal["required", "optional"] = "optional"
    attachments: Attachments | None = None
    before: Name | None = Field(default=None, description="the moment of the policy before it")
    undetermined: Literal["allow", "refuse", "confirm"] = Field(
        default="confirm", description="what is done where evidence is missing")
    possible: tuple[ActCondition, ...] = Field(
        default=(), description="what must hold of the record as it is")
    valid: tuple[ActCondition, ...] = Field(
        default=(), description="what must hold of the record as it would be")
    ends: EndsNumber | None = None
    opens: Name | None = Field(default=None, description="a request that waits from then on")
    closes: Closes | None = None
    not_while: tuple[Name, ...] = Field(
        default=(), description="requests that must not be waiting")


class Request(Strict):
    """Something that one person asks and another answers; `waiting` says that it is not answered.
    """

    title: Text
    waiting: Text


class Series(Strict):
    """Numbers that an office gives out, each once.

    `form` is how a number is written, out of `{prefix}`, `{unit}`, `{year}` and `{number}`. Where
    it has unit or year, each unit and year counts for itself.
    """

    title: Text
    field: FieldName = Field(description="the field that holds a number of the series")
    form: Filled
    prefix: str = Field(default="", description="what `{prefix}` is unless the office says else")
    digits: Annotated[int, Field(ge=1, le=12)] = 6

    @model_validator(mode="after")
    def _counted(self) -> Series:
        rest = self.form
        for part in ("{prefix}", "{unit}", "{year}"):
            rest = rest.replace(part, "", 1)
        if rest.count("{number}") != 1 or set("{}") & set(rest.replace("{number}", "")):
            raise ValueError("vocabulary.series-form")
        return self

    @property
    def by_unit(self) -> bool:
        """Whether each unit counts for itself."""
        return "{unit}" in self.form

    @property
    def by_year(self) -> bool:
        """Whether each year counts for itself."""
        return "{year}" in self.form


class RegisterList(Strict):
    """Records that are exported together: those for which `holds` is true and of no list before."""

    title: Text
    holds: Annotated[str, StringConstraints(min_length=1), Field(description="a CEL expression")]


class RegisterSection(Strict):
    """Fields that are shown together: these, and those of whole groups that no other names."""

    title: Text
    fields: tuple[FieldName, ...] = ()
    groups: tuple[Name, ...] = ()


class RegisterStep(Strict):
    """How far a record has come: so far where `holds` is true of it, whatever the day."""

    title: Text
    holds: Annotated[str, StringConstraints(min_length=1), Field(description="a CEL expression")]


class RegisterFile(Strict):
    """`register.yaml`: what a register of the domain can do with its records.

    `unit_field` says to which unit of the office a record belongs.
    """

    unit_field: FieldName | None = None
    series: dict[Name, Series] = Field(default_factory=dict)
    requests: dict[Name, Request] = Field(default_factory=dict)
    acts: dict[Name, RegisterAct] = Field(default_factory=dict)
    lists: dict[Name, RegisterList] = Field(
        default_factory=dict, description="the lists that are exported, in their order")
    sections: dict[Name, RegisterSection] = Field(
        default_factory=dict, description="how a record is laid out for people, in this order")
    steps: dict[Name, RegisterStep] = Field(
        default_factory=dict,
        description="how far a record comes, in order: the last is the end of the way")
    columns: tuple[FieldName, ...] = Field(
        default=(), description="the fields that pages' lists show, unless somebody chooses others")
    papers: dict[Name, Paper] = Field(
        default_factory=dict, description="what an office prints, in the order it is offered")
    awaited: dict[Name, Awaited] = Field(
        default_factory=dict, description="what has to come, and is chased where it does not")
