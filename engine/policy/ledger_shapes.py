"""Shapes of rules on the whole ledger, as packs write them. In: plain data. Out: frozen models."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field, StringConstraints

from zhuanjie.engine.core.models import FieldName, Strict

NumberText = Annotated[
    str, StringConstraints(min_length=1),
    BeforeValidator(lambda given: str(given) if type(given) is int else given,
                    json_schema_input_type=int | str),
    Field(description="a whole number, or a CEL expression of parameters")]
"""A number that is the same for every record."""


class Unique(Strict):
    """A field whose value no two records share, within records of the same `within`."""

    field: FieldName
    within: FieldName | None = None


class AtMost(Strict):
    """No more than `count` records have one value of a field, of those of the same `within`."""

    field: FieldName
    count: NumberText
    within: FieldName | None = None


class Share(Strict):
    """Of the records that are asked, at least so many per cent meet it.

    With `by`, of the records that have each value of a field.
    """

    ask: Annotated[str, StringConstraints(min_length=1), Field(description="a CEL expression")]
    at_least: Annotated[NumberText, Field(description="per cent: a whole number from 1 to 100, or "
                                          "a CEL expression of parameters")]
    by: FieldName | None = None


class Reconcile(Strict):
    """Every value of `field` in the roster is in the ledger too."""

    field: FieldName
