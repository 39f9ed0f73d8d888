"""What a definition of a pack is. In: plain data from YAML. Out: frozen, validated models."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from zhuanjie.engine.core.models import Filled, Strict, Text


class Instead(Strict):
    """Why a definition stands in for the one of the same name in what the pack builds on."""

    reason: Text


class Definition(Strict):
    """An expression that the pack calls by a name; `title` is what people call it.

    It may use fields, parameters, `as_of` and other definitions.
    """

    title: Text
    text: Annotated[Filled, Field(alias="is", description="a CEL expression")]
    note: Text | None = Field(default=None, description="what is not certain about it")
    replaces: Instead | None = Field(
        default=None, description="given where the base has one of this name: why this one holds")
