"""What a vocabulary's files and a pack's additions hold. In: plain data. Out: frozen models."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator

from zhuanjie.engine.core.models import FieldName, Filled, Name, Slug, Strict, Text, either
from zhuanjie.engine.core.unicode import comparable
from zhuanjie.engine.vocabulary.comparison import Comparison
from zhuanjie.engine.vocabulary.fields import Changes, Check, FieldType


def _labelled(value: Any) -> Any:
    """A value may be given by its label alone (`in_part: in part`), or in English alone."""
    if isinstance(value, dict) and "en" in value and "zh" not in value:
        return {**value, "zh": value["en"]}
    return {"zh": value} if isinstance(value, str) else value


def _yes_and_no(value: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    forms = [{comparable(form) for form in listed} for listed in value.values()]
    if value.keys() - {"true", "false"} or not all(value.values()) or (
            len(forms) == 2 and not forms[0].isdisjoint(forms[1])):
        raise ValueError("vocabulary.yes-no")
    return value


class ValueSpec(Strict):
    """A value of an enumerated or yes/no field: how a ledger shows it, and other ways to write it.
    """

    model_config = ConfigDict(json_schema_extra=either)

    zh: Filled
    en: Filled | None = None
    forms: tuple[Filled, ...] = Field(default=(), description="other ways in which cells write it")


class Spec(Strict):
    """A field, or what is added to one that there is.

    A new field needs `type` and `heading`. To a field of the vocabulary a pack may add headings,
    values, ways to write them, and units; everything else of it stays as it is.
    """

    type: FieldType | None = None
    heading: Text | None = Field(default=None, description="the heading of its column in a ledger")
    headings: tuple[Filled, ...] = Field(
        default=(), description="other headings that mean the field, in any language")
    shared_headings: tuple[Filled, ...] = Field(
        default=(), description="headings of another field that mean this one where cells say so")
    typical_values: tuple[Filled, ...] = Field(
        default=(), description="what cells of a text field hold, to tell its column by")
    meaning: Text | None = None
    values: dict[Name, Annotated[ValueSpec, BeforeValidator(
        _labelled, json_schema_input_type=Filled | ValueSpec)]] = Field(
        default_factory=dict, description="the values of an enumerated or yes/no field")
    low: int | None = None
    high: int | None = None
    units: tuple[Filled, ...] = Field(default=(), description="what may follow a number in a cell")
    changes: Changes | None = Field(
        default=None, description="how it comes to change: an act of an office, an entry, a fact")
    compare: Comparison | None = Field(
        default=None, description="how texts are compared; to the letter, if left out")
    personal: bool | None = Field(default=None, description="whether it is personal data")
    check: Check | None = Field(
        default=None, description="how a value proves that it was copied without a mistake")
    mask: tuple[Annotated[int, Field(ge=0)], Annotated[int, Field(ge=0)]] | None = Field(
        default=None, description="characters at both ends that are shown; the others are hidden")


YesNo = Annotated[dict[str, tuple[Filled, ...]], AfterValidator(_yes_and_no)]


class RowWords(Strict):
    """What cells look like in rows that are no records.

    A text stands for a whole cell; in it `*` stands for any text and `#` for a number. Width, case
    and blanks make no difference.
    """

    sums: tuple[Filled, ...] = Field(default=(), description="cells that name a sum")
    counts: tuple[Filled, ...] = Field(
        default=(), description="cells that hold a count, beside a sum or a heading")
    notes: tuple[Filled, ...] = Field(
        default=(), description="signatures, page numbers, explanations")
    dates: tuple[Filled, ...] = Field(
        default=(), description="days as they stand beside signatures")
    sections: tuple[Filled, ...] = Field(
        default=(), description="cells that by themselves head the records below them")
    examples: tuple[Filled, ...] = Field(
        default=(), description="cells that say that their row is an example")
    instructions: tuple[Filled, ...] = Field(
        default=(), description="cells that say how their column is filled in")
    serials: tuple[Filled, ...] = Field(
        default=(), description="headings of running numbers, which alone make no record")
    numerals: str = Field(default="", description="digits beside 0 to 9")


class HeadingWords(Strict):
    """What changes the meaning of a heading, and what does not.

    `notes` are what may stand in brackets without meaning anything; `*` in one stands for any text.
    Groups stand above headings. `group_endings` say no more than that something belongs together.
    Under one of `others` nothing is said of the record itself; under one of `bodies` only what is
    not about the record's own subject. Two headings that differ in one of `turns` are no slips of
    each other. One of `openings` before a heading changes nothing.
    """

    notes: tuple[Filled, ...] = ()
    group_endings: tuple[Filled, ...] = ()
    others: tuple[Filled, ...] = ()
    bodies: tuple[Filled, ...] = ()
    turns: tuple[Filled, ...] = ()
    openings: tuple[Filled, ...] = ()


class Example(Strict):
    """What a new pack's example is made of: two fields that hold days, and what is said of them.
    """

    start: FieldName
    done: FieldName
    binds: Name
    text: Text
    title: Text
    message: Text
    remedy: Text


class VocabularyManifest(Strict):
    """`vocabulary.yaml`: what a domain's records are about, but for the fields themselves.

    `record` is what one record is about. `keys` are the fields that name a record, the first that a
    ledger has. `name` and `group` are shown beside the key. `parties` are whom clauses bind.
    """

    id: Slug
    title: Text
    is_default: bool = Field(
        default=False, description="whether packs that name no vocabulary speak this one")
    record: Text
    keys: Annotated[tuple[FieldName, ...], Field(min_length=1)]
    name: FieldName | None = None
    group: FieldName | None = None
    parties: dict[Name, Text]
    yes_no: YesNo = Field(
        default_factory=dict, description="ways to write yes and no in any field")
    nothing: tuple[Filled, ...] = Field(
        default=(), description="what cells hold where there is nothing: signs, which may be"
        " repeated, and words; a way to write a value of an enumerated or yes/no field stays one")
    unclear_marks: tuple[Filled, ...] = Field(
        default=(), description="marks that mean yes to some and no to others: never guessed at")
    rows: RowWords = RowWords()
    alike_words: tuple[tuple[Filled, ...], ...] = Field(
        default=(), description="words that people swap in headings")
    known_headings: tuple[Filled, ...] = Field(
        default=(), description="headings whose meaning is known and that no rule reads")
    heading_words: HeadingWords = Field(default_factory=HeadingWords)
    samples: tuple[Filled, ...] = Field(
        default=(), description="everyday texts that made-up examples are taken from")
    example: Example


class FieldFile(Strict):
    """`fields.yaml`: the fields in the order in which they are shown."""

    fields: dict[FieldName, Spec]

    @model_validator(mode="after")
    def _something(self) -> FieldFile:
        if not self.fields:
            raise ValueError("vocabulary.empty")
        return self
