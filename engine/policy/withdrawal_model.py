"""What a pack takes back of those it builds on. In: plain data. Out: a checked withdrawal."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from zhuanjie.engine.core.models import Filled, Name, Slug, Strict, Text


class Withdrawal(Strict):
    """What of the base does not hold any more, and why.

    A rule, a row of one (`row` is the row's clause), a clause, a parameter or a definition; or a
    region: a `topic` with the clauses and so on that nothing else needs, and lists.
    """

    rule: Slug | None = None
    row: str | None = None
    clause: str | None = None
    parameter: Name | None = None
    definition: Name | None = None
    topic: Filled | None = Field(
        default=None, description="the name of a topic file of the base, without `.yaml`")
    rules: Annotated[tuple[Slug, ...], Field(min_length=1)] | None = None
    clauses: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    parameters: Annotated[tuple[Name, ...], Field(min_length=1)] | None = None
    definitions: Annotated[tuple[Name, ...], Field(min_length=1)] | None = None
    reason: Text

    @model_validator(mode="after")
    def _one_thing(self) -> Withdrawal:
        things = sum(v is not None for v in (
            self.rule, self.clause, self.parameter, self.definition))
        region = any(v is not None for v in (
            self.topic, self.rules, self.clauses, self.parameters, self.definitions))
        if things + region != 1:
            raise ValueError("withdrawal.one-thing")
        if self.row is not None and self.rule is None:
            raise ValueError("withdrawal.row")
        return self
