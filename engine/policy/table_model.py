"""What a decision table is. In: plain data from YAML. Out: frozen, validated models."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from zhuanjie.engine.core.models import FieldName, Filled, Name, Slug, Strict, Text

Cel = Annotated[str, StringConstraints(min_length=1), Field(description="a CEL expression")]
_W = TypeVar("_W", bound=BaseModel)


def with_when(model: _W) -> _W:
    """A `when` that was begun and left blank is no `when` left out: it would always hold."""
    if "when" in model.model_fields_set and getattr(model, "when", None) is None:
        raise ValueError("rule.when-blank")
    return model


Hit = Literal["any", "first", "unique"]
"""Which rows of a decision table decide, after DMN's hit policies."""


Cell = bool | int | str


def _expression(value: Any) -> Any:
    """An input may be its expression alone."""
    return {"expr": value} if isinstance(value, str) else value


class Input(Strict):
    """A column of conditions: what the cells of the rows speak of, and what people call it."""

    expr: Cel
    title: Text | None = None


class Output(Strict):
    """A value that rows give, and other rules read as `outputs.NAME`.

    A `text` is written as it is, anything else as an expression. `default` is the value where no
    row holds, and of rows that give none.
    """

    type: Literal["bool", "int", "text", "date"]
    title: Text | None = None
    values: tuple[Filled, ...] = Field(default=(), description="the texts that it may be")
    default: Cell | None = None


def _optional(schema: dict[str, Any]) -> None:
    """What a row has from its rule, where it is left out."""
    schema["required"] = [k for k in schema.get("required", ()) if k not in ("clause", "title")]


class Row(Strict):
    """A row of a decision table: `allow`ed values where `when` holds (always, where left out).

    `cells` are conditions on the table's inputs in short form; `set` gives its outputs.
    """

    model_config = ConfigDict(json_schema_extra=_optional)

    clause: str
    title: Text
    cells: tuple[Cell, ...] = Field(default=(), description="a condition on each input: `-`, a "
                                    "value or several, `> 3`, `[1..5]`, `not(…)`")
    when: Cel | None = None
    allow: tuple[str, ...] = ()
    sets: dict[Name, Cell] = Field(default_factory=dict, alias="set",
                                   description="the values of outputs, by their names")

    @model_validator(mode="after")
    def _no_blank(self) -> Row:
        return with_when(self)


class DecisionTable(Strict):
    """A field whose value must be allowed by the rows that hold, as `hit` says which decide."""

    hit: Hit = Field(default="any", description="which rows decide: `any` that holds, the `first` "
                     "that holds, or the `unique` one that may hold")
    when: Cel | None = Field(default=None, description="a guard: no row holds but where it does")
    subject: FieldName | None = None
    inputs: tuple[Annotated[Input, BeforeValidator(
        _expression, json_schema_input_type=Cel | Input)], ...] = Field(
            default=(), description="the columns of conditions, each an expression")
    outputs: dict[Name, Output] = Field(
        default_factory=dict, description="values that other rules read as `outputs.NAME`")
    rows: Annotated[
        tuple[Row, ...], Field(min_length=1),
        BeforeValidator(lambda given: given, json_schema_input_type=tuple[Row, ...] | str)]

    @model_validator(mode="after")
    def _decides(self) -> DecisionTable:
        if self.subject is None and not self.outputs:
            raise ValueError("table.decides-nothing")
        return with_when(self)


def with_row_defaults(rule: Any) -> Any:
    """A rule as written, its clause and title given to the rows of its table that have none."""
    table = rule.get("table") if isinstance(rule, dict) else None
    if not isinstance(table, dict) or not isinstance(rows := table.get("rows"), list):
        return rule
    given = {key: rule[key] for key in ("clause", "title") if key in rule}
    return {**rule, "table": {**table, "rows": [
        {**given, **row} if isinstance(row, dict) else row for row in rows]}}


class RowChange(Row):
    """A row for a table of the base: in the place of one of its rows, or after the last."""

    table: Slug = Field(description="the rule of the base that has the table")
    replaces: str | None = Field(
        default=None, description="the clause of the row that this one stands in for")
    reason: Text
