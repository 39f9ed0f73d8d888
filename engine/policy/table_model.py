"""What a decision table is. In: plain data from YAML. Out: frozen, validated models."""

from __future__ import annotations

from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, Field, StringConstraints, model_validator

from zhuanjie.engine.core.models import FieldName, Slug, Strict, Text

Cel = Annotated[str, StringConstraints(min_length=1), Field(description="a CEL expression")]
_W = TypeVar("_W", bound=BaseModel)


def with_when(model: _W) -> _W:
    """A `when` that was begun and left blank is no `when` left out: it would always hold."""
    if "when" in model.model_fields_set and getattr(model, "when", None) is None:
        raise ValueError("rule.when-blank")
    return model


Hit = Literal["any", "first", "unique"]
"""Which rows of a decision table decide, after DMN's hit policies."""


class Row(Strict):
    """A row of a decision table: `allow`ed values where `when` holds (always, where left out)."""

    clause: str
    title: Text
    when: Cel | None = None
    allow: Annotated[tuple[str, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _no_blank(self) -> Row:
        return with_when(self)


class DecisionTable(Strict):
    """A field whose value must be allowed by the rows that hold, as `hit` says which decide."""

    hit: Hit = Field(default="any", description="which rows decide: `any` that holds, the `first` "
                     "that holds, or the `unique` one that may hold")
    when: Cel | None = Field(default=None, description="a guard: no row holds but where it does")
    subject: FieldName
    rows: Annotated[tuple[Row, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _no_blank(self) -> DecisionTable:
        return with_when(self)


class RowChange(Row):
    """A row for a table of the base: in the place of one of its rows, or after the last."""

    table: Slug = Field(description="the rule of the base that has the table")
    replaces: str | None = Field(
        default=None, description="the clause of the row that this one stands in for")
    reason: Text
