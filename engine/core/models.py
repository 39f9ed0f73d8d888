"""What models of YAML data are made of. In: nothing. Out: the strict base, names, texts."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, model_validator

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
FIELD_FORM = r"^[a-z_]+\.[a-z_0-9]+$"
FieldName = Annotated[str, StringConstraints(pattern=FIELD_FORM)]
Filled = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]


def _in_64_bits(value: int) -> int:
    if not -(2**63) <= value < 2**63:
        raise ValueError("parameter.range")
    return value


Int64 = Annotated[int, AfterValidator(_in_64_bits)]

_T = TypeVar("_T", bound="Text")


class Strict(BaseModel):
    """Frozen, and an unknown key is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


def either(schema: dict[str, Any]) -> None:
    """In the JSON Schema too, one of the two languages is enough."""
    del schema["required"]
    schema["anyOf"] = [{"required": ["zh"]}, {"required": ["en"]}]


class Text(Strict):
    """The same sentence in Chinese and in English; where one is left out the other stands for it.
    """

    model_config = ConfigDict(json_schema_extra=either)

    zh: Filled
    en: Filled

    @model_validator(mode="before")
    @classmethod
    def _one_is_enough(cls, data: Any) -> Any:
        if isinstance(data, dict) and ("zh" in data) != ("en" in data):
            text = data.get("zh", data.get("en"))
            return {**data, "zh": text, "en": text}
        return data
