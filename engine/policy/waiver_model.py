"""What a file of waivers is. In: plain data from YAML. Out: frozen, validated models."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field, model_validator

from zhuanjie.engine.core.models import Filled, Slug, Strict
from zhuanjie.engine.core.personal import hide_numbers
from zhuanjie.engine.core.unicode import comparable
from zhuanjie.engine.policy.table_model import Cel
from zhuanjie.engine.vocabulary.comparison import canonical

_ONE_OF = (("clause", "rule"), ("record", "records", "where"))


class WaiverEntry(Strict):
    """An approval: what it covers (one clause or rule), whom, why, who said so, and how long."""

    id: Annotated[Filled, Field(description="what the waiver is called, as findings name it")]
    clause: Filled | None = Field(default=None, description="the clause that it covers")
    rule: Slug | None = Field(default=None, description="the rule that it covers")
    record: Filled | None = Field(default=None, description="the record that it covers, by its id")
    records: Annotated[tuple[Filled, ...], Field(min_length=1)] | None = Field(
        default=None, description="the records that it covers, by their ids")
    where: Cel | None = Field(
        default=None, description="which records it covers, as a CEL expression")
    at_most: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="how many records `where` may cover; of more it covers none")
    reason: Filled
    basis: Filled | None = Field(default=None, description="the document it rests on")
    requested_by: Filled
    approved_by: Annotated[Filled, Field(description="who approved it: another person")]
    granted_on: date
    expires: Annotated[date, Field(description="the last day on which it covers anything")]

    @model_validator(mode="after")
    def _sound(self) -> WaiverEntry:
        for names in _ONE_OF:
            if sum(getattr(self, name) is not None for name in names) != 1:
                raise ValueError(f"waiver.one-{names[0]}")
        if (self.where is None) != (self.at_most is None):
            raise ValueError("waiver.at-most")
        if _person(self.requested_by) == _person(self.approved_by):
            raise ValueError("waiver.same-person")
        if self.expires < self.granted_on:
            raise ValueError("waiver.backward")
        if hide_numbers(self.id) != self.id:
            raise ValueError("waiver.personal")
        return self

    @property
    def named(self) -> tuple[str, ...]:
        """The records that it names."""
        return self.records or ((self.record,) if self.record is not None else ())


def _person(name: str) -> str:
    """A name as the names of persons are compared: width, case, blanks, the dot within it."""
    return canonical(comparable(name), "name")


class WaiverFile(Strict):
    """`waivers.yaml`: the approvals of an office, one after another."""

    waivers: tuple[WaiverEntry, ...]
